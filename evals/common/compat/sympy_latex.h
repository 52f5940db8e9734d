// LaTeX as sympy's parser reads it, mistakes included: the longest prefix that is an expression is
// the answer ("4,\frac{7}{2}" is 4, "3\cdot" is 3), every letter is a variable (i, e and \pi too),
// x(y) is a function x, and \left(1,2\right) is no expression at all.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "evals/common/math_expr.h"

namespace assay::evals::compat {

/// What sympy makes of a text.
struct SympyRead {
  enum class Status {
    expression,  ///< `left`
    relation,    ///< `left` and `right`
    text,        ///< it cannot read it
    budget       ///< more work than is allowed
  };
  Status status = Status::text;
  MathExpr left;
  MathExpr right;
  std::string relation;  ///< "=", "<", "<=", ">", ">=", "!="
};

/// parse_latex of sympy 1.12. Operations: symbol, number, add, multiply, divide, power, negate,
/// function ("log": argument, base), apply (functions and operators that stay unevaluated),
/// constant "infinity".
SympyRead read_sympy_latex(std::string_view text);

/// How a plain (Python-like) expression is read.
struct PlainOptions {
  /// 2x, 2(3) and "sin x" are read; a word that is no function is a product of its letters.
  bool implicit_products = false;
  bool caret_is_power = false;  ///< x^2; else '^' is no operation on numbers
};

/// parse_expr of sympy: all of `text` must be an expression.
SympyRead read_sympy_plain(std::string_view text, const PlainOptions& options);

}  // namespace assay::evals::compat
