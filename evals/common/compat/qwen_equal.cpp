#include "evals/common/compat/qwen_equal.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "evals/common/compat/python_text.h"
#include "evals/common/compat/qwen_text.h"
#include "evals/common/compat/symbolic.h"

namespace assay::evals::compat {
namespace {

/// Lists inside lists, equations of lists: deeper than this no answer goes, only an attack.
constexpr int kMaxListDepth = 16;

CompatComparison compare(std::string_view prediction, std::string_view gold, int depth);

CompatComparison equal_by(const char* rung) {
  return {Verdict::equal, rung};
}

/// A number with any commas dropped; with a % sign where it is no number without one.
std::optional<double> number(std::string_view text) {
  std::string digits(text);
  replace_all(digits, ",", "");
  if (const auto value = python_float(digits)) return value;
  if (digits.empty() || digits.back() != '%') return std::nullopt;
  digits.pop_back();
  if (!digits.empty() && digits.back() == '\\') digits.pop_back();
  const auto value = python_float(digits);
  return value ? std::optional<double>(*value / 100) : std::nullopt;
}

/// math.isclose with a relative tolerance of 1e-4.
bool is_close(double a, double b) {
  if (a == b) return true;
  if (!std::isfinite(a) || !std::isfinite(b)) return false;
  return std::abs(a - b) <= 1e-4 * std::max(std::abs(a), std::abs(b));
}

/// What two numbers are; nothing when one is no number.
std::optional<CompatComparison> compare_numbers(std::string_view prediction,
                                                std::string_view gold) {
  const auto a = number(prediction);
  const auto b = number(gold);
  if (!a || !b) return std::nullopt;
  if (is_close(*a, *b)) return equal_by(rung::numeric);
  if (is_close(*a, *b / 100) || is_close(*a, *b * 100)) return equal_by(rung::percent);
  return CompatComparison{};
}

bool is_wrapped(std::string_view text, char open, char close) {
  return !text.empty() && text.front() == open && text.back() == close;
}

std::string without_brackets(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c != '{' && c != '}' && c != '(' && c != ')') out += c;
  }
  return lower(out);
}

/// Parentheses and braces are forgiven, and square brackets of the prediction's own kind.
bool same_without_brackets(std::string_view prediction, std::string_view gold) {
  const bool loose = (is_wrapped(prediction, '[', ']') && gold.substr(0, 1) != "(") ||
                     (is_wrapped(prediction, '(', ')') && gold.substr(0, 1) != "[");
  if (loose) {
    prediction = strip_chars(prediction, "[]()");
    gold = strip_chars(gold, "[]()");
  }
  return without_brackets(prediction) == without_brackets(gold);
}

/// Starts with a bracket and has a closing one somewhere behind at least one character.
bool is_list(std::string_view text) {
  return text.size() > 2 && (text[0] == '(' || text[0] == '[') &&
         text.find_last_of(")]") != std::string_view::npos && text.find_last_of(")]") >= 2;
}

std::string_view inside(std::string_view text) {
  return text.size() < 2 ? std::string_view{} : text.substr(1, text.size() - 2);
}

CompatComparison compare_elements(const std::vector<std::string_view>& prediction,
                                  const std::vector<std::string_view>& gold, int depth) {
  if (prediction.size() != gold.size()) return {};
  for (std::size_t i = 0; i < gold.size(); ++i) {
    CompatComparison element = compare(prediction[i], gold[i], depth + 1);
    if (element.verdict != Verdict::equal) return element;
  }
  return equal_by(rung::elements);
}

constexpr std::string_view kMatrixBegin = "\\begin{pmatrix}";
constexpr std::string_view kMatrixEnd = "\\end{pmatrix}";

bool is_matrix(std::string_view text) {
  const auto has = [text](std::string_view begin, std::string_view end) {
    return text.size() >= begin.size() + end.size() && text.substr(0, begin.size()) == begin &&
           text.substr(text.size() - end.size()) == end;
  };
  return has(kMatrixBegin, kMatrixEnd) || has("\\begin{bmatrix}", "\\end{bmatrix}");
}

std::vector<std::string_view> matrix_rows(std::string_view text) {
  text = text.substr(kMatrixBegin.size(), text.size() - kMatrixBegin.size() - kMatrixEnd.size());
  std::vector<std::string_view> rows;
  for (const std::string_view row : split(text, "\\\\")) {
    if (!strip(row).empty()) rows.push_back(strip(row));
  }
  return rows;
}

CompatComparison compare_matrices(std::string_view prediction, std::string_view gold, int depth) {
  const auto prediction_rows = matrix_rows(prediction);
  const auto gold_rows = matrix_rows(gold);
  if (prediction_rows.size() != gold_rows.size()) return {};
  for (std::size_t i = 0; i < gold_rows.size(); ++i) {
    CompatComparison row =
        compare_elements(split(prediction_rows[i], "&"), split(gold_rows[i], "&"), depth);
    if (row.verdict != Verdict::equal) return row;
  }
  return equal_by(rung::elements);
}

