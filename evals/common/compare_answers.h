// Whether two answers are equal: identical tokens, then exact rationals.
//
// What these two rungs cannot decide stays undecided, with the rung named: roots, constants,
// formulas, tuples, sets and units need the value algebra of docs/grading.md (G4-G6). "Not equal"
// is said only where it is proved: two numbers that differ, or two plain texts that differ.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/eval.h"

namespace assay::evals {

/// Which rule decided; the names stand in journals and reports.
namespace rung {
inline constexpr const char* identical = "identical";
inline constexpr const char* rational = "rational";
inline constexpr const char* unit_optional = "unit-optional";  ///< one side bears a unit, one none
inline constexpr const char* percent = "percent";  ///< the gold's 10% is the prediction's 0.1
inline constexpr const char* text = "text";
inline constexpr const char* integer = "integer";
inline constexpr const char* budget = "budget";  ///< too long for the work allowed
inline constexpr const char* needs_algebra = "needs the full grader";
}  // namespace rung

struct AnswerComparison {
  Verdict verdict = Verdict::undecided;
  std::string rung;
};

/// Symmetric but for percent: only a gold answer written with % equals the fraction it stands for.
AnswerComparison compare_answers(std::string_view gold, std::string_view prediction);

/// The integer that an answer states in digits, without leading zeros ("-7"), or nothing: 7.0 and
/// 14/2 are no integers here. A leading "x =", a currency sign and a unit are not part of it.
std::optional<std::string> answer_integer(std::string_view answer);

/// What votes of cons@k are counted by: the number in lowest terms, or the normalised tokens; empty
/// when the answer is over the budget.
std::string normalised_answer(std::string_view answer);

}  // namespace assay::evals
