// The grade of a completion that ends in an answer: shared by math and aime.
#pragma once

#include <optional>
#include <string_view>

#include "core/eval.h"
#include "evals/common/compare_answers.h"
#include "evals/common/extract_answer.h"

namespace assay::evals {

/// "Please reason step by step, and put your final answer within \boxed{}.", the sentence of
/// DeepSeek-R1's and Qwen2.5-Math's published protocols, behind the problem. User turn only.
Prompt boxed_prompt(const Problem& problem);

/// How one eval compares, and which answers it accepts as well formed (C5).
struct AnswerRules {
  AnswerComparison (*compare)(std::string_view gold, std::string_view prediction,
                              const AnswerPolicy& policy);
  bool (*parses)(std::string_view answer);
  /// Several boxes in the last paragraph are one list where the gold answer is one.
  bool lists = false;
  /// Which part of the answer zone is the answer.
  std::optional<ExtractedAnswer> (*extract)(std::string_view text) = extract_answer;
};

/// Extracts from the answer zone and compares with `problem.answer`. details: "tier", "normalised"
/// (what cons@k votes on), "proof", "gold_form", "prediction_form" (compare_answers), "span" (bytes
/// of `text`), "unclosed"; "sensitivity" tells what the last formula (T4) and the last number (T5)
/// would have scored where the ladder found nothing, and never counts.
Grade grade_answer(const Problem& problem, const std::string& text, const PromptOptions& options,
                   const AnswerRules& rules);

}  // namespace assay::evals
