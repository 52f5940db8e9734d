#include "evals/chain/arithmetic/wording.h"

namespace assay::chain {
namespace {

bool ends_sentence(char c) {
  return c == '.' || c == '!' || c == '?';
}

}  // namespace

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out;
}

std::string context(std::string_view text, ByteSpan span, std::size_t before, std::size_t after) {
  std::size_t begin = span.begin > before ? span.begin - before : 0;
  std::size_t end = std::min(text.size(), span.end + after);
  const std::size_t line = text.rfind('\n', span.begin);
  if (line != std::string_view::npos && line > begin && span.begin > 0) begin = line;
  const std::size_t line_end = text.find('\n', span.end);
  if (line_end != std::string_view::npos && line_end < end) end = line_end;
  return lower(text.substr(begin, end - begin));
}

std::string sentence(std::string_view text, ByteSpan span, std::size_t before, std::size_t after) {
  const std::size_t first = span.begin > before ? span.begin - before : 0;
  const std::size_t last = std::min(text.size(), span.end + after);
  std::size_t begin = span.begin;
  while (begin > first && text[begin - 1] != '\n' &&
         !(text[begin - 1] == ' ' && begin >= 2 && ends_sentence(text[begin - 2]))) {
    --begin;
  }
  std::size_t end = span.end;
  while (end < last && text[end] != '\n' &&
         !(ends_sentence(text[end]) && end + 1 < text.size() && text[end + 1] == ' ')) {
    ++end;
  }
  return lower(text.substr(begin, end - begin));
}

}  // namespace assay::chain
