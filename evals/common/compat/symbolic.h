// Whether two expressions are the same: what sympy's equals() and simplify(a - b) == 0 find for the
// answers that occur.
//
// Not by rewriting but by values: of 256 bits, at twelve fixed complex points, where they must
// agree to 40 digits. Identities that hold for positive numbers alone (sqrt(x^2) = x) fail there,
// as they do in sympy. What sympy cannot simplify within its program's time is equal here all the
// same.
#pragma once

#include <string_view>

#include "evals/common/compat/sympy_latex.h"

namespace assay::evals::compat {

enum class Sameness { same, different, budget };

/// Constants also when they differ by less than `tolerance` relative to the larger (0: exactly).
Sameness same_expression(const MathExpr& a, const MathExpr& b, double tolerance);

/// How qwen's program compares two texts that sympy may read as LaTeX or as Python: the same
/// expression, or constants within 1e-4, or relations whose sides differ by as much; texts that it
/// cannot read must be alike.
Sameness symbolic_equal(std::string_view a, std::string_view b);

}  // namespace assay::evals::compat
