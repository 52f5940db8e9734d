// Whether two answers are equal: the ladder of docs/grading.md, from identical tokens to structure.
//
// Three verdicts. "Undecided" is said where the allowed work ran out or a value is undefined; it is
// counted apart and never silently wrong. No tolerance, no clock: the same verdict everywhere.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/eval.h"
#include "evals/common/answer_policy.h"
#include "evals/common/compare_values.h"

namespace assay::evals {

namespace rung {
inline constexpr const char* integer = "integer";  ///< aime: an integer from 000 to 999, or wrong
}

struct AnswerComparison {
  Verdict verdict = Verdict::undecided;
  std::string rung;             ///< the rule that decided (namespace rung)
  std::string proof;            ///< how sure (namespace proof)
  std::string gold_form;        ///< normalised, for a person
  std::string prediction_form;  ///< the same of the prediction; empty where nothing could be read
};

/// Symmetric but for the one-sided rules of compare_values.h. Both are answers as extract_answer
/// or answer_in gives them, without the sentence around them.
AnswerComparison compare_answers(std::string_view gold, std::string_view prediction);
AnswerComparison compare_answers(std::string_view gold, std::string_view prediction,
                                 const AnswerPolicy& policy);

/// Whether a gold answer is a list, a set or a pair of signs: several boxes are one answer then.
bool asks_for_list(std::string_view gold);

/// Whether something stands there that can be read to its end as an answer (C5).
bool answer_parses(std::string_view answer);

/// What votes of cons@k are counted by: the number in lowest terms, or the normalised form; empty
/// when the answer is over the budget.
std::string normalised_answer(std::string_view answer);

}  // namespace assay::evals
