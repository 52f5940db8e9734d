#include "evals/chain/layout.h"

#include <algorithm>
#include <array>

#include "core/ascii.h"

namespace assay::chain {
namespace {

struct Tags {
  std::string_view open;
  std::string_view close;
};

constexpr std::array<Tags, 5> known_tags = {{
    {"<think>", "</think>"},
    {"<|begin_of_thought|>", "<|end_of_thought|>"},
    {"<thinking>", "</thinking>"},
    {"<thought>", "</thought>"},
    {"<reasoning>", "</reasoning>"},
}};

constexpr std::string_view solution_open = "<|begin_of_solution|>";
constexpr std::string_view solution_close = "<|end_of_solution|>";

constexpr std::array<std::string_view, 8> end_tokens = {
    "<|im_end|>",
    "<|endoftext|>",
    "</s>",
    "<|eot_id|>",
    "<|end|>",
    "<|return|>",
    "<end_of_turn>",
    "<\xEF\xBD\x9C"
    "end\xE2\x96\x81of\xE2\x96\x81sentence\xEF\xBD\x9C>"};

std::size_t times_in(std::string_view text, std::string_view tag) {
  std::size_t n = 0;
  for (std::size_t at = text.find(tag); at != npos; at = text.find(tag, at + tag.size())) ++n;
  return n;
}

const Tags* tags_in(std::string_view text) {
  const Tags* first = nullptr;
  std::size_t where = npos;
  for (const Tags& tags : known_tags) {
    const std::size_t at = std::min(text.find(tags.open), text.find(tags.close));
    if (at >= where) continue;
    where = at;
    first = &tags;
  }
  return first;
}

/// From the end of a leading <|begin_of_solution|> to a trailing <|end_of_solution|>.
ByteSpan without_solution_tags(std::string_view text, ByteSpan span) {
  const std::size_t open = slice(text, span).find(solution_open);
  if (open != npos) span.begin += open + solution_open.size();
  const std::size_t close = slice(text, span).rfind(solution_close);
  if (close != npos) span.end = span.begin + close;
  return span;
}

}  // namespace

TextEnd without_end_tokens(std::string_view text) {
  TextEnd out;
  while (true) {
    const std::size_t last = text.find_last_not_of(" \t\r\n");
    const std::string_view trimmed = text.substr(0, last == npos ? 0 : last + 1);
    const auto token = std::find_if(end_tokens.begin(), end_tokens.end(),
                                    [&](std::string_view t) { return trimmed.ends_with(t); });
    if (token == end_tokens.end()) break;
    text = trimmed.substr(0, trimmed.size() - token->size());
    out.ended = true;
  }
  out.size = text.size();
  return out;
}

std::vector<bool> thinking_texts(std::span<const std::string_view> texts) {
  std::vector<bool> tagged;
  std::size_t opened = 0;
  std::size_t closed_only = 0;
  for (const std::string_view text : texts) {
    const Tags* tags = tags_in(text);
    tagged.push_back(tags != nullptr);
    if (tags == nullptr) continue;
    ++(text.find(tags->open) != npos ? opened : closed_only);
  }
  if (closed_only > opened) tagged.assign(texts.size(), true);
  return tagged;
}

Layout layout_of(std::string_view whole, bool thinking) {
  const std::string_view text = whole.substr(0, without_end_tokens(whole).size);
  const std::size_t size = text.size();
  Layout out;
  const Tags* tags = tags_in(text);
  if (tags == nullptr) {
    out.unclosed = thinking;
    out.thinking = {0, thinking ? size : 0};
    out.answer = thinking ? ByteSpan{size, size} : without_solution_tags(text, {0, size});
    return out;
  }
  out.opened = times_in(text, tags->open);
  out.closed = times_in(text, tags->close);
  const std::size_t open = text.find(tags->open);
  const std::size_t close = text.rfind(tags->close);
  out.thinking.begin = open == npos ? 0 : open + tags->open.size();
  if (close == npos || text.find(tags->open, close) != npos) {
    out.unclosed = true;
    out.thinking.end = size;
    out.answer = {size, size};
  } else {
    out.thinking.begin = std::min(out.thinking.begin, close);
    out.thinking.end = close;
    out.answer = without_solution_tags(text, {close + tags->close.size(), size});
  }
  if (close != npos) out.close_tag = ByteSpan{close, close + tags->close.size()};
  return out;
}

}  // namespace assay::chain
