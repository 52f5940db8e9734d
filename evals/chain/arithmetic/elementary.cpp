#include "evals/chain/arithmetic/elementary.h"

#include <algorithm>
#include <array>

#include "evals/common/interval.h"

namespace assay::chain {
namespace {

using evals::Interval;

constexpr mpfr_prec_t precision_bits = 160;

struct Named {
  std::string_view name;
  evals::Unary function;
};
constexpr std::array<Named, 11> functions = {{{"sin", mpfi_sin},
                                              {"cos", mpfi_cos},
                                              {"tan", mpfi_tan},
                                              {"cot", mpfi_cot},
                                              {"sec", mpfi_sec},
                                              {"csc", mpfi_csc},
                                              {"arcsin", mpfi_asin},
                                              {"arccos", mpfi_acos},
                                              {"arctan", mpfi_atan},
                                              {"ln", mpfi_log},
                                              {"lg", mpfi_log10}}};

Interval interval_of(const Number& a) {
  Interval low(precision_bits, a.low);
  if (a.is_exact()) return low;
  const Interval high(precision_bits, a.high);
  return evals::apply(static_cast<evals::Binary>(mpfi_union), low, high);
}

std::optional<Number> number_of(const Interval& value) {
  if (!value.bounded()) return std::nullopt;
  Number out;
  mpfr_get_q(out.low.get_mpq_t(), &value.get()->left);
  mpfr_get_q(out.high.get_mpq_t(), &value.get()->right);
  return out;
}

bool is_integer(const Number& a) {
  return a.is_exact() && a.low.get_den() == 1;
}

mpz_class floor_q(const mpq_class& a) {
  mpz_class out;
  mpz_fdiv_q(out.get_mpz_t(), a.get_num_mpz_t(), a.get_den_mpz_t());
  return out;
}

}  // namespace

std::optional<Number> elementary(std::string_view name, const Number& a) {
  // exp(4,096) has 5,900 bits; tan and its kin are unbounded near a pole, which bounded() sees.
  if (a.low < -max_power || a.high > max_power) {
    const bool grows = name == "exp";
    const bool logarithmic = name == "ln" || name == "lg";
    if (grows || !logarithmic) return std::nullopt;
  }
  if (name == "exp")
    return number_of(evals::apply(static_cast<evals::Unary>(mpfi_exp), interval_of(a)));
  const auto named = std::find_if(functions.begin(), functions.end(),
                                  [&](const Named& f) { return f.name == name; });
  if (named == functions.end()) return std::nullopt;
  const bool logarithmic = name == "ln" || name == "lg";
  if (logarithmic && a.low <= 0) return std::nullopt;
  const bool inverse = name == "arcsin" || name == "arccos";
  if (inverse && (a.low < -1 || a.high > 1)) return std::nullopt;
  return number_of(evals::apply(named->function, interval_of(a)));
}

std::optional<Number> logarithm(const Number& a, const Number& base) {
  if (a.low <= 0 || base.low <= 0 || (base.low <= 1 && base.high >= 1)) return std::nullopt;
  const auto above = elementary("ln", a);
  const auto below = elementary("ln", base);
  if (!above || !below) return std::nullopt;
  return divide(*above, *below);
}

std::optional<Number> common_divisor(const Number& a, const Number& b) {
  if (!is_integer(a) || !is_integer(b)) return std::nullopt;
  mpz_class out;
  mpz_gcd(out.get_mpz_t(), a.low.get_num_mpz_t(), b.low.get_num_mpz_t());
  return Number::exact(out);
}

std::optional<Number> common_multiple(const Number& a, const Number& b) {
  if (!is_integer(a) || !is_integer(b)) return std::nullopt;
  mpz_class out;
  mpz_lcm(out.get_mpz_t(), a.low.get_num_mpz_t(), b.low.get_num_mpz_t());
  return Number::exact(out);
}

std::optional<Number> floor_of(const Number& a) {
  const mpz_class low = floor_q(a.low);
  if (low != floor_q(a.high)) return std::nullopt;
  return Number::exact(low);
}

std::optional<Number> ceiling_of(const Number& a) {
  const auto out = floor_of(Number{-a.high, -a.low});
  if (!out) return std::nullopt;
  return Number::exact(-out->low);
}

Number absolute_of(const Number& a) {
  if (a.low >= 0) return a;
  if (a.high <= 0) return {-a.high, -a.low};
  return {0, std::max(mpq_class(-a.low), a.high)};
}

}  // namespace assay::chain
