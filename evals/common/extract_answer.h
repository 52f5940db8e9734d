// The extraction ladder: which part of a text is the final answer (docs/grading.md, G1).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace assay::evals {

enum class AnswerTier {
  boxed,         ///< T1: the last balanced, non-empty \boxed{} or \fbox{}
  final_answer,  ///< T2: <answer>, "final answer is", "final answer:"
  answer,        ///< T3: "answer is", "answer:", the same in other languages
  last_math,     ///< T4: the last formula in its delimiters; sensitivity only, never in a score
  last_number,   ///< T5: sensitivity only
};
/// "T1", "T2", "T3", "T4", "T5".
std::string_view answer_tier_name(AnswerTier tier);

struct ExtractedAnswer {
  std::string text;  ///< without the box, the math delimiters and Markdown's emphasis
  AnswerTier tier = AnswerTier::boxed;
  std::size_t begin = 0;  ///< byte span of `text` in the searched text
  std::size_t end = 0;
};

/// The boxes of the last paragraph that has one, in order, each once; empty without a box.
std::vector<ExtractedAnswer> boxed_answers(std::string_view text);

/// The first rung of T1, T2, T3 that finds something. Linear in the length of `text`.
std::optional<ExtractedAnswer> extract_answer(std::string_view text);

/// The last formula between $, $$, \( \) or \[ \]. One between single $ or in \( \) stands on
/// one line.
std::optional<ExtractedAnswer> extract_last_math(std::string_view text);

/// The last decimal number or fraction a/b, with sign, commas and decimal point.
std::optional<ExtractedAnswer> extract_last_number(std::string_view text);

/// The answer that a free text gives: its boxes (several: a list, separated by commas), the whole
/// text if it reads as one answer, else T2 to T5, else the text itself. For comparing texts of
/// unknown form; scores use extract_answer. `one_box`: of several boxes the last one, since the
/// gold answer is no list.
std::string answer_in(std::string_view text, bool one_box = false);

}  // namespace assay::evals
