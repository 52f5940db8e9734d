#include "evals/common/math_grade.h"

#include <optional>
#include <string>

#include "evals/common/answer_zone.h"
#include "evals/common/extract_answer.h"

namespace assay::evals {

Prompt boxed_prompt(const Problem& problem) {
  Prompt prompt;
  prompt.messages.push_back(
      {"user", problem.question +
                   "\nPlease reason step by step, and put your final answer within \\boxed{}."});
  return prompt;
}

Grade grade_answer(const Problem& problem, const std::string& text, const PromptOptions& options,
                   const AnswerRules& rules) {
  Grade grade;
  const AnswerZone zone = answer_zone(text, options.thinking);
  grade.details["unclosed"] = zone.unclosed;
  const std::string_view answer_text = std::string_view(text).substr(zone.begin);
  const std::optional<ExtractedAnswer> answer = extract_answer(answer_text);
  if (!answer) {
    grade.rung = "no answer";
    // An open chain is searched here and only here: what it might have scored is not its score.
    if (const auto number = extract_last_number(zone.unclosed ? text : answer_text)) {
      grade.details["sensitivity"] = {
          {"last_number", number->text},
          {"verdict", verdict_name(rules.compare(problem.answer, number->text).verdict)}};
    }
    return grade;
  }
  grade.answer_found = true;
  grade.extracted = answer->text;
  grade.answer_parses = rules.parses(answer->text);
  const AnswerComparison comparison = rules.compare(problem.answer, answer->text);
  grade.verdict = comparison.verdict;
  grade.rung = comparison.rung;
  grade.details["tier"] = answer_tier_name(answer->tier);
  grade.details["normalised"] = normalised_answer(answer->text);
  grade.details["span"] = {zone.begin + answer->begin, zone.begin + answer->end};
  return grade;
}

}  // namespace assay::evals
