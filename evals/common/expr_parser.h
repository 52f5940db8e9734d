// Reads one expression from the front of an answer's tokens.
#pragma once

#include <cstddef>
#include <optional>

#include "evals/common/answer_tokens.h"
#include "evals/common/math_expr.h"

namespace assay::evals {

struct ExprNotation {
  /// Python or sympy wrote it: I and E are constants.
  bool python = false;
};

struct ExprReading {
  MathExpr expr;
  std::size_t used = 0;      ///< tokens taken; what follows may be a unit
  bool incomplete = false;   ///< an operand was missing, or a sign (\int, \sum) is not understood
  bool over_budget = false;  ///< deeper or larger than allowed: `expr` is not to be used
};

/// The longest expression at the front, by the precedence of school mathematics: sums, products
/// (written or implied, and / from left to right), signs, powers. A function without parentheses
/// takes the implied product behind it: \sin 2x \cos y is sin(2x) cos(y). 3\frac12 and 3 1/2 are
/// mixed numbers. Nothing if no expression begins here.
std::optional<ExprReading> read_expr(AnswerTokens tokens, ExprNotation notation);

/// The exact value of a number as written: "12", "3.50", "4.5e33". Nothing if it has more than
/// max_literal_digits digits.
std::optional<MathExpr> read_literal(const std::string& text);

/// The value of digits (0-9, A-Z) in a base from 2 to 36; nothing if a digit does not fit.
std::optional<mpz_class> read_digits(std::string_view digits, int base);

}  // namespace assay::evals
