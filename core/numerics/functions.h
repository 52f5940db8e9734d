// The functions of exact/1: our own polynomials of fma, mul and add, and IEEE sqrt and division. No
// libm, whose last bits differ from one machine to the next. A vector version that performs the
// same operations in each lane gives the same bits.
#pragma once

#include <cstdint>

#include "core/numerics/portable.h"

namespace assay::numerics {
inline namespace ASSAY_ISA {

/// Below this, exp is +0: the smallest results stay normal numbers (2^-126 = exp(-87.3365)).
inline constexpr float kExpLowest = -87.33F;
/// Above this, exp is +infinity whatever the argument; it bounds the exponent arithmetic.
inline constexpr float kExpHighest = 89.0F;

/// e^x in fp32, within 1 ulp. +0 below -87.33, +infinity from 88.72284, NaN for NaN; exp(0) is 1.
///   n = rint(x * log2 e), by adding and subtracting 1.5 * 2^23;
///   r = x - n ln 2 in two fma steps, |r| <= 0.3466;
///   e^r = 1 + (r + r^2 q(r)), q of degree 5, minimax for (e^r - 1 - r) / r^2 (relative 1.7e-10);
///   times 2^(n/2) twice (n = 128 is no fp32 exponent).
ASSAY_HD inline float exp(float x) {
  constexpr float kRounder = 12582912.0F;  // 1.5 * 2^23: one unit in the last place is 1
  constexpr float kLog2E = 0x1.715476p+0F;
  constexpr float kLn2High = 0x1.62e4p-1F;  // 15 bits: n * kLn2High is exact
  constexpr float kLn2Low = 0x1.7f7d1cp-20F;

  const float bounded = x > kExpHighest ? kExpHighest : (x < kExpLowest ? kExpLowest : x);
  const float shifted = fma(bounded, kLog2E, kRounder);
  const float n = shifted - kRounder;
  float r = fma(n, -kLn2High, bounded);
  r = fma(n, -kLn2Low, r);

  float q = 0x1.a124f2p-13F;
  q = fma(q, r, 0x1.6d4324p-10F);
  q = fma(q, r, 0x1.1110e0p-7F);
  q = fma(q, r, 0x1.5554eap-5F);
  q = fma(q, r, 0x1.555556p-3F);
  q = fma(q, r, 0.5F);
  const float power = 1.0F + fma(r * r, q, r);

  // Unsigned arithmetic on the rounder's own bits: no conversion, defined for NaN too.
  const std::uint32_t exponent = bits_of(shifted) - bits_of(kRounder) + 256U;  // n + 256 > 0
  const std::uint32_t half = exponent / 2;
  const float scale_a = float_of((half - 128U + 127U) << 23);
  const float scale_b = float_of((exponent - half - 128U + 127U) << 23);
  const float result = power * scale_a * scale_b;
  return x < kExpLowest ? 0.0F : (is_nan(x) ? x : result);
}

/// 1 / sqrt(x): IEEE square root, then IEEE division; two roundings.
ASSAY_HD inline float reciprocal_sqrt(float x) {
  return 1.0F / sqrt(x);
}

/// x / (1 + exp(-x)), each operation rounded once. Large negative x gives -0 (division by
/// infinity).
ASSAY_HD inline float silu(float x) {
  return x / (1.0F + exp(-x));
}

/// out = silu(gate) * up.
ASSAY_HD inline float swiglu(float gate, float up) {
  return silu(gate) * up;
}

/// Natural logarithm in double, within 2 ulp, of a positive normal number.
///   x = 2^k m with m in [sqrt(1/2), sqrt(2)); s = (m - 1) / (m + 1), |s| < 0.1716;
///   log m = 2 atanh(s) = 2 (s + s^3/3 + ... + s^21/21); the next term is below 2^-56 of the sum.
ASSAY_HD inline double log(double x) {
  constexpr double kLn2High = 0x1.62e42feep-1;  // 32 bits: k * kLn2High is exact
  constexpr double kLn2Low = 0x1.a39ef35793c76p-33;
  // Adding (1 - sqrt(1/2)) in units of the exponent field moves the cut from 1 to sqrt(1/2).
  constexpr std::uint64_t kSqrtHalf = 0x3fe6a09e667f3bcdULL;
  constexpr std::uint64_t kOne = 0x3ff0000000000000ULL;
  const std::uint64_t offset = bits_of(x) + (kOne - kSqrtHalf);
  const double k = static_cast<double>(static_cast<std::int32_t>(offset >> 52) - 1023);
  const double m = double_of((offset & 0x000fffffffffffffULL) + kSqrtHalf);

  const double f = m - 1.0;
  const double s = f / (2.0 + f);
  const double t = s * s;
  double p = 2.0 / 21;
  p = fma(p, t, 2.0 / 19);
  p = fma(p, t, 2.0 / 17);
  p = fma(p, t, 2.0 / 15);
  p = fma(p, t, 2.0 / 13);
  p = fma(p, t, 2.0 / 11);
  p = fma(p, t, 2.0 / 9);
  p = fma(p, t, 2.0 / 7);
  p = fma(p, t, 2.0 / 5);
  p = fma(p, t, 2.0 / 3);
  // log m = f - s (f - t p): the large part f carries no rounding error of s.
  const double log_m = f - s * (f - t * p);
  return fma(k, kLn2High, fma(k, kLn2Low, log_m));
}

}  // namespace ASSAY_ISA
}  // namespace assay::numerics
