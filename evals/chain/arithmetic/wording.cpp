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

std::string lead_in(std::string_view text, std::size_t begin) {
  constexpr std::size_t longest = 200;
  const std::size_t first = begin > longest ? begin - longest : 0;
  std::size_t at = begin;
  while (at > first) {
    const char before = text[at - 1];
    const bool space = at < begin && (text[at] == ' ' || text[at] == '\n');
    if (space && ends_sentence(before)) break;
    // A blank line parts, unless what stands before announces something.
    if (before == '\n' && at >= 2 && text[at - 2] == '\n') {
      const std::size_t last = text.find_last_not_of(" \n", at - 1);
      if (last == std::string_view::npos || (text[last] != ':' && text[last] != ',')) break;
    }
    --at;
  }
  return " " + lower(text.substr(at, begin - at));
}

bool takes_back(std::string_view text, ByteSpan claim) {
  constexpr std::size_t longest_before = 160;
  constexpr std::size_t longest_after = 80;
  const std::string whole = sentence(text, claim, longest_before, longest_after);
  if (names_a_base(whole)) return true;
  // "There are not many, so 3 + 4 = 8": what is denied stands in another clause.
  std::string before = sentence(text, {claim.begin, claim.begin}, longest_before, 0);
  std::size_t clause = 0;
  for (const std::string_view mark : {", ", "; ", ": ", " so ", " then ", " thus ", " hence "}) {
    const std::size_t at = before.rfind(mark);
    if (at != std::string::npos) clause = std::max(clause, at);
  }
  before = " " + before.substr(clause);
  const std::string after = sentence(text, {claim.end, claim.end}, 0, longest_after);
  if (mentions(before, retracting) || mentions(after, retracting)) return true;
  const std::size_t next = text.find_first_not_of(" \t$\\)*", claim.end);
  return next != std::string_view::npos && text[next] == '?';
}

bool names_a_base(std::string_view lower_case) {
  for (std::size_t at = lower_case.find("base"); at != std::string_view::npos;
       at = lower_case.find("base", at + 1)) {
    std::string_view rest = lower_case.substr(at + 4);
    if (rest.starts_with('-')) return true;
    const std::size_t mark = rest.find_first_not_of(" $\\(");
    if (mark != std::string_view::npos && mark > 0 && mark < 5 && rest[mark] >= '0' &&
        rest[mark] <= '9') {
      return true;
    }
  }
  return false;
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
