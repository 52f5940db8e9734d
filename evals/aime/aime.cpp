// aime: problems whose answer is an integer from 0 to 999 (AIME 2024 and 2025, mini-aime).
//
// Prompted and extracted as in math. Every answer is decided: it is an integer from 000 to 999,
// with or without leading zeros, or it is wrong.
#include "core/plugins.h"
#include "evals/common/math_grade.h"

namespace assay {
namespace {

/// "7" for 7, 07 and 007; nothing for what is no integer from 000 to 999.
std::optional<std::string> aime_integer(std::string_view answer) {
  std::optional<std::string> value = evals::answer_integer(answer);
  if (!value || value->size() > 3 || value->front() == '-') return std::nullopt;
  return value;
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
