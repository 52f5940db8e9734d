#include "evals/common/compat/prm800k.h"

#include <gmpxx.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <set>
#include <vector>

#include "evals/common/compat/hendrycks.h"
#include "evals/common/compat/latex_repairs.h"
#include "evals/common/compat/latex_text.h"
#include "evals/common/compat/python_text.h"
#include "evals/common/compat/symbolic.h"

namespace assay::evals::compat {
namespace {

/// Where the digits that start at `from` end; `from` when there are none.
std::size_t digits_end(std::string_view text, std::size_t from) {
  while (from < text.size() && is_digit(text[from])) ++from;
  return from;
}

/// The inside of a text that is one \text{...} from end to end.
std::string_view without_text_command(std::string_view text) {
  constexpr std::string_view open = "\\text{";
  const bool wrapped = text.size() > open.size() + 1 && text.substr(0, open.size()) == open &&
                       text.back() == '}' && !contains(text, "\n");
  return wrapped ? text.substr(open.size(), text.size() - open.size() - 1) : text;
}

/// Whether a number is whole to within 1e-7.
bool is_whole(double value) {
  return std::isfinite(value) && std::abs(value - std::nearbyint(value)) <= 1e-7;
}

std::string integer_text(double value) {
  return mpz_class(value).get_str();
}

/// "minutes", "inches^2": the unit wherever it stands, a plural ending, a power.
void drop_unit(std::string& text, std::string_view unit) {
  std::string out;
  std::size_t done = 0;
  for (std::size_t at = text.find(unit); at != std::string::npos; at = text.find(unit, done)) {
    out.append(text, done, at - done);
    std::size_t end = at + unit.size();
    if (text.compare(end, 2, "es") == 0) end += 2;
    if (text.compare(end, 1, "s") == 0) ++end;
    while (end < text.size() && text[end] == ' ') ++end;
    if (end < text.size() && text[end] == '^' && digits_end(text, end + 1) > end + 1) {
      end = digits_end(text, end + 1);
    }
    done = end;
  }
  text = out.append(text, done);
}

/// `from`, any blanks, `to`: without the blanks and without `to`, or nothing at all.
void drop_degrees(std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '^') {
      std::size_t next = i + 1;
      while (next < text.size() && text[next] == ' ') ++next;
      if (text.compare(next, 5, "\\circ") == 0) {
        i = next + 4;
        continue;
      }
    }
    out += text[i];
  }
  text = std::move(out);
}

/// 7 3/4 as 7+3/4; "- 3" as -3.
void join_numbers(std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    out += text[i];
    std::size_t next = i + 1;
    while (next < text.size() && text[next] == ' ') ++next;
    if (next == i + 1) continue;
    if (text[i] == '-') {
      i = next - 1;
    } else if (is_digit(text[i]) && next < text.size() && is_digit(text[next])) {
      out += '+';
      i = next - 1;
    }
  }
  text = std::move(out);
}

/// The thousands separators of 1,234 and 1,234,567. A pass takes the character behind a group with
/// it and so skips every other comma, and what it has joined looks like a longer group to the next
/// pass: 11,111,111,110 ends as 11111,111110 and is no integer to this program.
std::string without_thousands_commas(std::string_view answer) {
  std::string text(answer);
  for (bool changed = true; changed;) {
    changed = false;
    std::string out;
    std::size_t i = 0;
    while (i < text.size()) {
      const bool group = is_digit(text[i]) && text.compare(i + 1, 1, ",") == 0 &&
                         std::min(digits_end(text, i + 2), text.size()) == i + 5;
      if (!group) {
        out += text[i++];
        continue;
      }
      out.append(text, i, 1).append(text, i + 2, 3);
      i += 5;
      if (i < text.size()) out += text[i++];
      changed = true;
    }
    text = std::move(out);
  }
  return text;
}

