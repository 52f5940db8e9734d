// Real intervals (MPFI on MPFR) and rectangles of the complex plane: every operation encloses all
// values that its operands allow, so two disjoint results are a proof of inequality.
//
// MPFI rather than FLINT/Arb: one package name in Debian 12, Debian 13 and Ubuntu 24.04.
#pragma once

#include <gmpxx.h>
#include <mpfi.h>

#include <optional>

namespace assay::evals {

class Interval {
 public:
  explicit Interval(mpfr_prec_t bits) { mpfi_init2(value_, bits); }
  Interval(mpfr_prec_t bits, const mpq_class& value) : Interval(bits) {
    mpfi_set_q(value_, value.get_mpq_t());
  }
  Interval(const Interval& other) : Interval(other.bits()) { mpfi_set(value_, other.value_); }
  Interval(Interval&& other) noexcept : Interval(other.bits()) { mpfi_swap(value_, other.value_); }
  Interval& operator=(Interval other) noexcept {
    mpfi_swap(value_, other.value_);
    return *this;
  }
  ~Interval() { mpfi_clear(value_); }

  mpfr_prec_t bits() const { return mpfi_get_prec(value_); }
  mpfi_ptr get() { return value_; }
  mpfi_srcptr get() const { return value_; }

  bool bounded() const { return mpfi_bounded_p(value_) != 0; }
  bool has_zero() const { return mpfi_has_zero(value_) != 0; }
  bool is_zero() const { return mpfi_is_zero(value_) != 0; }
  bool positive() const { return mpfi_is_strictly_pos(value_) != 0; }
  bool negative() const { return mpfi_is_strictly_neg(value_) != 0; }
  bool nonnegative() const { return mpfr_sgn(&value_->left) >= 0; }
  bool disjoint(const Interval& other) const;
  /// Narrow enough that overlapping means something: width below 2^-bits/2 of the magnitude, or of
  /// one where the magnitude is smaller.
  bool narrow() const;
  /// The floor that all its values share, if they do.
  std::optional<mpz_class> floor() const;
  /// The integer that the interval is, exactly.
  std::optional<mpz_class> integer() const;

 private:
  mpfi_t value_;
};

/// re + i im; `real` when im is exactly zero by construction.
struct Box {
  Interval re;
  Interval im;
  bool real = true;

  explicit Box(Interval value) : re(std::move(value)), im(re.bits()) { mpfi_set_ui(im.get(), 0); }
  Box(Interval real_part, Interval imaginary)
      : re(std::move(real_part)), im(std::move(imaginary)), real(false) {}
  bool disjoint(const Box& other) const;
  bool usable() const { return re.bounded() && im.bounded(); }
  bool narrow() const { return re.narrow() && im.narrow(); }
};

using Unary = int (*)(mpfi_ptr, mpfi_srcptr);
using Binary = int (*)(mpfi_ptr, mpfi_srcptr, mpfi_srcptr);
Interval apply(Unary function, const Interval& a);
Interval apply(Binary function, const Interval& a, const Interval& b);

Box add(const Box& a, const Box& b);
Box negate(const Box& a);
Box multiply(const Box& a, const Box& b);
/// Nothing where the divisor may be zero; so for the others outside their domain.
std::optional<Box> divide(const Box& a, const Box& b);
std::optional<Box> integer_power(const Box& a, long n);
std::optional<Box> logarithm(const Box& a);
Box exponential(const Box& a);
/// The principal value; the real one for odd n and negative real a.
std::optional<Box> nth_root(const Box& a, unsigned long n);
std::optional<Box> general_power(const Box& a, const Box& b);
Box sine(const Box& a);
Box cosine(const Box& a);
/// Gamma(a + 1).
std::optional<Interval> factorial(const Interval& a);

}  // namespace assay::evals
