// gsm8k: word problems whose answer is a number (GSM8K).
//
// Prompted as math is. The answer is the last \boxed{} after the last </think>, else what stands
// behind "####" or a last line "A:" (how GSM8K's own solutions end), else "final answer is", else
// "answer is". Numbers are compared exactly: $18 and 18.00 are 18.
#include <algorithm>
#include <optional>

#include "core/plugins.h"
#include "evals/common/extract_answer.h"
#include "evals/common/math_grade.h"

namespace assay {
namespace {

/// What stands behind `mark` up to the end of the line.
std::optional<evals::ExtractedAnswer> rest_of_line(std::string_view text, std::size_t mark,
                                                   std::size_t mark_size) {
  constexpr std::string_view blank = " \t\r";
  const std::size_t begin = text.find_first_not_of(blank, mark + mark_size);
  const std::size_t line_end = std::min(text.find('\n', mark), text.size());
  if (begin >= line_end) return std::nullopt;
  const std::size_t end = text.find_last_not_of(blank, line_end - 1) + 1;
  return evals::ExtractedAnswer{std::string(text.substr(begin, end - begin)),
                                evals::AnswerTier::final_answer, begin, end};
}

std::optional<evals::ExtractedAnswer> extract(std::string_view text) {
  std::optional<evals::ExtractedAnswer> found = evals::extract_answer(text);
  if (found && found->tier == evals::AnswerTier::boxed) return found;
  constexpr std::string_view mark = "####";
  if (const std::size_t at = text.rfind(mark); at != std::string_view::npos) {
    if (auto answer = rest_of_line(text, at, mark.size())) return answer;
  }
  constexpr std::string_view last_line_mark = "\nA:";
  const std::size_t at = text.rfind(last_line_mark);
  const bool is_last =
      at != std::string_view::npos &&
      text.find_first_not_of(" \t\r\n", std::min(text.find('\n', at + 1), text.size())) ==
          std::string_view::npos;
  if (is_last) {
    if (auto answer = rest_of_line(text, at + 1, last_line_mark.size() - 1)) return answer;
  }
  return found;
}

class Gsm8kEval : public Eval {
 public:
  std::string name() const override { return "gsm8k"; }
  std::vector<std::string> protocols() const override { return {"boxed"}; }
  std::int64_t default_max_new_tokens(bool thinking) const override {
    return thinking ? 8'192 : 512;
  }
  Prompt prompt(const Problem& problem, const PromptOptions& /*options*/) const override {
    return evals::boxed_prompt(problem);
  }
  Grade grade(const Problem& problem, const std::string& text,
              const PromptOptions& options) const override {
    return evals::grade_answer(problem, text, options,
                               {evals::compare_answers, evals::answer_parses, false, extract});
  }
};

}  // namespace

EvalPlugin make_eval_gsm8k() {
  return {"gsm8k", "numbers, compared exactly",
          []() -> std::unique_ptr<Eval> { return std::make_unique<Gsm8kEval>(); }};
}

}  // namespace assay
