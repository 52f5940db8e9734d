#include "evals/common/compat/mp_complex.h"

#include <algorithm>
#include <array>

namespace assay::evals::compat {
namespace {

constexpr mpfr_prec_t kBits = 256;
/// Sines and cosines of arguments beyond 2^4096 would need that many bits of pi.
constexpr mpfr_exp_t kLargestTrigExponent = 4096;
constexpr unsigned long kLargestFactorial = 10'000;

using Binary = int (*)(mpfr_ptr, mpfr_srcptr, mpfr_srcptr, mpfr_rnd_t);
using Unary = int (*)(mpfr_ptr, mpfr_srcptr, mpfr_rnd_t);

Real with(Binary f, const Real& a, const Real& b) {
  Real out;
  f(out.get(), a.get(), b.get(), MPFR_RNDN);
  return out;
}

Real with(Unary f, const Real& a) {
  Real out;
  f(out.get(), a.get(), MPFR_RNDN);
  return out;
}

Real negated(const Real& a) {
  return with(mpfr_neg, a);
}

std::optional<Complex> finite(Complex z) {
  if (!is_finite(z)) return std::nullopt;
  return z;
}

Complex real(double value) {
  return {Real(value), Real()};
}

Complex times_i(const Complex& z) {
  return {negated(z.im), z.re};
}

bool has_small_exponent(const Real& a) {
  return a.is_zero() || (a.is_finite() && mpfr_get_exp(a.get()) <= kLargestTrigExponent);
}

std::optional<Complex> exponential(const Complex& z) {
  if (!has_small_exponent(z.im)) return std::nullopt;
  const Real size = with(mpfr_exp, z.re);
  return finite({size * with(mpfr_cos, z.im), size * with(mpfr_sin, z.im)});
}

std::optional<Complex> sine(const Complex& z) {
  if (!has_small_exponent(z.re)) return std::nullopt;
  return finite(
      {with(mpfr_sin, z.re) * with(mpfr_cosh, z.im), with(mpfr_cos, z.re) * with(mpfr_sinh, z.im)});
}

std::optional<Complex> cosine(const Complex& z) {
  if (!has_small_exponent(z.re)) return std::nullopt;
  return finite({with(mpfr_cos, z.re) * with(mpfr_cosh, z.im),
                 negated(with(mpfr_sin, z.re) * with(mpfr_sinh, z.im))});
}

std::optional<Complex> hyperbolic_sine(const Complex& z) {
  const auto s = sine(times_i(z));  // sinh z = -i sin(iz)
  if (!s) return std::nullopt;
  return Complex{s->im, negated(s->re)};
}

std::optional<Complex> hyperbolic_cosine(const Complex& z) {
  return cosine(times_i(z));
}

std::optional<Complex> quotient(const std::optional<Complex>& a, const std::optional<Complex>& b) {
  if (!a || !b) return std::nullopt;
  return divide(*a, *b);
}

std::optional<Complex> inverse(const Complex& z) {
  return divide(real(1), z);
}

/// asinh z = log(z + sqrt(z^2 + 1))
std::optional<Complex> inverse_hyperbolic_sine(const Complex& z) {
  const auto root = square_root(z * z + real(1));
  if (!root) return std::nullopt;
  return natural_log(z + *root);
}

/// asin z = -i asinh(iz)
std::optional<Complex> inverse_sine(const Complex& z) {
  const auto a = inverse_hyperbolic_sine(times_i(z));
  if (!a) return std::nullopt;
  return Complex{a->im, negated(a->re)};
}

std::optional<Complex> inverse_cosine(const Complex& z) {
  const auto a = inverse_sine(z);
  if (!a) return std::nullopt;
  Complex half_pi = real(0);
  mpfr_const_pi(half_pi.re.get(), MPFR_RNDN);
  mpfr_div_ui(half_pi.re.get(), half_pi.re.get(), 2, MPFR_RNDN);
  return half_pi - *a;
}

/// acosh z = log(z + sqrt(z + 1) sqrt(z - 1))
std::optional<Complex> inverse_hyperbolic_cosine(const Complex& z) {
  const auto above = square_root(z + real(1));
  const auto below = square_root(z - real(1));
  if (!above || !below) return std::nullopt;
  return natural_log(z + *above * *below);
}

/// atanh z = (log(1 + z) - log(1 - z)) / 2
std::optional<Complex> inverse_hyperbolic_tangent(const Complex& z) {
  const auto above = natural_log(real(1) + z);
  const auto below = natural_log(real(1) - z);
  if (!above || !below) return std::nullopt;
  return divide(*above - *below, real(2));
}

/// atan z = -i atanh(iz)
std::optional<Complex> inverse_tangent(const Complex& z) {
  const auto a = inverse_hyperbolic_tangent(times_i(z));
  if (!a) return std::nullopt;
  return Complex{a->im, negated(a->re)};
}

std::optional<Complex> factorial(const Complex& z) {
  if (!z.im.is_zero() || mpfr_integer_p(z.re.get()) == 0 || mpfr_sgn(z.re.get()) < 0 ||
      mpfr_cmp_ui(z.re.get(), kLargestFactorial) > 0) {
    return std::nullopt;
  }
  Complex out = real(0);
  mpfr_fac_ui(out.re.get(), mpfr_get_ui(z.re.get(), MPFR_RNDN), MPFR_RNDN);
  return out;
}

std::optional<Complex> of_inverse(std::optional<Complex> (*f)(const Complex&), const Complex& z) {
  const auto inverted = inverse(z);
  if (!inverted) return std::nullopt;
  return f(*inverted);
}

Real rounded_down(const Real& a) {
  Real out;
  mpfr_floor(out.get(), a.get());
  return out;
}

Real rounded_up(const Real& a) {
  Real out;
  mpfr_ceil(out.get(), a.get());
  return out;
}

}  // namespace

Real::Real(double value) {
  mpfr_init2(value_, kBits);
  mpfr_set_d(value_, value, MPFR_RNDN);
}

Real::Real(const mpq_class& value) {
  mpfr_init2(value_, kBits);
  mpfr_set_q(value_, value.get_mpq_t(), MPFR_RNDN);
}

Real::Real(const Real& other) {
  mpfr_init2(value_, kBits);
  mpfr_set(value_, other.value_, MPFR_RNDN);
}

Real& Real::operator=(const Real& other) {
  if (this != &other) mpfr_set(value_, other.value_, MPFR_RNDN);
  return *this;
}

Real operator+(const Real& a, const Real& b) {
  return with(mpfr_add, a, b);
}
Real operator-(const Real& a, const Real& b) {
  return with(mpfr_sub, a, b);
}
Real operator*(const Real& a, const Real& b) {
  return with(mpfr_mul, a, b);
}
Real operator/(const Real& a, const Real& b) {
  return with(mpfr_div, a, b);
}
bool operator<(const Real& a, const Real& b) {
  return mpfr_less_p(a.get(), b.get()) != 0;
}

Complex operator+(const Complex& a, const Complex& b) {
  return {a.re + b.re, a.im + b.im};
}
Complex operator-(const Complex& a, const Complex& b) {
  return {a.re - b.re, a.im - b.im};
}
Complex operator*(const Complex& a, const Complex& b) {
  // Products with an exact zero stay exact: real numbers remain real.
  if (a.im.is_zero() && b.im.is_zero()) return {a.re * b.re, Real()};
  return {a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
}

bool is_zero(const Complex& z) {
  return z.re.is_zero() && z.im.is_zero();
}

bool is_finite(const Complex& z) {
  return z.re.is_finite() && z.im.is_finite();
}

Real modulus(const Complex& z) {
  return with(mpfr_hypot, z.re, z.im);
}

std::optional<Complex> divide(const Complex& a, const Complex& b) {
  if (is_zero(b)) return std::nullopt;
  if (b.im.is_zero()) return finite({a.re / b.re, a.im / b.re});
  const Real size = b.re * b.re + b.im * b.im;
  const Complex top = a * Complex{b.re, negated(b.im)};
  return finite({top.re / size, top.im / size});
}

std::optional<Complex> natural_log(const Complex& z) {
  if (is_zero(z)) return std::nullopt;
  // An exact zero has no sign: the argument of a negative number is pi, never -pi.
  const Real im = z.im.is_zero() ? Real() : z.im;
  return finite({with(mpfr_log, modulus(z)), with(mpfr_atan2, im, z.re)});
}

std::optional<Complex> square_root(const Complex& z) {
  if (z.im.is_zero()) {
    const Real root = with(mpfr_sqrt, with(mpfr_abs, z.re));
    return mpfr_sgn(z.re.get()) < 0 ? finite({Real(), root}) : finite({root, Real()});
  }
  return power(z, real(0.5));
}

std::optional<Complex> power(const Complex& base, const Complex& exponent) {
  if (is_zero(exponent)) return real(1);
  if (is_zero(base)) {
    if (mpfr_sgn(exponent.re.get()) > 0) return real(0);
    return std::nullopt;
  }
  constexpr long largest_loop = 1 << 20;
  const bool is_integer = exponent.im.is_zero() && mpfr_integer_p(exponent.re.get()) != 0;
  if (is_integer && mpfr_cmpabs_ui(exponent.re.get(), largest_loop) <= 0) {
    const long n = mpfr_get_si(exponent.re.get(), MPFR_RNDN);
    Complex product = real(1);
    Complex square = base;
    for (unsigned long left = static_cast<unsigned long>(n < 0 ? -n : n); left > 0; left /= 2) {
      if (left % 2 == 1) product = product * square;
      square = square * square;
    }
    return n < 0 ? inverse(product) : finite(product);
  }
  const bool is_positive = base.im.is_zero() && mpfr_sgn(base.re.get()) > 0;
  if (is_positive && exponent.im.is_zero()) {
    return finite({with(mpfr_pow, base.re, exponent.re), Real()});
  }
  const auto log = natural_log(base);
  if (!log) return std::nullopt;
  return exponential(*log * exponent);
}

std::optional<Complex> apply_function(std::string_view name, const Complex& z) {
  struct Entry {
    std::string_view name;
    std::optional<Complex> (*f)(const Complex&);
  };
  static constexpr std::array entries = {
      Entry{"exp", exponential},
      Entry{"ln", natural_log},
      Entry{"sqrt", square_root},
      Entry{"factorial", factorial},
      Entry{"sin", sine},
      Entry{"cos", cosine},
      Entry{"sinh", hyperbolic_sine},
      Entry{"cosh", hyperbolic_cosine},
      Entry{"asin", inverse_sine},
      Entry{"acos", inverse_cosine},
      Entry{"atan", inverse_tangent},
      Entry{"asinh", inverse_hyperbolic_sine},
      Entry{"acosh", inverse_hyperbolic_cosine},
      Entry{"atanh", inverse_hyperbolic_tangent},
      Entry{"tan", [](const Complex& a) { return quotient(sine(a), cosine(a)); }},
      Entry{"cot", [](const Complex& a) { return quotient(cosine(a), sine(a)); }},
      Entry{"sec", [](const Complex& a) { return quotient(real(1), cosine(a)); }},
      Entry{"csc", [](const Complex& a) { return quotient(real(1), sine(a)); }},
      Entry{"tanh",
            [](const Complex& a) { return quotient(hyperbolic_sine(a), hyperbolic_cosine(a)); }},
      Entry{"acsc", [](const Complex& a) { return of_inverse(inverse_sine, a); }},
      Entry{"asec", [](const Complex& a) { return of_inverse(inverse_cosine, a); }},
      Entry{"acot", [](const Complex& a) { return of_inverse(inverse_tangent, a); }},
      Entry{"abs",
            [](const Complex& a) {
              return finite({modulus(a), Real()});
            }},
      Entry{"conjugate",
            [](const Complex& a) {
              return finite({a.re, negated(a.im)});
            }},
      Entry{"floor",
            [](const Complex& a) {
              return finite({rounded_down(a.re), rounded_down(a.im)});
            }},
      Entry{"ceil",
            [](const Complex& a) {
              return finite({rounded_up(a.re), rounded_up(a.im)});
            }},
  };
  for (const Entry& entry : entries) {
    if (entry.name == name) return entry.f(z);
  }
  return std::nullopt;
}

}  // namespace assay::evals::compat
