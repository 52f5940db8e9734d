#include "backends/http/stop_cut.h"

#include <algorithm>
#include <string_view>

namespace assay::http {
namespace {

constexpr std::string_view kOpen = "<think>";
constexpr std::string_view kClose = "</think>";

}  // namespace

StopCut::StopCut(std::vector<std::string> stop_strings, bool thinking, bool opened_by_prompt)
    : stop_strings_(std::move(stop_strings)),
      thinking_(thinking),
      inside_(thinking && opened_by_prompt) {
  std::erase(stop_strings_, std::string());
}

/// Each tag that has become whole opens or closes the thinking part.
void StopCut::follow_tags(const std::string& content) {
  while (true) {
    const std::string_view tag = inside_ ? kClose : kOpen;
    const std::size_t at = content.find(tag, followed_);
    if (at == std::string::npos) break;
    followed_ = at + tag.size();
    inside_ = !inside_;
    if (!inside_) search_from_ = followed_;
  }
  const std::size_t tail = kClose.size() - 1;
  followed_ = std::max(followed_, content.size() - std::min(content.size(), tail));
}

bool StopCut::cut(Reply& reply) {
  if (stop_strings_.empty()) return false;
  if (thinking_ && !reply.reasoning_field.empty()) {
    inside_ = false;  // what comes apart has left the content
  } else if (thinking_) {
    follow_tags(reply.content);
  }
  if (inside_) return false;
  std::size_t earliest = std::string::npos;
  for (const std::string& stop : stop_strings_) {
    const std::size_t overlap = std::min(stop.size() - 1, searched_);
    const std::size_t from = std::max(searched_ - overlap, search_from_);
    earliest = std::min(earliest, reply.content.find(stop, from));
  }
  searched_ = reply.content.size();
  if (earliest == std::string::npos) return false;
  reply.content.resize(earliest);
  return true;
}

}  // namespace assay::http
