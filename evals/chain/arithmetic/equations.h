// Claims with variables: simplifications, and solving steps of one variable.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "evals/chain/arithmetic/expression.h"

namespace assay::chain {

/// Whether two expressions in the same variables agree everywhere, tried at fixed rational points
/// (a rational identity that fails at one of them is refuted, one that holds at all is as good as
/// proved: Schwartz 1980). Nothing: other variables on one side, or not evaluable.
std::optional<bool> identical(const Expression& left, const Expression& right);

/// `from` has something to simplify that `to` has not: a product, quotient or power of a sum, or
/// more terms. "2x + 1 = 3x - 4" is an equation, "2(x + 1) = 2x + 2" a simplification.
bool simplifies(const Expression& from, const Expression& to);

/// left = right in one variable, of the first degree and with exactly one solution.
struct LinearEquation {
  std::string variable;
  mpq_class solution;
};
std::optional<LinearEquation> linear_equation(const Expression& left, const Expression& right);

}  // namespace assay::chain
