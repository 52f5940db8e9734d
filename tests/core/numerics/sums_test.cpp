// The order of sums (dot.h, norm.h): against another spelling of the rule bit for bit, and against
// sums in double within their error bound.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <random>
#include <vector>

#include "core/numerics/dot.h"
#include "core/numerics/norm.h"

namespace assay::numerics {
namespace {

constexpr std::array<std::int64_t, 16> kLengths = {0,   1,   15,  16,  17,   63,   64,   65,
                                                   511, 512, 513, 527, 1024, 1025, 1553, 8960};

std::vector<float> values(std::int64_t n, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::uniform_int_distribution<int> exponent(-12, 12);
  std::vector<float> out(static_cast<std::size_t>(n));
  for (float& x : out) x = std::ldexp(normal(random), exponent(random));
  return out;
}

/// The rule once more, element by element and lane by lane.
float dot_by_the_rule(const std::vector<float>& a, const std::vector<float>& b) {
  std::array<float, 16> total{};
  for (std::size_t chunk = 0; chunk * 512 < a.size(); ++chunk) {
    for (std::size_t lane = 0; lane < 16; ++lane) {
      float partial = 0;
      for (std::size_t k = chunk * 512 + lane; k < std::min(a.size(), chunk * 512 + 512); k += 16) {
        partial = std::fma(a[k], b[k], partial);
      }
      total[lane] = total[lane] + partial;
    }
  }
  for (const std::size_t width : {8U, 4U, 2U, 1U}) {
    for (std::size_t lane = 0; lane < width; ++lane) total[lane] += total[lane + width];
  }
  return total[0];
}

TEST(Dot, FollowsTheRuleBitForBit) {
  for (const std::int64_t n : kLengths) {
    const auto a = values(n, 1);
    const auto b = values(n, 2);
    EXPECT_EQ(bits_of(dot(a.data(), b.data(), n)), bits_of(dot_by_the_rule(a, b))) << n;
    const std::vector<float> ones(a.size(), 1.0F);
    EXPECT_EQ(bits_of(sum(a.data(), n)), bits_of(dot_by_the_rule(a, ones))) << n;
  }
}

TEST(Dot, IsNearTheSumInDouble) {
  for (const std::int64_t n : kLengths) {
    const auto a = values(n, 3);
    const auto b = values(n, 4);
    double exact = 0;
    double magnitude = 0;
    for (std::size_t k = 0; k < a.size(); ++k) {
      exact += static_cast<double>(a[k]) * static_cast<double>(b[k]);
      magnitude += std::fabs(static_cast<double>(a[k]) * static_cast<double>(b[k]));
    }
    // 32 steps in a lane's chunk, the chunks, and 4 folds, each half a unit of the last place.
    const double steps = 32 + static_cast<double>(n) / 512 + 4;
    EXPECT_NEAR(dot(a.data(), b.data(), n), exact, steps * 0x1p-24 * magnitude) << n;
  }
}

TEST(Dot, PaddingAShortChunkWithZerosChangesNoBit) {
  for (const std::int64_t n : kLengths) {
    auto a = values(n, 5);
    auto b = values(n, 6);
    if (n > 0) a[0] = b[0] = -1e-38F;  // an underflow to -0 inside a lane
    if (n > 0) b[0] = 1e-38F;
    const float short_chunk = dot(a.data(), b.data(), n);
    a.resize(static_cast<std::size_t>((n + 511) / 512 * 512));
    b.resize(a.size());
    EXPECT_EQ(bits_of(dot(a.data(), b.data(), static_cast<std::int64_t>(a.size()))),
              bits_of(short_chunk))
        << n;
  }
}

TEST(RmsNorm, IsNearTheNormInDouble) {
  for (const std::int64_t n : kLengths) {
    if (n == 0) continue;
    const auto x = values(n, 7);
    const auto gain = values(n, 8);
    std::vector<float> out(x.size());
    rms_norm(x.data(), gain.data(), 1e-5F, n, out.data());
    double squares = 0;
    for (const float value : x) squares += static_cast<double>(value) * static_cast<double>(value);
    const double scale = 1 / std::sqrt(squares / static_cast<double>(n) + 1e-5F);
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double want = static_cast<double>(x[i]) * scale * static_cast<double>(gain[i]);
      EXPECT_NEAR(out[i], want, 64 * 0x1p-24 * std::fabs(want)) << n << " at " << i;
    }
    auto in_place = x;
    rms_norm(in_place.data(), gain.data(), 1e-5F, n, in_place.data());
    EXPECT_EQ(in_place, out);
  }
}

TEST(RmsNorm, ZeroInputStaysZero) {
  const std::vector<float> zero(64);
  const std::vector<float> gain(64, 2.0F);
  std::vector<float> out(64, 1.0F);
  rms_norm(zero.data(), gain.data(), 1e-6F, 64, out.data());
  EXPECT_EQ(out, zero);
}

}  // namespace
}  // namespace assay::numerics
