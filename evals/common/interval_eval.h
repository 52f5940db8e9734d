// An expression's value as an enclosure, at any precision.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "evals/common/interval.h"
#include "evals/common/math_expr.h"

namespace assay::evals {

/// Work of one comparison, in operations weighted by precision: a budget, not a time.
inline constexpr long max_interval_work = 2'000'000;

struct Evaluation {
  mpfr_prec_t bits = 64;
  /// The values of symbols, and of applied functions by their text ("f(2)").
  const std::map<std::string, mpq_class>* values = nullptr;
  bool real_only = false;  ///< roots and logarithms of negative numbers are outside the domain
  long* work = nullptr;    ///< counted up; never null
};

/// Encloses the value; nothing where it is undefined or cannot be told apart from undefined at
/// this precision, and when the work is spent.
std::optional<Box> evaluate(const MathExpr& expr, const Evaluation& evaluation);

}  // namespace assay::evals
