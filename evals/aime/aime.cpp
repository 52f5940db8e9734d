// aime: problems whose answer is an integer from 0 to 999 (AIME 2024 and 2025, mini-aime).
//
// Prompted and extracted as in math. Every answer is decided: it is an integer from 000 to 999 in
// at most three digits, with or without leading zeros, or it is wrong.
#include "core/plugins.h"
#include "evals/common/answer_tokens.h"
#include "evals/common/answer_value.h"
#include "evals/common/math_grade.h"

namespace assay {
namespace {

/// The digits before the point of the last number that is written, leading zeros and all.
std::size_t digits_written(std::string_view answer) {
  const auto tokens = evals::answer_tokens(answer);
  std::size_t digits = 0;
  for (const evals::AnswerToken& token : tokens.value_or(std::vector<evals::AnswerToken>{})) {
    if (token.kind == evals::AnswerToken::Kind::number) digits = token.text.find('.');
    if (digits == std::string::npos) digits = token.text.size();
  }
  return digits;
}

/// "7" for 7, 07, 007 and 7.0, for x = 7, 3 + 4 = 7 and m + n = 7; nothing for what is no integer
/// from 000 to 999 in at most three digits.
std::optional<std::string> aime_integer(std::string_view answer) {
  const evals::ParsedAnswer parsed = evals::parse_answer(answer);
  if (parsed.status != evals::ParseStatus::value) return std::nullopt;
  const evals::AnswerValue* assigned = evals::assigned_value(parsed.value);
  const evals::AnswerValue& value = assigned != nullptr ? *assigned : parsed.value;
  const evals::MathExpr& expr = value.expr;
  const bool integer = value.kind == evals::AnswerValue::Kind::expression &&
                       expr.op == evals::MathExpr::Op::number && !expr.scientific &&
                       expr.value.get_den() == 1;
  constexpr std::size_t most_digits = 3;
  if (!integer || digits_written(answer) > most_digits) return std::nullopt;
  const std::string digits = expr.value.get_num().get_str();
  return digits.size() <= most_digits ? std::optional(digits) : std::nullopt;
}

bool parses(std::string_view answer) {
  return aime_integer(answer).has_value();
}

evals::AnswerComparison compare(std::string_view gold, std::string_view prediction,
                                const evals::AnswerPolicy& /*policy*/) {
  const std::optional<std::string> predicted = aime_integer(prediction);
  const bool equal = predicted && predicted == aime_integer(gold);
  return {equal ? Verdict::equal : Verdict::not_equal, evals::rung::integer, evals::proof::proved,
          aime_integer(gold).value_or(""), predicted.value_or("")};
}

class AimeEval : public Eval {
 public:
  std::string name() const override { return "aime"; }
  std::vector<std::string> protocols() const override { return {"boxed"}; }
  std::int64_t default_max_new_tokens(bool thinking) const override {
    return thinking ? 32'768 : 1'024;
  }
  Prompt prompt(const Problem& problem, const PromptOptions& /*options*/) const override {
    return evals::boxed_prompt(problem);
  }
  Grade grade(const Problem& problem, const std::string& text,
              const PromptOptions& options) const override {
    return evals::grade_answer(problem, text, options, {compare, parses, false});
  }
};

}  // namespace

EvalPlugin make_eval_aime() {
  return {"aime", "integers from 000 to 999, compared exactly",
          []() -> std::unique_ptr<Eval> { return std::make_unique<AimeEval>(); }};
}

}  // namespace assay
