#include "serve/chat_text.h"

#include <algorithm>

namespace assay::serve {
namespace {

constexpr std::string_view kOpen = "<think>";
constexpr std::string_view kClose = "</think>";

}  // namespace

std::size_t held_back(std::string_view text, std::string_view tag) {
  for (std::size_t n = std::min(tag.size() - 1, text.size()); n > 0; --n) {
    if (text.ends_with(tag.substr(0, n))) return n;
  }
  return 0;
}

ChatText::ChatText(bool thinks, bool open)
    : part_(open     ? Part::reasoning
            : thinks ? Part::start
                     : Part::content),
      begun_(open) {}

ChatDelta ChatText::take(std::string_view text, bool whole) {
  ChatDelta delta;
  std::string_view rest = text.substr(std::min(taken_, text.size()));
  if (part_ == Part::start) {
    if (!whole && rest.size() < kOpen.size() && kOpen.starts_with(rest)) return delta;
    const bool opens = rest.starts_with(kOpen);
    part_ = opens ? Part::reasoning : Part::content;
    begun_ = opens;
    if (opens) rest.remove_prefix(kOpen.size());
  }
  if (part_ == Part::reasoning) {
    const std::size_t close = rest.find(kClose);
    const bool closes = close != std::string_view::npos;
    const std::size_t held = whole || closes ? 0 : held_back(rest, kClose);
    delta.reasoning = rest.substr(0, closes ? close : rest.size() - held);
    rest.remove_prefix(delta.reasoning.size());
    if (closes) {
      part_ = Part::content;
      rest.remove_prefix(kClose.size());
    }
  }
  if (part_ == Part::content) {
    delta.content = rest;
    rest = {};
  }
  taken_ = text.size() - rest.size();
  return delta;
}

}  // namespace assay::serve
