#include "evals/common/compare_answers.h"

#include <algorithm>
#include <array>
#include <vector>

#include "evals/common/answer_tokens.h"
#include "evals/common/rational_literal.h"

namespace assay::evals {
namespace {

using Tokens = std::vector<AnswerToken>;

/// Words that are numbers or constants: a text with one of them may well equal a number.
constexpr std::array<std::string_view, 28> number_words = {
    "zero",     "one",     "two",     "three",     "four",     "five",     "six",
    "seven",    "eight",   "nine",    "ten",       "eleven",   "twelve",   "thirteen",
    "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty",
    "thirty",   "forty",   "fifty",   "hundred",   "thousand", "pi",       "sqrt"};

/// Plain words that state no number.
bool is_text(const Tokens& tokens) {
  return !tokens.empty() && std::all_of(tokens.begin(), tokens.end(), [](const AnswerToken& token) {
    if (token.kind != AnswerToken::Kind::word || (token.text.size() < 2 && !token.in_text)) {
      return false;
    }
    return std::find(number_words.begin(), number_words.end(), token.text) == number_words.end();
  });
}

AnswerComparison compare_numbers(const RationalLiteral& gold, const RationalLiteral& prediction) {
  const bool equal = gold.value == prediction.value;
  if (gold.unit == prediction.unit) {
    if (!equal && gold.decimals >= 0 && prediction.decimals > gold.decimals) {
      // Rounding to the gold's digits might be meant; that rule is the full grader's.
      return {Verdict::undecided, rung::needs_algebra};
    }
    return {equal ? Verdict::equal : Verdict::not_equal, rung::rational};
  }
  if (gold.unit == "%" && prediction.unit.empty() && gold.value == prediction.value * 100) {
    return {Verdict::equal, rung::percent};
  }
  if (gold.unit.empty() || prediction.unit.empty()) {
    return {equal ? Verdict::equal : Verdict::not_equal, rung::unit_optional};
  }
  return {Verdict::undecided, rung::needs_algebra};  // "cm" and "centimetres", or metres and feet
}

std::string lowest_terms(const RationalLiteral& literal) {
  return literal.value.get_str();
}

}  // namespace

AnswerComparison compare_answers(std::string_view gold, std::string_view prediction) {
  const std::optional<Tokens> gold_tokens = answer_tokens(gold);
  const std::optional<Tokens> prediction_tokens = answer_tokens(prediction);
  if (!gold_tokens || !prediction_tokens) return {Verdict::undecided, rung::budget};
  if (prediction_tokens->empty()) return {Verdict::not_equal, rung::text};
  if (*gold_tokens == *prediction_tokens) return {Verdict::equal, rung::identical};

  const auto gold_number = rational_literal(*gold_tokens);
  const auto prediction_number = rational_literal(*prediction_tokens);
  if (gold_number && prediction_number) return compare_numbers(*gold_number, *prediction_number);
  if (is_text(*prediction_tokens) && (gold_number || is_text(*gold_tokens))) {
    return {Verdict::not_equal, rung::text};
  }
  return {Verdict::undecided, rung::needs_algebra};
}

std::optional<std::string> answer_integer(std::string_view answer) {
  const std::optional<Tokens> tokens = answer_tokens(answer);
  if (!tokens) return std::nullopt;
  const auto literal = rational_literal(*tokens);
  if (!literal || !literal->is_integer) return std::nullopt;
  return lowest_terms(*literal);
}

std::string normalised_answer(std::string_view answer) {
  const std::optional<Tokens> tokens = answer_tokens(answer);
  if (!tokens) return {};
  const auto literal = rational_literal(*tokens);
  return literal ? lowest_terms(*literal) : joined(*tokens);
}

}  // namespace assay::evals
