#include "evals/chain/answers.h"

#include <algorithm>
#include <array>
#include <set>
#include <string>

#include "core/ascii.h"
#include "evals/chain/thresholds.h"
#include "evals/common/answer_words.h"
#include "evals/common/compare_answers.h"

namespace assay::chain {
namespace {

constexpr std::string_view blanks = " \t\r\n";

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
      if (region.kind == RegionKind::prose) {
        add_numbers(body);
        add_prose(body);
      }
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
      const bool label = is_label({begin, end}, prose.end);
      if (!is_letter(before) && !label) add({begin, end});
      if (end < prose.end && text_[end] == '%') add({begin, end + 1});
      i = end;
    }
  }

  /// "Step 6:", "Case 2", and the "6." that begins a line: these count, they state nothing.
  bool is_label(ByteSpan number, std::size_t end) const {
    constexpr std::size_t longest = 24;
    const std::size_t from = number.begin > longest ? number.begin - longest : 0;
    const std::string_view before = slice(text_, {from, number.begin});
    const std::size_t newline = before.rfind('\n');
    const std::string start = folded(before.substr(newline == npos ? 0 : newline + 1));
    const bool first =
        (newline != npos || from == 0) && start.find_first_not_of(" \t*_#>(") == npos;
    const bool marked = number.end + 2 < end && number.end + 1 < text_.size() &&
                        (text_[number.end] == '.' || text_[number.end] == ')') &&
                        text_[number.end + 1] == ' ';
    if (first && marked) return true;
    for (const std::string_view word :
         {"step ", "case ", "part ", "method ", "equation ", "problem ", "question ", "example "}) {
      if (start.ends_with(word)) return true;
    }
    return false;
  }

  /// Formulas that stand in prose without delimiters: "x = 2 or x = 3", "2\u221A3", "(2, 3)"; and
  /// numerals: runs of such words within a sentence.
  void add_prose(ByteSpan prose) {
    ByteSpan run{prose.begin, prose.begin};
    WordKind kind = WordKind::other;
    for (std::size_t at = prose.begin; at < prose.end;) {
      const std::size_t begin = std::min(text_.find_first_not_of(blanks, at), prose.end);
      const std::size_t end = std::min(text_.find_first_of(blanks, begin), prose.end);
      const bool new_line = slice(text_, {at, begin}).find('\n') != npos;
      const WordKind here = kind_of(slice(text_, {begin, end}), kind);
      if (new_line || here != kind) {
        add_run(run, kind);
        run.begin = begin;
        kind = kind_of(slice(text_, {begin, end}), WordKind::other);
      }
      run.end = end;
      at = end;
      if (begin < end && ends_sentence(text_[end - 1])) {
        add_run(run, kind);
        kind = WordKind::other;
      }
    }
    add_run(run, kind);
  }

  enum class WordKind { other, formula, numeral };

  static bool ends_sentence(char c) { return c == '.' || c == '?' || c == '!' || c == ':'; }

  /// What a word between blanks is, behind one of kind `before`.
  static WordKind kind_of(std::string_view word, WordKind before) {
    if ((word == "or" || word == "and") && before != WordKind::other) return before;
    const std::size_t last = word.find_last_not_of(".,;:!?*");
    const std::string lower = folded(word.substr(0, last == npos ? 0 : last + 1));
    if (is_numeral(lower)) return WordKind::numeral;
    bool sign = lower.size() == 1 && lower != "a" && lower != "i";
    std::size_t letters = 0;
    std::size_t longest = 0;
    for (std::size_t i = 0; i < lower.size(); ++i) {
      const char c = lower[i];
      letters = is_letter(c) ? letters + 1 : 0;
      longest = std::max(longest, letters);
      sign = sign || is_digit(c) || static_cast<unsigned char>(c) >= 0x80 ||
             std::string_view("=+-/^()<>|").find(c) != npos;
    }
    return sign && longest < 2 ? WordKind::formula : WordKind::other;
  }

  /// "twelve", "twenty-one", "hundred".
  static bool is_numeral(std::string_view lower) {
    constexpr std::array<std::string_view, 11> tens = {"thirty",   "forty",   "fifty",  "sixty",
                                                       "seventy",  "eighty",  "ninety", "hundred",
                                                       "thousand", "million", "billion"};
    const std::size_t hyphen = lower.find('-');
    if (hyphen != npos) {
      return is_numeral(lower.substr(0, hyphen)) && is_numeral(lower.substr(hyphen + 1));
    }
    return evals::numeral_named(lower).has_value() ||
           std::find(tens.begin(), tens.end(), lower) != tens.end();
  }

  void add_run(ByteSpan run, WordKind kind) {
    if (kind == WordKind::other || run.begin >= run.end) return;
    for (const std::string_view word : {" or", " and"}) {
      if (slice(text_, run).ends_with(word)) run.end -= word.size();
    }
    run = trimmed(text_, run, " \t\r\n.,:;!?*");
    const bool number = slice(text_, run).find_first_not_of("0123456789") == npos;
    if (number && is_label(run, window_.end)) return;
    if (kind == WordKind::formula && run.begin < run.end) add_formula(run);
    if (kind == WordKind::numeral) add(run);
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

/// Whether what stands between the contents of two boxes only lists them: "\\boxed{1}, \\boxed{2}".
bool only_lists(std::string_view gap) {
  constexpr std::array<std::string_view, 19> connectives = {"\\text{and}",
                                                            "\\text{ and }",
                                                            "\\text{or}",
                                                            "\\text{ or }",
                                                            "\\quad",
                                                            "\\boxed",
                                                            "\\fbox",
                                                            "\\,",
                                                            "\\;",
                                                            "\\(",
                                                            "\\)",
                                                            "and",
                                                            "or",
                                                            ",",
                                                            ";",
                                                            "&",
                                                            "$",
                                                            "}",
                                                            "{"};
  while (!gap.empty()) {
    std::size_t length = gap[0] == ' ' || gap[0] == '\t' ? 1 : 0;
    for (const std::string_view connective : connectives) {
      if (length == 0 && gap.starts_with(connective)) length = connective.size();
    }
    if (length == 0) return false;
    gap.remove_prefix(length);
  }
  return true;
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
  // Parts of one answer: nothing but a comma or its kin stands between the boxes.
  ByteSpan next = values.back();
  bool one_list = true;
  std::set<std::string_view> equal;
  for (std::size_t i = values.size() - 1; i-- > 0 && values.size() - i <= max_stated_values;) {
    const std::string_view gap = next.begin > values[i].end
                                     ? slice(text, {values[i].end, next.begin})
                                     : std::string_view("\n");
    one_list = one_list && only_lists(gap);
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
