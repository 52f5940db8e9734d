// math: problems whose answer is an expression (MATH-500, mini-math).
//
// Protocol "boxed": the problem and one instruction in the user's turn, no system prompt. The
// answer is the last \boxed{} after the last </think>, else "final answer is", else "answer is".
// Answers are parsed and compared as docs/grading.md says; undecided ones are counted apart.
#include "core/plugins.h"
#include "evals/common/math_grade.h"

namespace assay {
namespace {

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
    return evals::grade_answer(problem, text, options,
                               {evals::compare_answers, evals::answer_parses, true});
  }
};

}  // namespace

EvalPlugin make_eval_math() {
  return {"math", "answers as expressions, compared exactly",
          []() -> std::unique_ptr<Eval> { return std::make_unique<MathEval>(); }};
}

}  // namespace assay
