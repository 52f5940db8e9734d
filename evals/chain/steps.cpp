#include "evals/chain/steps.h"

#include <algorithm>
#include <string>

#include "core/ascii.h"

namespace assay::chain {
namespace {

constexpr std::string_view step_marker = "[STEP]";
/// More digits than this are no step's number.
constexpr std::size_t max_number_digits = 4;

ByteSpan trimmed(std::string_view text, ByteSpan span) {
  while (span.begin < span.end && std::string_view(" \t\r\n").find(text[span.begin]) != npos) {
    ++span.begin;
  }
  while (span.end > span.begin && std::string_view(" \t\r\n").find(text[span.end - 1]) != npos) {
    --span.end;
  }
  return span;
}

bool says_something(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    return is_digit(c) || is_lower(c) || (c >= 'A' && c <= 'Z') ||
           static_cast<unsigned char>(c) >= 0x80;
  });
}

/// The number at the front of `text`, if it has one of at most four digits.
std::optional<std::size_t> leading_number(std::string_view text) {
  std::size_t n = 0;
  std::size_t digits = 0;
  while (digits < text.size() && is_digit(text[digits])) {
    if (digits == max_number_digits) return std::nullopt;
    n = 10 * n + static_cast<std::size_t>(text[digits++] - '0');
  }
  return digits == 0 ? std::nullopt : std::optional(n);
}

/// "Step N" in Chinese, with the number between two characters or behind the word: whether
/// the line begins so.
bool is_chinese_step(std::string_view line) {
  constexpr std::string_view ordinal = "\xE7\xAC\xAC";
  constexpr std::string_view step = "\xE6\xAD\xA5";
  constexpr std::string_view steps = "\xE6\xAD\xA5\xE9\xAA\xA4";
  // A number of at most three characters stands between.
  constexpr std::size_t longest_number = 9;
  if (line.starts_with(steps)) return true;
  if (!line.starts_with(ordinal)) return false;
  const std::size_t at = line.find(step, ordinal.size());
  return at != npos && at > ordinal.size() && at <= ordinal.size() + longest_number;
}

/// What the start of a line says: "Step 3:", "3.", "(3)", "- ".
struct LineStart {
  bool starts_step = false;
  std::optional<std::size_t> number;
};

LineStart line_start(std::string_view line) {
  const std::size_t first = line.find_first_not_of(" \t#*_>");
  LineStart out;
  if (first == npos) return out;
  std::string_view rest = line.substr(first);
  if (rest.starts_with("Step ") || rest.starts_with("STEP ") || rest.starts_with("step ")) {
    out.number = leading_number(rest.substr(5));
    out.starts_step = out.number.has_value();
    return out;
  }
  if (is_chinese_step(rest)) {
    out.starts_step = true;
    return out;
  }
  const std::size_t indent = line.find_first_not_of(" \t");
  const std::string_view bare = line.substr(indent);
  if (bare.starts_with("- ") || bare.starts_with("* ") || bare.starts_with("+ ") ||
      bare.starts_with("\xE2\x80\xA2")) {
    out.starts_step = true;
    return out;
  }
  const bool bracket = rest[0] == '(';
  if (bracket) rest.remove_prefix(1);
  const auto number = leading_number(rest);
  if (!number) return out;
  rest.remove_prefix(std::to_string(*number).size());
  while (!rest.empty() && is_digit(rest[0])) rest.remove_prefix(1);  // "03."
  const bool marks =
      bracket ? rest.starts_with(')') : rest.starts_with('.') || rest.starts_with(')');
  if (!marks || (rest.size() > 1 && rest[1] != ' ' && rest[1] != '*' && rest[1] != '\r'))
    return out;
  out.starts_step = true;
  out.number = number;
  return out;
}

/// One line that introduces what follows: "### Plan", "**Step 1**", "First we add:".
bool is_heading(std::string_view part) {
  if (part.find('\n') != npos) return false;
  if (part.starts_with('#') || part.ends_with(':')) return true;
  return part.size() > 4 && part.starts_with("**") &&
         (part.ends_with("**") || part.ends_with(":**"));
}

/// A displayed formula, or what goes on in lower case behind one.
bool continues(std::string_view before, std::string_view part) {
  const bool formula_before =
      before.ends_with("\\]") || before.ends_with("$$") || before.ends_with("*}");
  return part.starts_with("\\[") || part.starts_with("$$") || part.starts_with("\\begin{") ||
         (is_lower(part[0]) && formula_before);
}

/// Cuts at [STEP].
std::vector<Step> marked_steps(std::string_view text, ByteSpan chain) {
  std::vector<Step> steps;
  std::size_t begin = chain.begin;
  while (begin <= chain.end) {
    const std::size_t next = slice(text, {begin, chain.end}).find(step_marker);
    const std::size_t end = next == npos ? chain.end : begin + next;
    const ByteSpan span = trimmed(text, {begin, end});
    if (says_something(slice(text, span)))
      steps.push_back({span, line_start(slice(text, span)).number});
    begin = end + step_marker.size();
  }
  return steps;
}

class Segmenter {
 public:
  Segmenter(std::string_view text, ByteSpan chain) : text_(text), chain_(chain) {
    for (const Region& region : regions_of(slice(text, chain))) {
      if (region.kind == RegionKind::prose) continue;
      closed_.push_back({chain.begin + region.span.begin, chain.begin + region.span.end});
    }
  }

  std::vector<Step> run() {
    std::size_t line = chain_.begin;
    begin_ = chain_.begin;
    bool after_blank = false;
    while (line < chain_.end) {
      const std::size_t newline = text_.find('\n', line);
      const std::size_t end = std::min(newline == npos ? chain_.end : newline, chain_.end);
      const std::string_view content = text_.substr(line, end - line);
      const bool blank = content.find_first_not_of(" \t\r") == npos;
      if (!inside_region(line)) {
        const LineStart start = blank ? LineStart{} : line_start(content);
        if (after_blank || start.starts_step) cut(line);
        if (start.starts_step && !number_) number_ = start.number;
      }
      after_blank = blank;
      line = end + 1;
    }
    cut(chain_.end);
    return std::move(steps_);
  }

 private:
  /// Lines are visited in order, so the regions are, too.
  bool inside_region(std::size_t at) {
    while (region_ < closed_.size() && closed_[region_].end <= at) ++region_;
    return region_ < closed_.size() && closed_[region_].begin < at;
  }

  void cut(std::size_t at) {
    const ByteSpan span = trimmed(text_, {begin_, at});
    if (span.begin == span.end || !says_something(slice(text_, span))) return;
    const bool joins = !steps_.empty() &&
                       (open_heading_ || (!number_ && continues(slice(text_, steps_.back().span),
                                                                slice(text_, span))));
    if (joins) {
      steps_.back().span.end = span.end;
      if (!steps_.back().number) steps_.back().number = number_;
    } else {
      steps_.push_back({span, number_});
    }
    open_heading_ = is_heading(slice(text_, span));
    begin_ = at;
    number_.reset();
  }

  std::string_view text_;
  ByteSpan chain_;
  std::vector<ByteSpan> closed_;  ///< formulas and code
  std::size_t region_ = 0;
  std::size_t begin_ = 0;  ///< of the step being read
  std::optional<std::size_t> number_;
  bool open_heading_ = false;
  std::vector<Step> steps_;
};

}  // namespace

std::vector<Step> steps_of(std::string_view text, ByteSpan chain) {
  if (slice(text, chain).find(step_marker) != npos) return marked_steps(text, chain);
  return Segmenter(text, chain).run();
}

}  // namespace assay::chain
