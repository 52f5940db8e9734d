#include "evals/common/compat/qwen_text.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "evals/common/compat/latex_repairs.h"
#include "evals/common/compat/number_words.h"
#include "evals/common/compat/python_text.h"
#include "evals/common/compat/qwen_units.h"

namespace assay::evals::compat {
namespace {

/// Everything from `open` to the end, if the text ends in '}' behind it ("\text{ miles}" at the
/// end, but also all between a first \text{ and the last brace).
void drop_trailing_text(std::string& text) {
  const std::size_t at = text.find("\\text{");
  if (at == std::string::npos || text.back() != '}' || at + 6 > text.size() - 1) return;
  const std::string rest(strip(std::string_view(text).substr(0, at)));
  if (!rest.empty()) text = rest;
}

/// Replaces each `open`...'}' (the first that follows) by what stands inside, or by nothing.
void unwrap_command(std::string& text, std::string_view open, bool keep_inside) {
  std::string out;
  std::size_t done = 0;
  for (std::size_t at = text.find(open); at != std::string::npos; at = text.find(open, done)) {
    const std::size_t inside = at + open.size();
    const std::size_t close = text.find('}', inside);
    if (close == std::string::npos) break;
    out.append(text, done, at - done);
    if (keep_inside) out.append(text, inside, close - inside);
    done = close + 1;
  }
  text = out.append(text, done);
}

/// \begin{array}{ccc} and \begin{bmatrix} as \begin{pmatrix}.
void unify_matrices(std::string& text) {
  constexpr std::string_view open = "\\begin{array}{";
  std::string out;
  std::size_t done = 0;
  for (std::size_t at = text.find(open); at != std::string::npos; at = text.find(open, done)) {
    const std::size_t close = text.find('}', at + open.size());
    if (close == std::string::npos) break;
    out.append(text, done, at - done).append("\\begin{pmatrix}");
    done = close + 1;
  }
  text = out.append(text, done);
  replace_all(text, "\\end{array}", "\\end{pmatrix}");
  replace_all(text, "bmatrix", "pmatrix");
}

/// 2.00 before a non-digit or at the end is 2; "3.x" loses its point too.
std::string without_zero_decimals(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    out += text[i];
    if (!is_digit(text[i]) || i + 1 >= text.size() || text[i + 1] != '.') continue;
    std::size_t behind = i + 2;
    while (behind < text.size() && text[behind] == '0') ++behind;
    if (behind < text.size() && is_digit(text[behind])) continue;
    // What ended the match is consumed with it: "1.0.0x" keeps its second point.
    if (behind < text.size()) out += text[behind];
    i = behind;
  }
  return out;
}

/// \sqrt3x to \sqrt{3x}: all word characters that follow.
std::string braced_root_words(std::string_view text) {
  constexpr std::string_view root = "\\sqrt";
  std::string out;
  std::size_t done = 0;
  for (std::size_t at = text.find(root); at != std::string_view::npos; at = text.find(root, done)) {
    const std::size_t begin = at + root.size();
    std::size_t end = begin;
    while (end < text.size() && is_word_char(text, end)) end += char_bytes(text, end);
    out.append(text.substr(done, begin - done));
    if (end > begin) out.append("{").append(text.substr(begin, end - begin)).append("}");
    done = end;
  }
  return out.append(text.substr(done));
}

/// \text{two} as 2, and nothing else that stands in \text.
void replace_text_numbers(std::string& text) {
  constexpr std::string_view open = "\\text{";
  std::string out;
  std::size_t done = 0;
  for (std::size_t at = text.find(open); at != std::string::npos; at = text.find(open, at + 1)) {
    const std::size_t inside = at + open.size();
    std::size_t close = inside;
    while (close < text.size() && is_letter(text[close])) ++close;
    if (close == inside || close >= text.size() || text[close] != '}') continue;
    const auto number = number_from_words(std::string_view(text).substr(inside, close - inside));
    if (!number) continue;
    out.append(text, done, at - done).append(*number);
    done = close + 1;
  }
  text = out.append(text, done);
}

/// A backslash before an integer that ends the text or stands before one of \ ) , ]: rows of a
/// column of integers lose one of their two at each normalisation, so that they run together.
void drop_backslashes_before_integers(std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::size_t end = i + 1;
    if (end < text.size() && text[end] == '-') ++end;
    const std::size_t digits = end;
    while (end < text.size() && is_digit(text[end])) ++end;
    const bool integer_follows =
        end > digits && (end == text.size() || contains("\\),]", text.substr(end, 1)));
    if (text[i] != '\\' || !integer_follows) out += text[i];
  }
  text = std::move(out);
}

