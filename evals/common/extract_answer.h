// The extraction ladder: which part of a text is the final answer (docs/grading.md, G1).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace assay::evals {

enum class AnswerTier {
  boxed,         ///< T1: the last balanced, non-empty \boxed{} or \fbox{}
  final_answer,  ///< T2: "final answer is", "final answer:"
  answer,        ///< T3: "answer is", "answer:"
  last_number,   ///< sensitivity only, never in a score
};
/// "T1", "T2", "T3", "last number".
std::string_view answer_tier_name(AnswerTier tier);

struct ExtractedAnswer {
  std::string text;  ///< without the box, the math delimiters and Markdown's emphasis
  AnswerTier tier = AnswerTier::boxed;
  std::size_t begin = 0;  ///< byte span of `text` in the searched text
  std::size_t end = 0;
};

/// The first rung of T1, T2, T3 that finds something. Linear in the length of `text`.
std::optional<ExtractedAnswer> extract_answer(std::string_view text);

/// The last decimal number, with sign, commas and decimal point.
std::optional<ExtractedAnswer> extract_last_number(std::string_view text);

}  // namespace assay::evals
