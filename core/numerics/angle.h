// Powers, sines and cosines in double for the RoPE table (rope.h): our own polynomials, so that
// every host builds the same table.
#pragma once

#include <cstdint>

#include "core/numerics/functions.h"
#include "core/numerics/portable.h"

namespace assay::numerics {
inline namespace ASSAY_ISA {

/// Nearest integer by adding and subtracting 1.5 * 2^52; |x| < 2^51.
ASSAY_HD inline double nearest_integer(double x) {
  constexpr double kRounder = 6755399441055744.0;
  return (x + kRounder) - kRounder;
}

/// e^x in double for |x| < 700, by the Taylor series of degree 14 on |r| <= ln 2 / 2.
ASSAY_HD inline double exp_double(double x) {
  constexpr double kLn2High = 0x1.62e42feep-1;
  constexpr double kLn2Low = 0x1.a39ef35793c76p-33;
  const double n = nearest_integer(x * 0x1.71547652b82fep+0);
  const double r = fma(n, -kLn2Low, fma(n, -kLn2High, x));
  double p = 1;
  for (int k = 14; k >= 1; --k) p = fma(p, r / k, 1.0);
  const auto exponent = static_cast<std::uint64_t>(static_cast<std::int64_t>(n) + 1023);
  return p * double_of(exponent << 52);
}

/// base^exponent for a positive base.
ASSAY_HD inline double power(double base, double exponent) {
  return exp_double(exponent * log(base));
}

/// sin and cos of an angle in radians, within 2 ulp (of 1 near a zero of either) for |angle| <
/// 2^27.
struct SinCos {
  double sin = 0;
  double cos = 0;
};

ASSAY_HD inline SinCos sin_cos(double angle) {
  // angle = k pi/2 + r, |r| <= pi/4, with pi/2 in two parts: k < 2^27 times the second part's own
  // error is below 2^-80.
  constexpr double kHalfPiHigh = 0x1.921fb54442d18p+0;
  constexpr double kHalfPiLow = 0x1.1a62633145c07p-54;
  const double k = nearest_integer(angle * 0x1.45f306dc9c883p-1);
  const double r = fma(k, -kHalfPiLow, fma(k, -kHalfPiHigh, angle));
  const double t = r * r;

  // Taylor series, nested: sin r = r (1 - t/(2*3) (1 - t/(4*5) (...))), to degree 19 and 20.
  double s = 1;
  for (int n = 18; n >= 2; n -= 2) s = fma(-t / (n * (n + 1)), s, 1.0);
  s *= r;
  double c = 1;
  for (int n = 19; n >= 1; n -= 2) c = fma(-t / (n * (n + 1)), c, 1.0);

  switch (static_cast<std::int64_t>(k) & 3) {
    case 0:
      return {s, c};
    case 1:
      return {c, -s};
    case 2:
      return {-s, -c};
    default:
      return {-c, s};
  }
}

}  // namespace ASSAY_ISA
}  // namespace assay::numerics
