#include "evals/common/math_grade.h"

#include <optional>
#include <string>
#include <vector>

#include "evals/common/answer_zone.h"
#include "evals/common/compare_answers.h"

namespace assay::evals {

namespace {

/// "\boxed{1} and \boxed{2}" is the list 1, 2 where a list is asked for.
void join_boxes(const std::string& gold, std::string_view text, ExtractedAnswer& answer) {
  if (answer.tier != AnswerTier::boxed || !asks_for_list(gold)) return;
  const std::vector<ExtractedAnswer> boxes = boxed_answers(text);
  if (boxes.size() < 2) return;
  answer.text.clear();
  for (const ExtractedAnswer& box : boxes)
    answer.text += (answer.text.empty() ? "" : ", ") + box.text;
  answer.begin = boxes.front().begin;
}

/// What the tiers that never count would have scored.
void add_sensitivity(Grade& grade, const Problem& problem, std::string_view text,
                     const AnswerPolicy& policy, const AnswerRules& rules) {
  const auto verdict_of = [&](const ExtractedAnswer& answer) {
    return verdict_name(rules.compare(problem.answer, answer.text, policy).verdict);
  };
  if (const auto number = extract_last_number(text)) {
    grade.details["sensitivity"] = {{"last_number", number->text},
                                    {"verdict", verdict_of(*number)}};
  }
  if (const auto math = extract_last_math(text)) {
    grade.details["sensitivity"]["last_math"] = math->text;
    grade.details["sensitivity"]["last_math_verdict"] = verdict_of(*math);
  }
}

}  // namespace

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
  const AnswerPolicy policy = answer_policy(problem.id);
  std::optional<ExtractedAnswer> answer = rules.extract(answer_text);
  if (answer && rules.lists) join_boxes(problem.answer, answer_text, *answer);
  if (!answer) {
    grade.rung = "no answer";
    // An open chain is searched here and only here: what it might have scored is not its score.
    add_sensitivity(grade, problem, zone.unclosed ? std::string_view(text) : answer_text, policy,
                    rules);
    return grade;
  }
  grade.answer_found = true;
  grade.extracted = answer->text;
  grade.answer_parses = rules.parses(answer->text);
  const AnswerComparison comparison = rules.compare(problem.answer, answer->text, policy);
  grade.verdict = comparison.verdict;
  grade.rung = comparison.rung;
  grade.details["tier"] = answer_tier_name(answer->tier);
  grade.details["proof"] = comparison.proof;
  grade.details["gold_form"] = comparison.gold_form;
  grade.details["prediction_form"] = comparison.prediction_form;
  grade.details["normalised"] = normalised_answer(answer->text);
  grade.details["span"] = {zone.begin + answer->begin, zone.begin + answer->end};
  return grade;
}

}  // namespace assay::evals
