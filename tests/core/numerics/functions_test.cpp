// exp, log, silu, reciprocal_sqrt and the conversions to half precision against wider arithmetic.
#include "core/numerics/functions.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "core/numerics/half.h"

namespace assay::numerics {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

/// |got - want| in units of the last place of a float near `want`.
double ulps(float got, double want) {
  const int exponent = std::max(std::ilogb(want), -126);
  return std::fabs(static_cast<double>(got) - want) / std::ldexp(1.0, exponent - 23);
}

double ulps(double got, long double want) {
  return static_cast<double>(std::fabs(got - want) / std::ldexp(1.0L, std::ilogb(want) - 52));
}

TEST(Exp, IsWithinOneUlp) {
  double worst = 0;
  for (double x = -87.33; x < 88.72; x += 1.7e-4) {
    const auto argument = static_cast<float>(x);
    if (argument < kExpLowest) continue;
    worst = std::max(worst, ulps(exp(argument), std::exp(static_cast<double>(argument))));
  }
  EXPECT_LT(worst, 1.0);
}

TEST(Exp, EdgesAreDefined) {
  EXPECT_EQ(exp(0.0F), 1.0F);
  EXPECT_EQ(exp(-0.0F), 1.0F);
  EXPECT_TRUE(std::isnormal(exp(kExpLowest)));
  EXPECT_EQ(bits_of(exp(std::nextafter(kExpLowest, -100.0F))), 0U);
  EXPECT_EQ(bits_of(exp(-kInfinity)), 0U);
  EXPECT_TRUE(std::isfinite(exp(88.72283F)));
  EXPECT_EQ(exp(88.7229F), kInfinity);
  EXPECT_EQ(exp(std::numeric_limits<float>::max()), kInfinity);
  EXPECT_EQ(exp(kInfinity), kInfinity);
  EXPECT_TRUE(is_nan(exp(kNaN)));
}

TEST(Exp, IsMonotonicNearOne) {
  float previous = 0;
  for (float x = -0.01F; x < 0.01F; x = std::nextafter(x, 1.0F) + 1e-7F) {
    EXPECT_GE(exp(x), previous) << x;
    previous = exp(x);
  }
}

TEST(Log, IsWithinTwoUlp) {
  std::mt19937_64 random(1);
  double worst = 0;
  for (int i = 0; i < 200000; ++i) {
    // The sampler's arguments, those close to 1 where log nears 0, and all magnitudes.
    const double u = (static_cast<double>(random() >> 32) + 0.5) * 0x1p-32;
    const double near_one = 1.0 + (u - 0.5) * std::ldexp(1.0, -static_cast<int>(random() % 40));
    const double any = std::ldexp(0.5 + u / 2, static_cast<int>(random() % 2000) - 1000);
    for (const double x : {u, near_one, any}) {
      if (x != 1.0) worst = std::max(worst, ulps(log(x), std::log(static_cast<long double>(x))));
    }
  }
  EXPECT_LT(worst, 2.0);
  EXPECT_EQ(log(1.0), 0.0);
}

TEST(Silu, IsWithinThreeUlp) {
  double worst = 0;
  for (float x = -87.0F; x < 100.0F; x += 0.0031F) {
    const double want = static_cast<double>(x) / (1 + std::exp(-static_cast<double>(x)));
    if (want != 0) worst = std::max(worst, ulps(silu(x), want));
  }
  EXPECT_LT(worst, 3.0);
  EXPECT_EQ(bits_of(silu(-1000.0F)), 0x80000000U);
  EXPECT_EQ(silu(1000.0F), 1000.0F);
  EXPECT_EQ(silu(0.0F), 0.0F);
}

TEST(ReciprocalSqrt, RoundsTwice) {
  EXPECT_EQ(reciprocal_sqrt(4.0F), 0.5F);
  EXPECT_EQ(reciprocal_sqrt(64.0F), 0.125F);
  for (float x = 1e-6F; x < 1e6F; x *= 1.01F) {
    EXPECT_EQ(reciprocal_sqrt(x), 1.0F / std::sqrt(x));
  }
}

TEST(Half, EveryValueIsExactBothWays) {
  for (std::uint32_t i = 0; i < 0x10000; ++i) {
    const auto half = static_cast<std::uint16_t>(i);
    const float x = half_to_float(half);
    const int exponent = static_cast<int>(i >> 10 & 31);
    const auto mantissa = static_cast<int>(i & 1023);
    if (exponent == 31) {
      EXPECT_EQ(std::isnan(x), mantissa != 0) << i;
      EXPECT_EQ(std::isinf(x), mantissa == 0) << i;
      continue;
    }
    const double magnitude =
        exponent == 0 ? std::ldexp(mantissa, -24) : std::ldexp(1024 + mantissa, exponent - 25);
    EXPECT_EQ(static_cast<double>(x), (i & 0x8000U) != 0 ? -magnitude : magnitude) << i;
    EXPECT_EQ(std::signbit(x), (i & 0x8000U) != 0) << i;
    EXPECT_EQ(float_to_half(x), half) << i;
  }
}

TEST(Half, RoundsToNearestEven) {
  for (std::uint32_t i = 0; i < 0x7c00; ++i) {
    const double low = half_to_float(static_cast<std::uint16_t>(i));
    // 65536 stands in for what would follow the largest half.
    const double high = i == 0x7bff ? 65536.0 : half_to_float(static_cast<std::uint16_t>(i + 1));
    const auto middle = static_cast<float>((low + high) / 2);  // exact
    const auto even = static_cast<std::uint16_t>(i + (i & 1));
    EXPECT_EQ(float_to_half(middle), even) << i;
    EXPECT_EQ(float_to_half(-middle), even | 0x8000) << i;
    EXPECT_EQ(float_to_half(std::nextafter(middle, 0.0F)), i) << i;
    EXPECT_EQ(float_to_half(std::nextafter(middle, 1e9F)), i + 1) << i;
  }
  EXPECT_EQ(float_to_half(1e30F), 0x7c00);
  EXPECT_EQ(float_to_half(-kInfinity), 0xfc00);
  EXPECT_EQ(float_to_half(1e-40F), 0);
  EXPECT_TRUE(is_nan(half_to_float(float_to_half(kNaN))));
}

TEST(Bfloat16, RoundsToNearestEvenAndKeepsSubnormals) {
  for (std::uint32_t i = 0; i < 0x7f80; ++i) {
    const std::uint32_t bits = i << 16;
    EXPECT_EQ(bits_of(bfloat16_to_float(static_cast<std::uint16_t>(i))), bits);
    EXPECT_EQ(float_to_bfloat16(float_of(bits)), i);
    EXPECT_EQ(float_to_bfloat16(float_of(bits + 0x7fff)), i);
    EXPECT_EQ(float_to_bfloat16(float_of(bits + 0x8000)), i + (i & 1));
    EXPECT_EQ(float_to_bfloat16(float_of(bits + 0x8001)), i + 1);
  }
  EXPECT_TRUE(is_nan(bfloat16_to_float(float_to_bfloat16(float_of(0x7f800001)))));
}

}  // namespace
}  // namespace assay::numerics