bool is_integer_text(std::string_view text) {
  const auto value = python_float(without_thousands_commas(text));
  return value && is_whole(*value);
}

/// -?digits, any one character, '/', digits not all zero, any one character.
bool is_fraction_text(std::string_view text) {
  std::size_t at = !text.empty() && text[0] == '-' ? 1 : 0;
  const std::size_t top = digits_end(text, at);
  if (top == at) return false;
  at = top;
  if (at < text.size() && text[at] != '/') at += char_bytes(text, at);
  if (at >= text.size() || text[at] != '/') return false;
  const std::size_t bottom = digits_end(text, ++at);
  const bool positive =
      text.substr(at, bottom - at).find_first_not_of('0') != std::string_view::npos;
  return positive && (bottom == text.size() || bottom + char_bytes(text, bottom) == text.size());
}

bool has_tuple_char(std::string_view text) {
  return text.find_first_of("()[]") != std::string_view::npos;
}

std::vector<std::string> elements_of(std::string_view answer) {
  const std::string text = without_thousands_commas(answer);
  if (text.empty()) return {};
  const bool tuple = text.size() > 2 && has_tuple_char(text.substr(0, 1)) &&
                     has_tuple_char(text.substr(text.size() - 1)) &&
                     !has_tuple_char(text.substr(1, text.size() - 2));
  if (!tuple) return {text};
  std::vector<std::string> elements;
  for (const std::string_view part :
       split(std::string_view(text).substr(1, text.size() - 2), ",")) {
    elements.emplace_back(strip(part));
  }
  return elements;
}

/// Texts that the program keeps from sympy: more than two letters, powers that may not end.
bool may_be_evaluated(std::string text) {
  if (contains(text, "^{") || contains(text, "^(")) return false;
  for (std::size_t at = text.find('^'); at != std::string::npos; at = text.find('^', at + 1)) {
    const std::size_t end = digits_end(text, at + 1);
    if (end > at + 2 || (end > at + 1 && text.compare(end, 1, "^") == 0)) return false;
  }
  replace_all(text, "sqrt", "");
  replace_all(text, "frac", "");
  std::set<std::string> letters;
  for (std::size_t at = 0; at < text.size(); at += char_bytes(text, at)) {
    const std::string letter = text.substr(at, char_bytes(text, at));
    if (is_word_char(text, at) && !is_digit(text[at]) && letter != "_") letters.insert(letter);
  }
  return letters.size() <= 2;
}

CompatComparison compare_expressions(const std::string& gold, const std::string& prediction) {
  if (!may_be_evaluated("(" + gold + ")-(" + prediction + ")")) return {};
  const PlainOptions options{true, true};
  const SympyRead a = read_sympy_plain(gold, options);
  const SympyRead b = read_sympy_plain(prediction, options);
  if (a.status == SympyRead::Status::budget || b.status == SympyRead::Status::budget) {
    return {Verdict::undecided, rung::budget};
  }
  const bool both = a.status == SympyRead::Status::expression && b.status == a.status;
  if (!both || same_expression(a.left, b.left, 0) != Sameness::same) return {};
  return {Verdict::equal, rung::symbolic};
}

CompatComparison compare_element(const std::string& gold, const std::string& prediction) {
  if (is_fraction_text(gold) && is_fraction_text(prediction)) {
    if (gold == prediction) return {Verdict::equal, rung::identical};
    return {};
  }
  if (is_integer_text(gold) != is_integer_text(prediction))
    return {Verdict::not_equal, rung::integer};
  return compare_expressions(gold, prediction);
}

/// Behind the last "# Answer" heading, which ends the solutions of its data set; else the last box.
std::optional<std::string> prm800k_extract(std::string_view text, const CompatTask& /*task*/) {
  constexpr std::string_view heading = "# Answer";
  if (!contains(text, heading)) return last_boxed(text);
  const std::string_view rest = strip(after_last(text, heading));
  return std::string(strip(rest.substr(0, rest.find('\n'))));
}

