#include "evals/chain/answers.h"

#include <algorithm>
#include <array>
#include <set>
#include <string>

#include "evals/chain/thresholds.h"
#include "evals/common/compare_answers.h"

namespace assay::chain {
namespace {

constexpr std::size_t npos = std::string_view::npos;
constexpr std::string_view blanks = " \t\r\n";

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

ByteSpan trimmed(std::string_view text, ByteSpan span, std::string_view strip) {
  while (span.begin < span.end && strip.find(text[span.begin]) != npos) ++span.begin;
  while (span.end > span.begin && strip.find(text[span.end - 1]) != npos) --span.end;
  return span;
}

bool same_answer(std::string_view a, std::string_view b) {
  return evals::compare_answers(a, b).verdict == Verdict::equal ||
         evals::compare_answers(b, a).verdict == Verdict::equal;
}

/// Where a formula says one value after another.
constexpr std::array<std::string_view, 22> separators = {"=",
                                                         "\\approx",
                                                         "\\implies",
                                                         "\\Rightarrow",
                                                         "\\Longrightarrow",
                                                         "\\iff",
                                                         "\\equiv",
                                                         "\\to",
                                                         ";",
                                                         "\\\\",
                                                         "\\quad",
                                                         "\\text{or}",
                                                         "\\text{ or }",
                                                         "\\text{and}",
                                                         "\\text{ and }",
                                                         "\xE2\x89\x88",
                                                         "\xE2\x87\x92",
                                                         "<",
                                                         ">",
                                                         "\\le",
                                                         "\\ge",
                                                         "&"};

class StatedValues {
 public:
  StatedValues(std::string_view text, ByteSpan window) : text_(text), window_(window) {
    // Of the whole text: a fence that closes inside the window opened before it.
    for (const Region& region : regions_of(text.substr(0, window.end))) {
      const ByteSpan body = {std::max(region.body.begin, window.begin), region.body.end};
      if (body.begin >= body.end) continue;
      if (region.kind == RegionKind::math) add_formula(body);
      if (region.kind == RegionKind::prose) add_numbers(body);
    }
    for (const ByteSpan boxed : boxed_values(text, window)) {
      add(boxed);
      add_formula(boxed);
    }
    std::sort(values_.begin(), values_.end(), [](ByteSpan a, ByteSpan b) { return a.end < b.end; });
  }

  /// The last value that equals `answer`.
  std::optional<ByteSpan> find(std::string_view answer) const {
    std::set<std::string_view> unequal;
    std::size_t compared = 0;
    for (auto value = values_.rbegin(); value != values_.rend(); ++value) {
      const std::string_view candidate = slice(text_, *value);
      if (unequal.contains(candidate)) continue;
      if (compared++ >= max_stated_values) break;
      if (same_answer(answer, candidate)) return *value;
      unequal.insert(candidate);
    }
    return find_words(answer);
  }

 private:
  void add(ByteSpan span) {
    span = trimmed(text_, span, " \t\r\n.,:");
    if (span.begin < span.end && span.end - span.begin <= max_stated_value_bytes) {
      values_.push_back(span);
    }
  }

  /// The formula, and what stands between its relations, and between its top-level commas.
  void add_formula(ByteSpan body) {
    add(body);
    std::size_t begin = body.begin;
    std::size_t item = body.begin;
    int depth = 0;
    for (std::size_t i = body.begin; i < body.end;) {
      const std::size_t length = depth > 0 ? 0 : separator_at({i, body.end});
      if (length > 0) {
        add({begin, i});
        if (item != begin) add({item, i});
        i += length;
        begin = item = i;
        continue;
      }
      const char c = text_[i];
      depth += c == '{' || c == '(' || c == '[' ? 1 : 0;
      depth -= c == '}' || c == ')' || c == ']' ? 1 : 0;
      if (c == ',' && depth <= 0) {
        add({item, i});
        item = i + 1;
      }
      i += c == '\\' ? 2 : 1;
    }
    if (begin != body.begin) add({begin, body.end});
    if (item != begin) add({item, body.end});
  }

  std::size_t separator_at(ByteSpan rest) const {
    const std::string_view here = slice(text_, rest);
    for (const std::string_view separator : separators) {
      if (!here.starts_with(separator)) continue;
      // "\\le" is a relation, "\\left" and "\\leq" are not these two letters.
      const bool command = separator.size() > 2 && separator[0] == '\\' && separator.back() != '}';
      if (command && here.size() > separator.size() && is_letter(here[separator.size()])) continue;
      return separator.size();
    }
    return 0;
  }

  /// Plain numbers: "-1,234.5", "7/2", "$5", "40%".
  void add_numbers(ByteSpan prose) {
    for (std::size_t i = prose.begin; i < prose.end; ++i) {
      if (!is_digit(text_[i])) continue;
      std::size_t begin = i;
      std::size_t end = i;
      while (end < prose.end && is_number_part(end, prose.end)) ++end;
      const char before = begin > prose.begin ? text_[begin - 1] : ' ';
      if (before == '-' && (begin < prose.begin + 2 || !is_digit(text_[begin - 2]))) --begin;
      if (!is_letter(before)) add({begin, end});
      if (end < prose.end && text_[end] == '%') add({begin, end + 1});
      i = end;
    }
  }