/// Whether `a` is the smaller integer; both are "-?digits" without leading zeros.
bool is_smaller_integer(const std::string& a, const std::string& b) {
  const bool a_negative = a[0] == '-';
  const bool b_negative = b[0] == '-';
  if (a_negative != b_negative) return a_negative;
  const auto key = [](const std::string& n) { return std::pair(n.size(), std::string_view(n)); };
  return a_negative ? key(b) < key(a) : key(a) < key(b);
}

/// A list of integers and nothing else is sorted: 3,1,2 is 1,2,3, and, by the same rule, 11,000
/// is 0,11. Leading zeros go.
void sort_integers(std::string& text) {
  std::vector<std::string> numbers;
  for (const std::string_view part : split(text, ",")) {
    std::string_view digits = strip(part);
    const bool negative = !digits.empty() && digits[0] == '-';
    if (negative) digits.remove_prefix(1);
    if (digits.empty() || !std::all_of(digits.begin(), digits.end(), is_digit)) return;
    digits = digits.substr(std::min(digits.find_first_not_of('0'), digits.size() - 1));
    numbers.push_back((negative && digits != "0" ? "-" : "") + std::string(digits));
  }
  std::stable_sort(numbers.begin(), numbers.end(), is_smaller_integer);
  text.clear();
  for (const std::string& number : numbers) text += (text.empty() ? "" : ",") + number;
}

void drop_notation(std::string& text) {
  replace_all(text, "\\!", "");
  unify_matrices(text);
  replace_all(text, "tfrac", "frac");
  replace_all(text, "dfrac", "frac");
  replace_all(text, "\\neq", "\\ne");
  replace_all(text, "\\leq", "\\le");
  replace_all(text, "\\geq", "\\ge");
  replace_all(text, "\\left", "");
  replace_all(text, "\\right", "");
  replace_all(text, "\\{", "{");
  replace_all(text, "\\}", "}");
  replace_text_numbers(text);
  replace_all(text, "cm}^2", "cm}");
  replace_all(text, "inches}^2", "inches}");
}

void drop_signs_and_words(std::string& text) {
  for (const std::string_view sign : {"^{\\circ}", "^\\circ", "\\$", "$", "\\(", "\\)"}) {
    replace_all(text, sign, "");
  }
  if (const auto number = number_from_words(text)) text = *number;
  unwrap_command(text, "\\text{", true);
  for (const std::string_view key :
       {"x=", "y=", "z=", "x\\in", "y\\in", "z\\in", "x\\to", "y\\to", "z\\to"}) {
    replace_all(text, key, "");
  }
  replace_all(text, "\\emptyset", "{}");
  replace_all(text, "(-\\infty,\\infty)", "\\mathbb{R}");
  replace_all(text, "\\%", "");
  replace_all(text, "%", "");
  replace_all(text, " .", " 0.");
  replace_all(text, "{.", "{0.");
  replace_all(text, "infinity", "\\infty");
  if (!contains(text, "\\infty")) replace_all(text, "inf", "\\infty");
  replace_all(text, "and", "");
  replace_all(text, "\\mathbf", "");
  unwrap_command(text, "\\mbox{", false);
  if (contains(text, "j") && !contains(text, "i")) replace_all(text, "j", "i");
}