/// What the MATH release would compare; where its code fails, the text as it came.
std::string mathd_normalised(std::string_view answer) {
  const std::string_view inside = without_text_command(strip(answer));
  const std::string_view text = inside.size() < strip(answer).size() ? strip(inside) : inside;
  HendrycksVariant variant;
  variant.bare_percent = false;
  return hendrycks_normalised(text, variant).value_or(std::string(text));
}

}  // namespace

std::string prm800k_normalised(std::string_view answer) {
  std::string text(without_text_command(answer));
  constexpr std::array<std::pair<std::string_view, std::string_view>, 9> replacements = {
      {{"\\%", "%"},
       {"\\$", "$"},
       {"$", ""},
       {"%", ""},
       {" or ", " , "},
       {" and ", " , "},
       {"million", "*10^6"},
       {"billion", "*10^9"},
       {"trillion", "*10^12"}}};
  for (const auto& [from, to] : replacements) replace_all(text, from, to);
  for (const std::string_view unit :
       {"degree", "cm", "centimeter", "meter", "mile", "second", "minute", "hour", "day", "week",
        "month", "year", "foot", "feet", "inch", "yard"}) {
    drop_unit(text, unit);
  }
  drop_degrees(text);
  if (text.size() > 1 && text.front() == '{' && text.back() == '}')
    text = text.substr(1, text.size() - 2);
  while (contains(text, ",\\! ")) replace_all(text, ",\\! ", ",\\!");
  replace_all(text, ",\\!", "");
  if (const auto value = python_float(text); value && is_whole(*value)) {
    text = integer_text(std::nearbyint(*value));
  }
  if (contains(text, "\\")) {
    replace_all(text, "\\tfrac", "\\frac");
    replace_all(text, "\\dfrac", "\\frac");
    replace_all(text, "\\frac", " \\frac");
    if (auto plain = latex_as_text(text)) text = std::move(*plain);
    constexpr std::array<std::pair<std::string_view, std::string_view>, 6> names = {
        {{"√", "sqrt"}, {"π", "pi"}, {"∞", "inf"}, {"∪", "U"}, {"·", "*"}, {"×", "*"}}};
    for (const auto& [from, to] : names) replace_all(text, from, to);
    text = std::string(strip(text));
  }
  join_numbers(text);
  for (const std::string_view dropped : {" ", "{", "}"}) replace_all(text, dropped, "");
  text = lower(text);
  if (is_integer_text(text)) {
    replace_all(text, ",", "");
    text = integer_text(std::trunc(*python_float(text)));
  }
  return text;
}

CompatComparison prm800k_equal(std::string_view gold, std::string_view prediction) {
  if (mathd_normalised(gold) == mathd_normalised(prediction))
    return {Verdict::equal, rung::identical};
  const std::string a = prm800k_normalised(gold);
  const std::string b = prm800k_normalised(prediction);
  if (a == b) return {Verdict::equal, rung::identical};
  if (a.empty() || b.empty()) return {};
  const std::vector<std::string> gold_elements = elements_of(a);
  const std::vector<std::string> elements = elements_of(b);
  const bool other_brackets = a.front() != b.front() || a.back() != b.back();
  if (gold_elements.size() != elements.size()) return {};
  if (gold_elements.size() > 1 && other_brackets) return {};
  CompatComparison last;
  for (std::size_t i = 0; i < elements.size(); ++i) {
    last = compare_element(gold_elements[i], elements[i]);
    if (last.verdict != Verdict::equal) return last;
  }
  if (elements.size() > 1) last.rung = rung::elements;
  return last;
}

CompatGrader prm800k_grader() {
  return {"prm800k",
          "PRM800K: strings after normalisation, then sympy; integers must match literally",
          prm800k_extract, gold_as_is, prm800k_equal};
}

}  // namespace assay::evals::compat
