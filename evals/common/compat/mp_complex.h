// Complex numbers of 256 bits on MPFR, whose results are correctly rounded and so the same on every
// machine. Only what comparing answers needs.
#pragma once

#include <gmpxx.h>
#include <mpfr.h>

#include <optional>
#include <string_view>

namespace assay::evals::compat {

/// A real number of 256 bits. A value: copies are deep.
class Real {
 public:
  Real() : Real(0.0) {}
  explicit Real(double value);
  explicit Real(const mpq_class& value);
  Real(const Real& other);
  Real& operator=(const Real& other);
  ~Real() { mpfr_clear(value_); }

  mpfr_ptr get() { return value_; }
  mpfr_srcptr get() const { return value_; }
  bool is_zero() const { return mpfr_zero_p(value_) != 0; }
  bool is_finite() const { return mpfr_number_p(value_) != 0; }
  double to_double() const { return mpfr_get_d(value_, MPFR_RNDN); }

 private:
  mpfr_t value_;
};

Real operator+(const Real& a, const Real& b);
Real operator-(const Real& a, const Real& b);
Real operator*(const Real& a, const Real& b);
Real operator/(const Real& a, const Real& b);
bool operator<(const Real& a, const Real& b);

struct Complex {
  Real re;
  Real im;
};

Complex operator+(const Complex& a, const Complex& b);
Complex operator-(const Complex& a, const Complex& b);
Complex operator*(const Complex& a, const Complex& b);

bool is_zero(const Complex& z);
bool is_finite(const Complex& z);
Real modulus(const Complex& z);

/// Nothing where the value is no finite number, or would take unbounded work (a sine of 10^(10^6)).
std::optional<Complex> divide(const Complex& a, const Complex& b);
/// The principal value, as sympy's.
std::optional<Complex> power(const Complex& base, const Complex& exponent);
std::optional<Complex> square_root(const Complex& z);
std::optional<Complex> natural_log(const Complex& z);

/// sin cos tan csc sec cot, sinh cosh tanh, a... of all but acsch and its kin, exp, abs, floor,
/// ceil, conjugate, factorial (of integers to 10,000). Nothing for an unknown name, too.
std::optional<Complex> apply_function(std::string_view name, const Complex& z);

}  // namespace assay::evals::compat
