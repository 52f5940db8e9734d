// exact/1's integer rules, against plain arithmetic in double and int64.
#include "core/quant/exact_dot.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "core/quant/dequantize.h"
#include "tests/support/random_weights.h"

namespace assay::quant {
namespace {

std::vector<std::byte> quantized(const std::vector<float>& x, const ActivationLayout& layout) {
  std::vector<std::byte> row(static_cast<std::size_t>(layout.bytes()));
  quantize_row(x.data(), layout, row.data());
  return row;
}

template <class Block>
float dot_of(const std::byte* weights, const ActivationRow& x, std::int64_t n) {
  std::vector<std::int8_t> integers(static_cast<std::size_t>(n));
  row_integers<Block>(weights, n, integers.data());
  return exact_dot<Block>(weights, integers.data(), x, n);
}

std::vector<float> noise(std::int64_t n, std::uint64_t seed) {
  std::vector<float> x(static_cast<std::size_t>(n));
  for (float& value : x) {
    seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
    value = static_cast<float>(static_cast<std::int64_t>(seed) >> 40) * 0x1p-20F;
  }
  return x;
}

TEST(QuantizeBlock, LargestMagnitudeBecomes127AndHalvesGoToEven) {
  std::vector<float> x = {127, -127, 0.5F, 1.5F, 2.5F, -0.5F, -1.5F, 126.5F};
  std::vector<std::int8_t> q(x.size());
  EXPECT_EQ(quantize_block(x.data(), static_cast<int>(x.size()), q.data()), 1.0F);
  EXPECT_EQ(q, (std::vector<std::int8_t>{127, -127, 0, 2, 2, 0, -2, 126}));
}

TEST(QuantizeBlock, NeverMinus128) {
  for (int i = 1; i < 20000; ++i) {
    const float amax = static_cast<float>(i) * 0x1.a3p-9F;
    const float x[2] = {-amax, amax};
    std::int8_t q[2];
    quantize_block(x, 2, q);
    EXPECT_EQ(q[0], -127);
    EXPECT_EQ(q[1], 127);
  }
}

TEST(QuantizeBlock, BelowTheSmallestAmaxAllIsZero) {
  const float at[2] = {0x1p-80F, 0};
  const float below[2] = {0x1.fffffep-81F, 0};
  std::int8_t q[2] = {9, 9};
  EXPECT_GT(quantize_block(at, 2, q), 0);
  EXPECT_EQ(q[0], 127);
  EXPECT_EQ(quantize_block(below, 2, q), 0);
  EXPECT_EQ(q[0], 0);
}

TEST(QuantizeBlock, WhatIsNotFiniteReachesTheSum) {
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::quiet_NaN(),
        std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity()}) {
    std::vector<float> x = noise(512, 1);
    x[300] = bad;
    const std::string weights = testing::random_matrix(TensorType::Q8_0, 1, 512, 1, 2, "w");
    const ActivationLayout layout(512, 32);
    const auto row = quantized(x, layout);
    const float y = dot_of<BlockQ8_0>(reinterpret_cast<const std::byte*>(weights.data()),
                                      ActivationRow(row.data(), layout), 512);
    EXPECT_TRUE(std::isnan(y)) << bad;
  }
}

TEST(ExactDot, EveryValueOfAnInt8WeightCounts) {
  for (int w = -128; w <= 127; ++w) {
    BlockQ8_0 block;
    block.scale = 0x3c00;  // 1.0
    for (std::int8_t& value : block.values) value = static_cast<std::int8_t>(w);
    std::vector<float> x(32, -127.0F);
    x[5] = 100;
    const ActivationLayout layout(32, 32);
    const auto row = quantized(x, layout);
    EXPECT_EQ(dot_of<BlockQ8_0>(reinterpret_cast<const std::byte*>(&block),
                                ActivationRow(row.data(), layout), 32),
              static_cast<float>(w * (-127 * 31 + 100)));
  }
}

TEST(ExactDot, TheLargestSumsOfQ6KFit) {
  BlockQ6_K block{};
  for (std::int8_t& scale : block.scales) scale = -128;
  block.scale = 0x3c00;
  // All bits 0: every weight is -32.
  const std::vector<float> x(256, 127.0F);
  const ActivationLayout layout(256, 256);
  const auto row = quantized(x, layout);
  EXPECT_EQ(dot_of<BlockQ6_K>(reinterpret_cast<const std::byte*>(&block),
                              ActivationRow(row.data(), layout), 256),
            static_cast<float>(std::int64_t{128} * 32 * 127 * 256));
}

class ExactDotTypes : public ::testing::TestWithParam<TensorType> {};

/// The quantised activations times the dequantised weights, in double: only fp32 rounding differs.
TEST_P(ExactDotTypes, EqualsTheSumInDoubleUpToRounding) {
  const TensorType type = GetParam();
  visit_block(type, [&]<class Block>() {
    if constexpr (Block::kElements > 1) {
      for (const std::int64_t n : {256, 512, 768, 1536}) {
        const std::string weights =
            testing::random_matrix(type, 1, n, 1, static_cast<std::uint64_t>(n), "w");
        const auto* bytes = reinterpret_cast<const std::byte*>(weights.data());
        std::vector<float> w(static_cast<std::size_t>(n));
        dequantize_row(type, bytes, w.data(), n);
        const std::vector<float> x = noise(n, 77);
        const ActivationLayout layout(n, Block::kElements);
        const auto row = quantized(x, layout);
        const ActivationRow view(row.data(), layout);
        double sum = 0;
        double magnitude = 0;
        double original = 0;
        for (std::int64_t i = 0; i < n; ++i) {
          const auto at = static_cast<std::size_t>(i);
          const double a = double{view.factors[i / Block::kElements]} * view.integers[i];
          sum += a * w[at];
          magnitude += std::abs(a * w[at]);
          original += double{x[at]} * w[at];
        }
        const double got = dot_of<Block>(bytes, view, n);
        EXPECT_NEAR(got, sum, 1e-5 * magnitude) << tensor_type_name(type) << " " << n;
        EXPECT_NEAR(got, original, 0.02 * magnitude) << "8-bit activations lose little";
      }
    }
  });
}

INSTANTIATE_TEST_SUITE_P(Types, ExactDotTypes,
                         ::testing::Values(TensorType::Q4_0, TensorType::Q4_1, TensorType::Q5_0,
                                           TensorType::Q5_1, TensorType::Q8_0, TensorType::Q2_K,
                                           TensorType::Q3_K, TensorType::Q4_K, TensorType::Q5_K,
                                           TensorType::Q6_K),
                         [](const auto& info) {
                           return std::string(tensor_type_name(info.param));
                         });

}  // namespace
}  // namespace assay::quant
