#include "evals/chain/arithmetic/number.h"

#include <algorithm>
#include <array>

namespace assay::chain {
namespace {

bool within_budget(const mpq_class& value) {
  return mpz_sizeinbase(value.get_num_mpz_t(), 2) + mpz_sizeinbase(value.get_den_mpz_t(), 2) <=
         max_number_bits;
}

std::optional<Number> checked(Number value) {
  if (!within_budget(value.low) || !within_budget(value.high)) return std::nullopt;
  return value;
}

std::optional<long> small_integer(const Number& n, long least, long most) {
  if (!n.is_exact() || n.low.get_den() != 1) return std::nullopt;
  if (n.low < least || n.low > most) return std::nullopt;
  return n.low.get_num().get_si();
}

mpq_class integer_power(const mpq_class& base, unsigned long exponent) {
  mpz_class numerator;
  mpz_class denominator;
  mpz_pow_ui(numerator.get_mpz_t(), base.get_num_mpz_t(), exponent);
  mpz_pow_ui(denominator.get_mpz_t(), base.get_den_mpz_t(), exponent);
  return {numerator, denominator};  // powers of coprime numbers are coprime
}

/// floor of the root of value >= 0, scaled so that 128 bits stand behind the leading one.
struct RootBounds {
  mpq_class low;
  mpq_class high;
};
RootBounds root_bounds(const mpq_class& value, unsigned long degree) {
  constexpr unsigned long extra_bits = 160;
  const std::size_t denominator_bits = mpz_sizeinbase(value.get_den_mpz_t(), 2);
  const unsigned long shift = extra_bits + static_cast<unsigned long>(denominator_bits);
  // root(value * 2^(degree * shift)) / 2^shift
  mpz_class scaled = value.get_num() << (degree * shift);
  mpz_class quotient;
  mpz_class remainder;
  mpz_fdiv_qr(quotient.get_mpz_t(), remainder.get_mpz_t(), scaled.get_mpz_t(),
              value.get_den_mpz_t());
  mpz_class floor_root;
  const bool exact =
      mpz_root(floor_root.get_mpz_t(), quotient.get_mpz_t(), degree) != 0 && remainder == 0;
  const mpz_class unit = mpz_class(1) << shift;
  RootBounds out{mpq_class(floor_root, unit), mpq_class(exact ? floor_root : floor_root + 1, unit)};
  out.low.canonicalize();
  out.high.canonicalize();
  return out;
}

}  // namespace

Number add(const Number& a, const Number& b) {
  return {a.low + b.low, a.high + b.high};
}

Number subtract(const Number& a, const Number& b) {
  return {a.low - b.high, a.high - b.low};
}

std::optional<Number> multiply(const Number& a, const Number& b) {
  if (a.is_exact() && b.is_exact()) return checked(Number::exact(a.low * b.low));
  const std::array<mpq_class, 4> products = {a.low * b.low, a.low * b.high, a.high * b.low,
                                             a.high * b.high};
  const auto [least, most] = std::minmax_element(products.begin(), products.end());
  return checked({*least, *most});
}

std::optional<Number> divide(const Number& a, const Number& b) {
  if (b.low <= 0 && b.high >= 0) return std::nullopt;
  return multiply(a, {1 / b.high, 1 / b.low});
}

std::optional<Number> power(const Number& base, const Number& exponent) {
  const auto n = small_integer(exponent, -max_power, max_power);
  if (!n) {
    // A half is a root; other exponents are not decided.
    if (exponent.is_exact() && exponent.low == mpq_class(1, 2)) return root(base, 2);
    return std::nullopt;
  }
  if (*n == 0) return Number::exact(1);
  const auto steps = static_cast<unsigned long>(*n < 0 ? -*n : *n);
  const std::size_t bits = std::max(mpz_sizeinbase(base.low.get_num_mpz_t(), 2),
                                    mpz_sizeinbase(base.high.get_num_mpz_t(), 2)) +
                           mpz_sizeinbase(base.low.get_den_mpz_t(), 2);
  if (bits * steps > 2 * max_number_bits) return std::nullopt;
  Number result{integer_power(base.low, steps), integer_power(base.high, steps)};
  if (result.low > result.high) std::swap(result.low, result.high);
  if (steps % 2 == 0 && base.low < 0 && base.high > 0) result.low = 0;
  if (!within_budget(result.low) || !within_budget(result.high)) return std::nullopt;
  return *n < 0 ? divide(Number::exact(1), result) : std::optional(result);
}

std::optional<Number> root(const Number& radicand, unsigned long degree) {
  if (degree < 2 || degree > 16) return std::nullopt;
  const bool negative = radicand.high < 0;
  if (radicand.low < 0 && (!negative || degree % 2 == 0)) return std::nullopt;
  if (negative) {
    const auto positive = root({-radicand.high, -radicand.low}, degree);
    if (!positive) return std::nullopt;
    return Number{-positive->high, -positive->low};
  }
  // Intervals keep their size in bits small; the result is one anyway.
  if (!within_budget(radicand.low * 64) || !within_budget(radicand.high * 64)) return std::nullopt;
  return Number{root_bounds(radicand.low, degree).low, root_bounds(radicand.high, degree).high};
}

std::optional<Number> factorial(const Number& n) {
  const auto value = small_integer(n, 0, max_factorial);
  if (!value) return std::nullopt;
  mpz_class result;
  mpz_fac_ui(result.get_mpz_t(), static_cast<unsigned long>(*value));
  return checked(Number::exact(result));
}

std::optional<Number> binomial(const Number& n, const Number& k) {
  const auto top = small_integer(n, 0, max_power);
  const auto bottom = small_integer(k, 0, max_power);
  if (!top || !bottom) return std::nullopt;
  mpz_class result;
  mpz_bin_uiui(result.get_mpz_t(), static_cast<unsigned long>(*top),
               static_cast<unsigned long>(*bottom));
  return checked(Number::exact(result));
}

std::optional<Number> modulo(const Number& a, const Number& b) {
  const bool integers =
      a.is_exact() && b.is_exact() && a.low.get_den() == 1 && b.low.get_den() == 1;
  if (!integers || b.low <= 0) return std::nullopt;
  mpz_class result;
  mpz_fdiv_r(result.get_mpz_t(), a.low.get_num_mpz_t(), b.low.get_num_mpz_t());
  return Number::exact(result);
}

Number pi() {
  const mpz_class digits("31415926535897932384626433832795028841971");
  mpz_class unit;
  mpz_ui_pow_ui(unit.get_mpz_t(), 10, 40);
  mpq_class low(digits, unit);
  mpq_class high(digits + 1, unit);
  low.canonicalize();
  high.canonicalize();
  return {low, high};
}

bool overlap(const Number& a, const Number& b) {
  return a.low <= b.high && b.low <= a.high;
}

Number widened(const Number& a, const mpq_class& radius) {
  return {a.low - radius, a.high + radius};
}

}  // namespace assay::chain
