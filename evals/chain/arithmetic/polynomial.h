// Equations in one variable as polynomials with rational coefficients.
#pragma once

#include <gmpxx.h>

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "evals/chain/arithmetic/expression.h"

namespace assay::chain {

/// coefficients[i] belongs to x^i; the last one is not 0. Empty: the zero polynomial.
struct Polynomial {
  std::vector<mpq_class> coefficients;

  std::size_t degree() const { return coefficients.empty() ? 0 : coefficients.size() - 1; }
  mpq_class at(const mpq_class& x) const;
  /// One is a rational multiple of the other.
  bool proportional(const Polynomial& other) const;
};

inline constexpr std::size_t max_polynomial_degree = 8;

/// left - right (just left without a right side) as a polynomial in t, where the first of
/// `variables` is t, the second 2t and so on; by interpolation, tried at two more points. Nothing:
/// not a polynomial of at most that degree, other variables without a value in `values`, several
/// readings, or numbers that are not exact.
std::optional<Polynomial> polynomial_of(const Expression& left, const Expression* right,
                                        const std::set<std::string>& variables,
                                        const Values& values);

}  // namespace assay::chain