/// The gold answer {1,2} against a matrix: rewritten, in vain for more than one row, because the
/// rows are joined with a single backslash.
std::string as_matrix(std::string_view gold) {
  const std::size_t open = gold.find('{');
  const std::size_t close = gold.rfind('}');
  if (open == std::string_view::npos || close == std::string_view::npos || close < open) return {};
  if (!contains(gold.substr(open, close - open), ",")) return {};
  std::string rows(strip_chars(gold.substr(open, close + 1 - open), "{}"));
  replace_all(rows, ",", "\\");
  return std::string(kMatrixBegin) + rows + std::string(kMatrixEnd);
}

bool is_short_equation(std::string_view text) {
  return count(text, "=") == 1 && char_count(strip(text.substr(0, text.find('=')))) <= 2;
}

CompatComparison by_sameness(Sameness sameness, const char* rung) {
  if (sameness == Sameness::budget) return {Verdict::undecided, rung::budget};
  if (sameness == Sameness::different) return {};
  return equal_by(rung);
}

/// "a = b" as "a - (b)".
std::string moved_left(std::string_view equation) {
  const auto sides = split(equation, "=");
  return std::string(strip(sides[0])) + " - (" + std::string(strip(sides[1])) + ")";
}

CompatComparison compare_equations(std::string_view prediction, std::string_view gold) {
  const std::string a = moved_left(prediction);
  const std::string b = moved_left(gold);
  const Sameness as_is = symbolic_equal(a, b);
  if (as_is != Sameness::different) return by_sameness(as_is, rung::equation);
  return by_sameness(symbolic_equal("-(" + a + ")", b), rung::equation);
}

/// Lists, matrices, equations. Where their rule fails, the whole texts are still compared, and
/// (1,1006),(3,4) equals (1,1006),(5,6,7) because sympy reads both as (1,100 times 6).
CompatComparison compare_structures(std::string_view prediction, std::string_view gold, int depth) {
  if (is_list(prediction) && is_list(gold)) {
    return compare_elements(split(inside(prediction), ","), split(inside(gold), ","), depth);
  }
  if (is_matrix(prediction) && is_matrix(gold)) return compare_matrices(prediction, gold, depth);
  return {};
}

CompatComparison compare_as_equations(std::string_view prediction, std::string_view gold,
                                      int depth) {
  if (count(prediction, "=") == 1 && count(gold, "=") == 1) {
    return compare_equations(prediction, gold);
  }
  if (is_short_equation(prediction) && !contains(gold, "=")) {
    return compare(prediction.substr(prediction.find('=') + 1), gold, depth + 1);
  }
  if (is_short_equation(gold) && !contains(prediction, "=")) {
    return compare(prediction, gold.substr(gold.find('=') + 1), depth + 1);
  }
  return {};
}

CompatComparison compare(std::string_view prediction, std::string_view gold, int depth) {
  if (depth > kMaxListDepth) return {Verdict::undecided, rung::budget};
  if (lower(strip(prediction)) == lower(strip(gold))) return equal_by(rung::identical);
  const bool gold_is_letter = gold.size() == 1 && gold[0] >= 'A' && gold[0] <= 'E';
  if (gold_is_letter && qwen_choice(prediction) == gold) return equal_by(rung::choice);
  if (auto decided = compare_numbers(prediction, gold)) return *decided;
  if (prediction.empty()) return {};
  prediction = strip(prediction);
  gold = strip(gold);
  std::string matrix;
  if (contains(prediction, "pmatrix") && !contains(gold, "pmatrix")) {
    matrix = as_matrix(gold);
    gold = matrix;
  }
  if (same_without_brackets(prediction, gold)) return equal_by(rung::brackets);
  for (const auto rule : {compare_structures, compare_as_equations}) {
    CompatComparison compared = rule(prediction, gold, depth);
    if (compared.verdict != Verdict::not_equal) return compared;
  }
  return by_sameness(symbolic_equal(prediction, gold), rung::symbolic);
}

std::optional<std::string> qwen_extract(std::string_view text, const CompatTask& task) {
  return qwen_extracted(text, task);
}

std::string qwen_gold(std::string_view gold, std::string_view dataset) {
  if (!qwen_keeps_units(dataset)) return qwen_normalised(gold, false);
  std::string text(gold);
  replace_all(text, "\\neq", "\\ne");
  replace_all(text, "\\leq", "\\le");
  replace_all(text, "\\geq", "\\ge");
  return text;
}

}  // namespace

CompatComparison qwen_equal(std::string_view gold, std::string_view prediction) {
  return compare(prediction, gold, 0);
}

CompatGrader qwen_grader() {
  return {"qwen",
          "Qwen2.5-Math's evaluation: answer ladder, relative tolerance 1e-4, percent forms",
          qwen_extract, qwen_gold, qwen_equal};
}

}  // namespace assay::evals::compat
