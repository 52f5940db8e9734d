// Rational functions over Q in variables, radicals of primes, i, pi and opaque atoms: one canonical
// form for everything that school algebra calls equal.
//
// A monomial is a product of atoms with rational exponents. Exponents of a prime lie in [0, 1) and
// of i in {0, 1}: what exceeds them moves to the coefficient. Products of radicals of different
// primes are linearly independent over Q (Besicovitch, 1940), also over Q(i); pi is transcendental.
// So two forms without opaque atoms, and without both pi and e, are equal exactly when they are the
// same function: a proof both ways.
#pragma once

#include <gmpxx.h>

#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "evals/common/math_expr.h"

namespace assay::evals {

/// Budgets of exact work (docs/grading.md, G6).
inline constexpr std::size_t max_terms = 10'000;
inline constexpr long max_exponent = 10'000;
inline constexpr std::size_t max_result_bits = std::size_t{1} << 20;
inline constexpr long max_algebra_work = 150'000;

struct AtomPower {
  int atom = 0;
  int num = 0;  ///< the exponent num/den in lowest terms, den > 0
  int den = 1;
  bool operator==(const AtomPower&) const = default;
  bool operator<(const AtomPower& other) const {
    return std::tie(atom, num, den) < std::tie(other.atom, other.num, other.den);
  }
};
using Monomial = std::vector<AtomPower>;  ///< by atom, ascending
using Polynomial = std::map<Monomial, mpq_class>;

struct RationalFunction {
  Polynomial numerator;
  Polynomial denominator;
};

/// The atoms of a comparison, shared by both sides, and the work done so far.
class Algebra {
 public:
  /// Nothing if a denominator is zero or the budget ran out (then over_budget()).
  std::optional<RationalFunction> canonical(const MathExpr& expr);

  /// a == b as formal functions; nothing over the budget.
  std::optional<bool> equal(const RationalFunction& a, const RationalFunction& b);
  /// Whether numerator(a) is a non-zero rational multiple of numerator(b).
  bool same_zeros(const RationalFunction& a, const RationalFunction& b) const;

  bool over_budget() const { return over_budget_; }
  /// Every atom so far is a variable, a prime, i, or one of pi and e: inequality is proved too.
  bool decides() const { return !opaque_ && !(has_pi_ && has_e_); }
  /// A radical of a prime or i is among the atoms.
  bool has_surds() const { return surds_; }

 private:
  enum class AtomKind { variable, prime, imaginary, opaque };
  struct Atom {
    AtomKind kind = AtomKind::variable;
    mpz_class prime;
  };
  using Form = std::optional<RationalFunction>;

  int atom(const std::string& key, AtomKind kind, const mpz_class& prime = 0);
  bool spend(const mpq_class& a, const mpq_class& b);
  void add_term(Polynomial& sum, Monomial monomial, const mpq_class& coefficient);
  Polynomial product(const Polynomial& a, const Polynomial& b);
  void multiply_terms(Polynomial& out, const Polynomial::value_type& a,
                      const Polynomial::value_type& b);
  Form sum(const RationalFunction& a, const RationalFunction& b);
  Form times(const RationalFunction& a, const RationalFunction& b);
  Form inverse(RationalFunction a) const;
  Form integer_power(const RationalFunction& base, long exponent);
  Form rational_power(const RationalFunction& base, const mpq_class& exponent);
  Form constant_power(const mpq_class& base, const mpq_class& exponent);
  Form power(const MathExpr& base, const MathExpr& exponent);
  Form symbolic_power(const RationalFunction& base, const RationalFunction& exponent);
  Form prime_powers(mpz_class value, const mpq_class& exponent, bool invert);
  Form fold(const MathExpr& expr);
  Form exact_function(const MathExpr& expr, const std::vector<RationalFunction>& args);
  Form factorial(const mpq_class& n);
  Form opaque(const std::string& name, const std::vector<RationalFunction>& args);
  Form atom_power(int id, const mpq_class& exponent);
  Form fail();

  std::map<std::string, int> ids_;
  std::vector<Atom> atoms_;
  long work_ = 0;
  bool over_budget_ = false;
  bool opaque_ = false;
  bool has_pi_ = false;
  bool has_e_ = false;
  bool surds_ = false;
};

RationalFunction constant_function(mpq_class value);
/// The value of a form that has no atoms.
std::optional<mpq_class> constant_value(const RationalFunction& form);
/// A text that names the form among those of one Algebra.
std::string form_text(const RationalFunction& form);

}  // namespace assay::evals
