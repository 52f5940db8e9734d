#include "evals/common/compare_answers.h"

#include <set>
#include <vector>

#include "evals/common/answer_tokens.h"
#include "evals/common/answer_value.h"
#include "evals/common/other_readings.h"
#include "evals/common/rational_function.h"

namespace assay::evals {
namespace {

using ValueKind = AnswerValue::Kind;
using Op = MathExpr::Op;

/// 1,22 where the other side has a decimal point: a decimal comma.
std::string with_decimal_point(std::string_view answer) {
  std::string out(answer);
  const std::size_t comma = out.find(',');
  if (comma != std::string::npos) out[comma] = '.';
  return out;
}

bool is_comma_number(std::string_view answer) {
  const std::size_t comma = answer.find(',');
  // 1,080 is a thousand and eighty; 0,080 and 1,08 have a decimal comma.
  const bool thousands = comma != std::string_view::npos && comma < 4 && comma > 0 &&
                         answer.size() == comma + 4 && answer[0] != '0';
  return comma != std::string_view::npos && comma > 0 && comma + 1 < answer.size() && !thousands &&
         answer.find_first_not_of("0123456789,") == std::string_view::npos &&
         answer.find(',', comma + 1) == std::string_view::npos;
}

bool has_point(std::string_view answer) {
  const std::size_t point = answer.find('.');
  return point != std::string_view::npos && point + 1 < answer.size() && answer[point + 1] >= '0' &&
         answer[point + 1] <= '9';
}

/// "x = 5" and "5 = x" state 5; so does "7 + 5 = 12".
const AnswerValue& stated(const AnswerValue& value) {
  const bool equation = value.kind == ValueKind::relation && value.relations.back() == "=" &&
                        value.items[0].kind == ValueKind::expression;
  // NOLINTNEXTLINE(bugprone-return-const-ref-from-parameter): callers hold the value
  return equation ? value.items.back() : value;
}

void collect_variables(const AnswerValue& value, std::set<std::string>& names) {
  for (const std::string& name : symbols_of(value.expr)) {
    if (!name.ends_with("()")) names.insert(name);
  }
  for (const AnswerValue& item : value.items) collect_variables(item, names);
}

void rename(MathExpr& expr, const std::string& from, const std::string& to) {
  if (expr.op == Op::symbol && expr.name == from) expr.name = to;
  for (MathExpr& arg : expr.args) rename(arg, from, to);
}

void rename(AnswerValue& value, const std::string& from, const std::string& to) {
  rename(value.expr, from, to);
  for (AnswerValue& item : value.items) rename(item, from, to);
}

/// The prediction in the gold's letter, where both have one variable and the policy allows it.
void rename_variable(const AnswerValue& gold, AnswerValue& prediction) {
  std::set<std::string> wanted;
  std::set<std::string> found;
  collect_variables(gold, wanted);
  collect_variables(prediction, found);
  if (wanted.size() == 1 && found.size() == 1) rename(prediction, *found.begin(), *wanted.begin());
}

AnswerComparison budget() {
  return {Verdict::undecided, rung::budget, proof::none, "", ""};
}

}  // namespace

AnswerComparison compare_answers(std::string_view gold, std::string_view prediction) {
  return compare_answers(gold, prediction, AnswerPolicy{});
}

AnswerComparison compare_answers(std::string_view gold, std::string_view prediction,
                                 const AnswerPolicy& policy) {
  const auto gold_tokens = answer_tokens(gold);
  const auto prediction_tokens = answer_tokens(prediction);
  if (!gold_tokens || !prediction_tokens) return budget();
  if (prediction_tokens->empty()) {
    return {Verdict::not_equal, rung::text, proof::form, joined(*gold_tokens), ""};
  }
  const std::string gold_form = joined(*gold_tokens);
  if (gold_form == joined(*prediction_tokens)) {
    return {Verdict::equal, rung::identical, proof::proved, gold_form, gold_form};
  }
  if (is_comma_number(gold) && has_point(prediction)) {
    return compare_answers(with_decimal_point(gold), prediction, policy);
  }
  if (is_comma_number(prediction) && has_point(gold)) {
    return compare_answers(gold, with_decimal_point(prediction), policy);
  }
  const ParsedAnswer a = parse_answer(*gold_tokens);
  ParsedAnswer b = parse_answer(*prediction_tokens);
  if (a.status == ParseStatus::over_budget || b.status == ParseStatus::over_budget) {
    return budget();
  }
  // "9:30 AM" and \text{9:30 a.m.}: one of them looked like a formula.
  const auto is_words = [](const AnswerValue& value) {
    return value.kind == ValueKind::text && !value.incomplete;
  };
  const auto is_one = [](const AnswerValue& value) {
    return value.kind == ValueKind::expression || value.kind == ValueKind::ratio;
  };
  const bool words =
      (is_words(a.value) && is_one(b.value)) || (is_words(b.value) && is_one(a.value));
  if (words && folded_text(*gold_tokens) == folded_text(*prediction_tokens)) {
    return {Verdict::equal, rung::text, proof::form, value_text(a.value), value_text(b.value)};
  }
  if (policy.rename) rename_variable(a.value, b.value);
  Judgement judgement = compare_values(a.value, b.value, policy);
  for (const AnswerValue& reading : other_readings(b.value, *prediction_tokens, a.value)) {
    if (judgement.verdict == Verdict::equal) break;
    const Judgement other = compare_values(a.value, reading, policy);
    if (other.verdict == Verdict::equal) judgement = other;
  }
  for (const AnswerValue& reading : other_readings(a.value, *gold_tokens, b.value)) {
    if (judgement.verdict == Verdict::equal) break;
    const Judgement other = compare_values(reading, b.value, policy);
    if (other.verdict == Verdict::equal) judgement = other;
  }
  return {judgement.verdict, judgement.rung, judgement.proof, value_text(a.value),
          value_text(b.value)};
}

bool asks_for_list(std::string_view gold) {
  const ParsedAnswer parsed = parse_answer(gold);
  return parsed.status == ParseStatus::value &&
         (parsed.value.kind == ValueKind::list || parsed.value.kind == ValueKind::set ||
          has_op(parsed.value.expr, Op::plus_minus));
}

bool answer_parses(std::string_view answer) {
  const ParsedAnswer parsed = parse_answer(answer);
  return parsed.status == ParseStatus::value && !parsed.value.incomplete;
}

std::string normalised_answer(std::string_view answer) {
  const auto tokens = answer_tokens(answer);
  if (!tokens) return {};
  const ParsedAnswer parsed = parse_answer(*tokens);
  if (parsed.status != ParseStatus::value) return {};
  const AnswerValue& value = stated(parsed.value);
  if (value.kind == ValueKind::expression) {
    Algebra algebra;
    const auto form = algebra.canonical(value.expr);
    const auto number = form ? constant_value(*form) : std::nullopt;
    if (number) return number->get_str();
  }
  return value.kind == ValueKind::text || value.kind == ValueKind::choice ? value.text
                                                                          : joined(*tokens);
}

}  // namespace assay::evals
