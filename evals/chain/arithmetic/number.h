// Exact numbers for checking arithmetic: rationals, and intervals of rationals where a number was
// rounded or is irrational. What is not proved to differ counts as equal.
#pragma once

#include <gmpxx.h>

#include <optional>

namespace assay::chain {

/// Every true value lies in [low, high]; exact when they are equal.
struct Number {
  mpq_class low;
  mpq_class high;

  static Number exact(const mpq_class& value) { return {value, value}; }
  bool is_exact() const { return low == high; }
};

/// Beyond these sizes a result is not computed (budgets of work, not of time).
inline constexpr std::size_t max_number_bits = 20'000;
inline constexpr long max_power = 4'096;
inline constexpr long max_factorial = 500;

Number add(const Number& a, const Number& b);
Number subtract(const Number& a, const Number& b);
// Nothing: a result over the budget, a divisor that may be 0, a root of what may be negative, an
// exponent or argument that is no integer within the budget.
std::optional<Number> multiply(const Number& a, const Number& b);
std::optional<Number> divide(const Number& a, const Number& b);
std::optional<Number> power(const Number& base, const Number& exponent);
/// The real `degree`-th root, 2 <= degree <= 16, to 2^-128 of its size or better.
std::optional<Number> root(const Number& radicand, unsigned long degree);
std::optional<Number> factorial(const Number& n);
std::optional<Number> binomial(const Number& n, const Number& k);
/// a mod b for exact integers, b > 0; in 0 .. b-1.
std::optional<Number> modulo(const Number& a, const Number& b);
/// pi to 40 digits.
Number pi();

/// The two share a value.
bool overlap(const Number& a, const Number& b);
/// The value widened by `radius` on both sides.
Number widened(const Number& a, const mpq_class& radius);

}  // namespace assay::chain
