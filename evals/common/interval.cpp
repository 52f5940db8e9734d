#include "evals/common/interval.h"

#include <utility>

namespace assay::evals {
namespace {

Interval zero_to(const Interval& high) {
  Interval result(high.bits());
  mpfr_set_ui(&result.get()->left, 0, MPFR_RNDD);
  mpfr_set(&result.get()->right, &high.get()->right, MPFR_RNDU);
  return result;
}

Interval one(mpfr_prec_t bits) {
  return {bits, mpq_class(1)};
}

}  // namespace

bool Interval::disjoint(const Interval& other) const {
  return mpfr_less_p(&value_->right, &other.value_->left) != 0 ||
         mpfr_less_p(&other.value_->right, &value_->left) != 0;
}

bool Interval::narrow() const {
  if (!bounded()) return false;
  mpfr_t width;
  mpfr_init2(width, 64);
  mpfi_diam_abs(width, value_);
  mpfr_t size;
  mpfr_init2(size, 64);
  mpfi_mag(size, value_);
  if (mpfr_cmp_ui(size, 1) < 0) mpfr_set_ui(size, 1, MPFR_RNDN);
  mpfr_mul_2si(size, size, -static_cast<long>(bits()) / 2, MPFR_RNDN);
  const bool result = mpfr_lessequal_p(width, size) != 0;
  mpfr_clear(width);
  mpfr_clear(size);
  return result;
}

std::optional<mpz_class> Interval::floor() const {
  constexpr long max_bits = 1 << 16;
  if (!bounded()) return std::nullopt;
  for (const mpfr_srcptr end : {&value_->left, &value_->right}) {
    if (mpfr_zero_p(end) == 0 && mpfr_get_exp(end) > max_bits) return std::nullopt;
  }
  mpz_class low;
  mpz_class high;
  mpfr_get_z(low.get_mpz_t(), &value_->left, MPFR_RNDD);
  mpfr_get_z(high.get_mpz_t(), &value_->right, MPFR_RNDD);
  if (low != high) return std::nullopt;
  return low;
}

std::optional<mpz_class> Interval::integer() const {
  if (mpfr_integer_p(&value_->left) == 0 || mpfr_equal_p(&value_->left, &value_->right) == 0) {
    return std::nullopt;
  }
  return floor();
}

bool Box::disjoint(const Box& other) const {
  return re.disjoint(other.re) || im.disjoint(other.im);
}

Interval apply(Unary function, const Interval& a) {
  Interval result(a.bits());
  function(result.get(), a.get());
  return result;
}

Interval apply(Binary function, const Interval& a, const Interval& b) {
  Interval result(a.bits());
  function(result.get(), a.get(), b.get());
  return result;
}

Box add(const Box& a, const Box& b) {
  if (a.real && b.real) return Box(apply(mpfi_add, a.re, b.re));
  return {apply(mpfi_add, a.re, b.re), apply(mpfi_add, a.im, b.im)};
}

Box negate(const Box& a) {
  if (a.real) return Box(apply(mpfi_neg, a.re));
  return {apply(mpfi_neg, a.re), apply(mpfi_neg, a.im)};
}

Box multiply(const Box& a, const Box& b) {
  if (a.real && b.real) return Box(apply(mpfi_mul, a.re, b.re));
  if (a.real) return {apply(mpfi_mul, a.re, b.re), apply(mpfi_mul, a.re, b.im)};
  if (b.real) return {apply(mpfi_mul, a.re, b.re), apply(mpfi_mul, a.im, b.re)};
  return {apply(mpfi_sub, apply(mpfi_mul, a.re, b.re), apply(mpfi_mul, a.im, b.im)),
          apply(mpfi_add, apply(mpfi_mul, a.re, b.im), apply(mpfi_mul, a.im, b.re))};
}

std::optional<Box> divide(const Box& a, const Box& b) {
  if (b.real) {
    if (b.re.has_zero()) return std::nullopt;
    if (a.real) return Box(apply(mpfi_div, a.re, b.re));
    return Box(apply(mpfi_div, a.re, b.re), apply(mpfi_div, a.im, b.re));
  }
  const Interval norm = apply(mpfi_add, apply(mpfi_sqr, b.re), apply(mpfi_sqr, b.im));
  if (norm.has_zero()) return std::nullopt;
  const Box product = multiply(a, Box(b.re, apply(mpfi_neg, b.im)));
  return Box(apply(mpfi_div, product.re, norm), apply(mpfi_div, product.im, norm));
}

std::optional<Box> integer_power(const Box& a, long n) {
  Box result(one(a.re.bits()));
  Box square = a;
  for (unsigned long k = n < 0 ? 0UL - static_cast<unsigned long>(n)
                               : static_cast<unsigned long>(n);
       k > 0; k /= 2) {
    if (k % 2 != 0) result = multiply(result, square);
    if (k > 1) square = square.real ? Box(apply(mpfi_sqr, square.re)) : multiply(square, square);
  }
  return n < 0 ? divide(Box(one(a.re.bits())), result) : result;
}

std::optional<Box> logarithm(const Box& a) {
  if (a.real && a.re.positive()) return Box(apply(mpfi_log, a.re));
  const Interval norm = apply(mpfi_hypot, a.re, a.im);
  if (norm.has_zero()) return std::nullopt;
  return Box(apply(mpfi_log, norm), apply(mpfi_atan2, a.im, a.re));
}

Box exponential(const Box& a) {
  const Interval size = apply(mpfi_exp, a.re);
  if (a.real) return Box(size);
  return {apply(mpfi_mul, size, apply(mpfi_cos, a.im)),
          apply(mpfi_mul, size, apply(mpfi_sin, a.im))};
}

std::optional<Box> nth_root(const Box& a, unsigned long n) {
  if (n == 0) return std::nullopt;
  if (a.real && (a.re.nonnegative() || n % 2 != 0)) {
    Interval result(a.re.bits());
    mpfr_rootn_ui(&result.get()->left, &a.re.get()->left, n, MPFR_RNDD);
    mpfr_rootn_ui(&result.get()->right, &a.re.get()->right, n, MPFR_RNDU);
    return Box(std::move(result));
  }
  if (a.real && n == 2 && !a.re.negative()) {
    // Zero lies inside: the root of the positive part, and i times that of the negative.
    const Interval flipped = apply(mpfi_neg, a.re);
    return Box(apply(mpfi_sqrt, zero_to(a.re)), apply(mpfi_sqrt, zero_to(flipped)));
  }
  if (a.real && n == 2) {
    return Box(Interval(a.re.bits(), 0), apply(mpfi_sqrt, apply(mpfi_neg, a.re)));
  }
  const std::optional<Box> log = logarithm(a);
  if (!log) return std::nullopt;
  return exponential(multiply(*log, Box(Interval(a.re.bits(), mpq_class(1, n)))));
}

std::optional<Box> general_power(const Box& a, const Box& b) {
  const std::optional<Box> log = logarithm(a);
  if (!log) return std::nullopt;
  return exponential(multiply(b, *log));
}

Box sine(const Box& a) {
  if (a.real) return Box(apply(mpfi_sin, a.re));
  return {apply(mpfi_mul, apply(mpfi_sin, a.re), apply(mpfi_cosh, a.im)),
          apply(mpfi_mul, apply(mpfi_cos, a.re), apply(mpfi_sinh, a.im))};
}

Box cosine(const Box& a) {
  if (a.real) return Box(apply(mpfi_cos, a.re));
  const Interval im = apply(mpfi_mul, apply(mpfi_sin, a.re), apply(mpfi_sinh, a.im));
  return {apply(mpfi_mul, apply(mpfi_cos, a.re), apply(mpfi_cosh, a.im)), apply(mpfi_neg, im)};
}

std::optional<Interval> factorial(const Interval& a) {
  constexpr int max_shift = 64;
  constexpr double max_argument = 1e4;
  if (!a.bounded() || mpfr_cmp_d(&a.get()->right, max_argument) > 0) return std::nullopt;
  // Gamma grows from 2 on; smaller arguments are shifted there: x! = (x+k)! / ((x+1)...(x+k)).
  Interval shifted = apply(mpfi_add, a, one(a.bits()));
  Interval divisor = one(a.bits());
  for (int k = 0; mpfr_cmp_ui(&shifted.get()->left, 2) < 0; ++k) {
    if (k == max_shift) return std::nullopt;
    divisor = apply(mpfi_mul, divisor, shifted);
    shifted = apply(mpfi_add, shifted, one(a.bits()));
  }
  if (divisor.has_zero()) return std::nullopt;
  Interval gamma(a.bits());
  mpfr_gamma(&gamma.get()->left, &shifted.get()->left, MPFR_RNDD);
  mpfr_gamma(&gamma.get()->right, &shifted.get()->right, MPFR_RNDU);
  return apply(mpfi_div, gamma, divisor);
}

}  // namespace assay::evals
