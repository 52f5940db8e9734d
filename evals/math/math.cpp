// math: problems whose answer is an expression (MATH-500, mini-math).
//
// Protocol "boxed": the problem and one instruction in the user's turn, no system prompt. The
// answer is the last \boxed{} after the last </think>, else "final answer is", else "answer is".
// Numbers are compared exactly. An answer that is neither identical to the gold one nor a number
// (a root, a tuple, a formula) is undecided, not wrong; undecided answers are counted apart.
#include "core/plugins.h"
#include "evals/common/answer_tokens.h"
#include "evals/common/math_grade.h"

namespace assay {
namespace {

/// Something stands there, and it fits the budget.
bool parses(std::string_view answer) {
  const auto tokens = evals::answer_tokens(answer);
  return tokens.has_value() && !tokens->empty();
}

class MathEval : public Eval {
 public:
  std::string name() const override { return "math"; }
  std::vector<std::string> protocols() const override { return {"boxed"}; }
  std::int64_t default_max_new_tokens(bool thinking) const override {
    return thinking ? 32'768 : 512;
  }
  Prompt prompt(const Problem& problem, const PromptOptions& /*options*/) const override {
    return evals::boxed_prompt(problem);
  }
  Grade grade(const Problem& problem, const std::string& text,
              const PromptOptions& options) const override {
    return evals::grade_answer(problem, text, options, {evals::compare_answers, parses});
  }
};

}  // namespace

EvalPlugin make_eval_math() {
  return {"math", "answers as expressions, compared exactly",
          []() -> std::unique_ptr<Eval> { return std::make_unique<MathEval>(); }};
}

}  // namespace assay