/// The last decimal number, commas ignored: digits with at most one point, an optional minus.
std::string last_number(std::string_view completion) {
  std::string text(completion);
  replace_all(text, ",", "");
  std::string last;
  for (std::size_t i = 0; i < text.size();) {
    // -?\d*\.?\d+, leftmost first.
    std::size_t at = i + (text[i] == '-' ? 1 : 0);
    const auto digits_from = [&text](std::size_t from) {
      while (from < text.size() && is_digit(text[from])) ++from;
      return from;
    };
    std::size_t end = digits_from(at);
    if (end < text.size() && text[end] == '.') {
      const std::size_t decimals = digits_from(end + 1);
      if (decimals > end + 1) end = decimals;
    }
    if (end == at) {
      ++i;
      continue;
    }
    last = text.substr(i, end - i);
    i = end;
  }
  return last;
}

/// Letters A to E that are words of their own, case ignored.
std::vector<char> lone_choice_letters(std::string_view text) {
  std::vector<char> letters;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char upper = text[i] >= 'a' && text[i] <= 'e' ? static_cast<char>(text[i] - 32) : text[i];
    if (upper < 'A' || upper > 'E' || ends_with_word_char(text, i)) continue;
    if (i + 1 < text.size() && is_word_char(text, i + 1)) continue;
    letters.push_back(upper);
  }
  return letters;
}

std::string_view strip_left(std::string_view text, char c) {
  const std::size_t begin = text.find_first_not_of(c);
  return begin == std::string_view::npos ? std::string_view{} : text.substr(begin);
}

/// The shared ends of both choice readers.
std::string_view trimmed_choice(std::string_view text) {
  text = strip_right(strip_right(strip_chars(text, "\n"), "."), "/");
  return strip_left(strip_chars(text, " "), ':');
}

/// For multiple-choice datasets: behind the last "choice is" or "answer is" the first letter,
/// without such words the last. Several of them: only the first paragraph is read.
std::string choice_answer(std::string_view completion) {
  constexpr std::array<std::string_view, 2> triggers = {"choice is", "answer is"};
  std::string_view text = strip_chars(completion, "\n");
  const bool few_shot = count(text, triggers[0]) > 1 || count(text, triggers[1]) > 1;
  if (few_shot) text = text.substr(0, text.find("\n\n"));
  bool announced = false;
  for (const std::string_view trigger : triggers) announced = announced || contains(text, trigger);
  if (announced) {
    std::size_t begin = 0;
    for (const std::string_view trigger : triggers) {
      const std::size_t at = text.rfind(trigger);
      if (at != std::string_view::npos) begin = std::max(begin, at + trigger.size());
    }
    text = text.substr(begin);
  }
  text = trimmed_choice(text);
  const std::vector<char> letters = lone_choice_letters(text);
  if (!letters.empty()) return std::string(1, announced ? letters.front() : letters.back());
  return std::string(strip_right(strip_right(strip_chars(strip(text), "."), "."), "/"));
}

/// For sets of four options: the last letter A to D that stands alone, else the trimmed text.
std::string last_of_four(std::string_view text) {
  std::vector<char> letters = lone_choice_letters(text);
  letters.erase(std::remove(letters.begin(), letters.end(), 'E'), letters.end());
  if (!letters.empty()) return std::string(1, letters.back());
  return std::string(strip_right(strip_chars(strip(text), "."), "/"));
}

std::string ladder(std::string_view text) {
  constexpr std::string_view minerva = "final answer is $";
  constexpr std::string_view hope = "$. I hope";
  if (contains(text, minerva) && contains(text, hope)) {
    const std::string_view rest = text.substr(text.find(minerva) + minerva.size());
    return std::string(strip(rest.substr(0, rest.find(hope))));
  }
  if (auto boxed = behind_boxed(text)) return *boxed;
  for (const std::string_view words : {"he answer is", "final answer is"}) {
    if (contains(text, words)) return std::string(strip(after_last(text, words)));
  }
  constexpr std::string_view chinese = "\xE7\xAD\x94\xE6\xA1\x88\xE6\x98\xAF";
  if (const std::size_t at = text.find(chinese); at != std::string_view::npos) {
    std::string_view rest = text.substr(at + chinese.size());
    rest = strip(rest.substr(0, rest.find(chinese)));
    return std::string(strip(rest.substr(0, rest.find("\n\n"))));
  }
  return last_number(text);
}

