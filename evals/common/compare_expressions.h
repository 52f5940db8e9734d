// Whether two expressions are equal: the scalar rungs of the ladder (docs/grading.md, G5, 2-5).
#pragma once

#include <string>
#include <vector>

#include "core/eval.h"
#include "evals/common/math_expr.h"

namespace assay::evals {

/// Which rule decided; the names stand in journals and reports.
namespace rung {
inline constexpr const char* identical = "identical";
inline constexpr const char* rational = "rational";  ///< exact rational numbers
inline constexpr const char* algebra = "algebra";    ///< canonical rational functions, surds, i
inline constexpr const char* constant = "constant";  ///< interval arithmetic
inline constexpr const char* function = "function";  ///< intervals at random rational points
inline constexpr const char* decimal = "decimal";    ///< rounds to the gold's digits
inline constexpr const char* log_base = "log-base";  ///< equal if log is the decimal logarithm
inline constexpr const char* budget = "budget";      ///< more work than allowed
inline constexpr const char* undefined =
    "undefined";  ///< division by zero, infinity minus infinity
}  // namespace rung

/// How sure a verdict is.
namespace proof {
inline constexpr const char* proved = "proved";
inline constexpr const char* bits = "to 1024 bits";
inline constexpr const char* probabilistic = "probabilistic";  ///< equal at all points tried
inline constexpr const char* form = "by form";  ///< decided by how it is written, not by its value
inline constexpr const char* none = "none";     ///< of undecided
}  // namespace proof

struct Judgement {
  Verdict verdict = Verdict::undecided;
  std::string rung;
  std::string proof = proof::none;
};
inline Judgement judged(Verdict verdict, const char* rung, const char* proof) {
  return {verdict, rung, proof};
}

/// Symmetric. Both without plus_minus (see expand_signs).
Judgement compare_expressions(const MathExpr& a, const MathExpr& b);

/// Whether `prediction` rounds to the decimal `gold` at its digits, half up or half to even. Only
/// for a gold written as a decimal; undecided if that cannot be told.
Judgement compare_rounded(const MathExpr& gold, const MathExpr& prediction);
/// Whether `gold` may be a rounded form of `prediction`: at least two digits behind its point, and
/// two significant ones; three where the prediction is a decimal itself, for two rounded numbers
/// that share two digits prove little. 2.5 is taken as exact, and so is what has a power of ten.
bool may_be_rounded(const MathExpr& gold, const MathExpr& prediction);

/// Equations left = right: equal if left - right is the same up to a non-zero rational factor.
Judgement compare_equations(const MathExpr& left_a, const MathExpr& right_a, const MathExpr& left_b,
                            const MathExpr& right_b);

/// The expressions that \pm stands for: two for one sign, each independent sign doubling them; \mp
/// goes with the first \pm. Itself where there is none; nothing over 16.
std::vector<MathExpr> expand_signs(const MathExpr& expr);

/// Whether a constant has no value: 7/0, 0/0. False for what has variables.
bool is_undefined(const MathExpr& expr);

}  // namespace assay::evals
