// Whether two parsed answers say the same: structures, units, choices, text (docs/grading.md, G5).
#pragma once

#include "evals/common/answer_policy.h"
#include "evals/common/answer_value.h"
#include "evals/common/compare_expressions.h"

namespace assay::evals {

namespace rung {
inline constexpr const char* unit_optional = "unit-optional";  ///< one side bears a unit, one none
inline constexpr const char* unit = "unit";                    ///< two different units
inline constexpr const char* percent = "percent";  ///< the gold's 10% is the prediction's 0.1
inline constexpr const char* base_n = "base-n";    ///< digits and base
inline constexpr const char* base_stripped = "base-stripped";  ///< the prediction leaves it out
inline constexpr const char* assignment = "assignment";        ///< x = 5 is 5, x in S is S
inline constexpr const char* equation = "equation";
inline constexpr const char* tuple = "tuple";
inline constexpr const char* set = "set";
inline constexpr const char* interval = "interval";
inline constexpr const char* matrix = "matrix";
inline constexpr const char* ratio = "ratio";
inline constexpr const char* choice = "choice";
inline constexpr const char* text = "text";
inline constexpr const char* structure = "structure";    ///< two kinds of answer
inline constexpr const char* unreadable = "unreadable";  ///< no mathematics that could be read
}  // namespace rung

/// Symmetric but for: decimals rounded to the gold's digits, percent, a base that only the
/// prediction leaves out, what the policy says of the gold, and what is unreadable (a prediction is
/// wrong, a gold leaves it undecided).
Judgement compare_values(const AnswerValue& gold, const AnswerValue& prediction,
                         const AnswerPolicy& policy);

}  // namespace assay::evals