/// A line break and the blanks behind it go.
std::string on_one_line(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\n') {
      out += text[i];
      continue;
    }
    const std::string_view rest = text.substr(i);
    std::size_t blanks = 1;
    while (blanks < rest.size() && strip(rest.substr(blanks, 1)).empty()) ++blanks;
    i += blanks - 1;
  }
  return out;
}

bool is_choice_list(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'E'; });
}

/// What the runner does to a prediction when the gold answer is one choice letter, or several, or
/// none: a gold answer that normalisation left empty leaves only letters of the prediction.
std::string adapted_to_choices(std::string prediction, std::string_view completion,
                               std::string_view gold) {
  const bool one_letter = gold.size() == 1 && is_choice_list(gold);
  if (one_letter) {
    if (prediction.size() == 1 && is_choice_list(prediction)) return prediction;
    return choice_answer(completion);
  }
  if (!is_choice_list(gold) || is_choice_list(prediction)) return prediction;
  prediction.erase(std::remove_if(prediction.begin(), prediction.end(),
                                  [](char c) { return c < 'A' || c > 'E'; }),
                   prediction.end());
  return prediction;
}

}  // namespace

std::string qwen_normalised(std::string_view answer, bool keep_units) {
  std::string text(strip(answer));
  replace_all(text, "\n", "");
  text = std::string(strip_right(text, "."));
  drop_notation(text);
  if (!text.empty()) drop_trailing_text(text);
  if (!keep_units) text = without_qwen_units(std::move(text));
  drop_signs_and_words(text);
  text = without_zero_decimals(text);
  if (text.empty()) return text;
  if (text[0] == '.') text.insert(0, "0");
  text = without_short_left_side(text);
  text = braced_root_words(text);
  replace_all(text, " ", "");
  // A \frac that ends the text has no arguments to brace and stays.
  if (auto fractions = braced_fractions(text)) text = std::move(*fractions);
  text = slash_to_fraction(text, true);
  drop_backslashes_before_integers(text);
  constexpr std::string_view grade = "thgrade";  // "12th grade"
  if (text.size() >= grade.size() && text.substr(text.size() - grade.size()) == grade) {
    text.resize(text.size() - grade.size());
  }
  sort_integers(text);
  return text;
}

bool qwen_keeps_units(std::string_view dataset) {
  return dataset == "carp_en" || dataset == "minerva_math";
}

std::string qwen_choice(std::string_view text) {
  text = trimmed_choice(text);
  const std::vector<char> letters = lone_choice_letters(text);
  if (!letters.empty()) return std::string(1, letters.back());
  return std::string(strip_right(strip_right(strip_chars(strip(text), "."), "."), "/"));
}

std::string qwen_extracted(std::string_view completion, const CompatTask& task) {
  constexpr std::array<std::string_view, 4> choice_sets = {"mmlu_stem", "sat_math", "aqua",
                                                           "gaokao2023"};
  std::string text(completion);
  replace_all(text, "\xD0\xBA\xD0\xB8", "");  // a two-letter Cyrillic artefact of some models
  const bool keep_units = qwen_keeps_units(task.dataset);
  std::string prediction;
  if (is_in(task.dataset, choice_sets)) {
    prediction = choice_answer(text);
  } else if (task.dataset == "gpqa" || task.dataset == "mmlu") {
    prediction = last_of_four(text);
  } else {
    prediction = ladder(text);
    if (contains(task.dataset, "mmlu")) prediction = qwen_choice(prediction);
    prediction = on_one_line(prediction);
    if (!prediction.empty() && prediction.front() == ':') prediction.erase(0, 1);
    if (!prediction.empty() && prediction.back() == '.') prediction.pop_back();
    if (!prediction.empty() && prediction.back() == '/') prediction.pop_back();
    prediction = qwen_normalised(prediction, keep_units);
  }
  prediction = qwen_normalised(prediction, keep_units);
  return adapted_to_choices(std::move(prediction), completion, task.gold);
}

}  // namespace assay::evals::compat