  bool is_number_part(std::size_t i, std::size_t end) const {
    if (is_digit(text_[i])) return true;
    const bool inner = text_[i] == ',' || text_[i] == '.' || text_[i] == '/';
    return inner && i + 1 < end && is_digit(text_[i + 1]);
  }

  /// An answer in words stands in the text as it is, whatever the case of its letters.
  std::optional<ByteSpan> find_words(std::string_view answer) const {
    constexpr std::string_view text_command = "\\text{";
    if (answer.starts_with(text_command) && answer.ends_with('}')) {
      answer = answer.substr(text_command.size(), answer.size() - text_command.size() - 1);
    }
    const std::string wanted = folded(answer);
    const bool words = std::any_of(wanted.begin(), wanted.end(), is_letter) &&
                       wanted.find_first_of("\\{}^_=") == npos;
    if (!words) return std::nullopt;
    const std::string here = folded(slice(text_, window_));
    for (std::size_t at = here.rfind(wanted); at != npos;
         at = at == 0 ? npos : here.rfind(wanted, at - 1)) {
      const std::size_t end = at + wanted.size();
      const bool starts = at == 0 || !is_letter(here[at - 1]) || !is_letter(wanted.front());
      const bool ends = end == here.size() || !is_letter(here[end]) || !is_letter(wanted.back());
      if (starts && ends) return ByteSpan{window_.begin + at, window_.begin + end};
    }
    return std::nullopt;
  }

  static std::string folded(std::string_view text) {
    std::string out(text);
    for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return out;
  }

  std::string_view text_;
  ByteSpan window_;
  std::vector<ByteSpan> values_;
};

/// The last fifth, from the start of its first line or sentence.
ByteSpan chain_end(std::string_view text, ByteSpan chain) {
  const std::size_t length = chain.end - chain.begin;
  std::size_t begin = chain.end - length / chain_end_divisor;
  while (
      begin > chain.begin && text[begin - 1] != '\n' &&
      !(begin + 1 < chain.end && text[begin - 1] == ' ' && begin >= 2 && text[begin - 2] == '.')) {
    --begin;
  }
  return {begin, chain.end};
}

}  // namespace

std::vector<ByteSpan> boxed_values(std::string_view text, ByteSpan part) {
  struct Open {
    std::size_t begin;
    bool boxed;
  };
  std::vector<Open> open;
  std::vector<ByteSpan> out;
  bool due = false;  // the next brace is a box's
  for (std::size_t i = part.begin; i < part.end; ++i) {
    const char c = text[i];
    if (c == '\\') {
      const std::string_view rest = slice(text, {i, part.end});
      const std::size_t length = rest.starts_with("\\boxed")  ? 6
                                 : rest.starts_with("\\fbox") ? 5
                                                              : 0;
      due = length > 0;
      i += length > 0 ? length - 1 : 1;
    } else if (c == '{') {
      open.push_back({i + 1, due});
      due = false;
    } else if (c == '}' && !open.empty()) {
      const ByteSpan value = trimmed(text, {open.back().begin, i}, blanks);
      if (open.back().boxed && value.begin < value.end) out.push_back(value);
      open.pop_back();
      due = false;
    } else if (blanks.find(c) == npos) {
      due = false;
    }
  }
  return out;
}

AnswerFinding answer_from_chain(std::string_view text, ByteSpan chain, std::string_view answer,
                                std::size_t until) {
  AnswerFinding out;
  ByteSpan window = chain_end(text, chain);
  window.end = std::max(window.end, until);
  const StatedValues values(text, window);
  out.evidence = values.find(answer);
  out.ok = out.evidence.has_value();
  return out;
}

AnswerFinding boxed_values_agree(std::string_view text, ByteSpan part) {
  AnswerFinding out;
  out.ok = true;
  const std::vector<ByteSpan> values = boxed_values(text, part);
  if (values.empty()) return out;
  const std::string_view last = slice(text, values.back());
  // Parts of one answer: the box before this one is near, on the same line.
  constexpr std::size_t longest_connective = 16;
  ByteSpan next = values.back();
  bool one_list = true;
  std::set<std::string_view> equal;
  for (std::size_t i = values.size() - 1; i-- > 0 && values.size() - i <= max_stated_values;) {
    const std::string_view gap = next.begin > values[i].end
                                     ? slice(text, {values[i].end, next.begin})
                                     : std::string_view("\n");
    one_list = one_list &&
               gap.size() <= longest_connective + std::string_view("}\\boxed{").size() &&
               gap.find('\n') == npos && gap.find('=') == npos;
    next = values[i];
    const std::string_view value = slice(text, values[i]);
    if (one_list || equal.contains(value)) continue;
    const Verdict verdict = evals::compare_answers(last, value).verdict;
    if (verdict == Verdict::equal) {
      equal.insert(value);
    } else if (verdict == Verdict::not_equal) {
      out.ok = false;
      out.evidence = values[i];
      return out;
    } else {
      out.ok = std::nullopt;
      out.evidence = values[i];
    }
  }
  return out;
}

}  // namespace assay::chain
