// The RoPE table and rotation (rope.h) against the standard library in long double.
#include "core/numerics/rope.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <random>
#include <vector>

#include "core/numerics/angle.h"
#include "tests/support/test_data.h"

namespace assay::numerics {
namespace {

ModelConfig config_of(std::int64_t head_dim, double theta) {
  ModelConfig config;
  config.head_dim = head_dim;
  config.rope_theta = theta;
  return config;
}

TEST(SinCos, IsWithinTwoUlpOfOne) {
  std::mt19937_64 random(3);
  for (int i = 0; i < 200000; ++i) {
    const double limit = std::ldexp(1.0, static_cast<int>(random() % 47) - 20);  // to 2^26
    const double angle = (static_cast<double>(random() >> 11) * 0x1p-53 - 0.5) * 2 * limit;
    const SinCos got = sin_cos(angle);
    EXPECT_NEAR(got.sin, static_cast<double>(std::sin(static_cast<long double>(angle))), 0x1p-52);
    EXPECT_NEAR(got.cos, static_cast<double>(std::cos(static_cast<long double>(angle))), 0x1p-52);
  }
}

TEST(SinCos, AreExactAtZero) {
  EXPECT_EQ(sin_cos(0).sin, 0.0);
  EXPECT_EQ(sin_cos(0).cos, 1.0);
}

TEST(Power, IsNearTheStandardLibrarys) {
  for (const double theta : {1e4, 1e5, 5e5, 1e6, 1e7}) {
    for (int i = 0; i < 128; ++i) {
      const double exponent = -i / 128.0;
      const auto want = static_cast<double>(
          std::pow(static_cast<long double>(theta), static_cast<long double>(exponent)));
      EXPECT_NEAR(power(theta, exponent), want, 1e-14 * want);
    }
  }
}

TEST(RopeTable, HoldsRoundedSinesAndCosines) {
  const RopeTable table(config_of(64, 1e5), 200);
  ASSERT_EQ(table.positions(), 200);
  ASSERT_EQ(table.half_dim(), 32);
  for (std::int64_t position = 0; position < 200; ++position) {
    for (std::int64_t i = 0; i < 32; ++i) {
      const double freq = std::pow(1e5, -static_cast<double>(2 * i) / 64);
      const double angle = static_cast<double>(position) * freq;
      EXPECT_NEAR(table.cos_row(position)[i], std::cos(angle), 6.1e-8);
      EXPECT_NEAR(table.sin_row(position)[i], std::sin(angle), 6.1e-8);
    }
  }
}

TEST(RopeTable, ExtendingKeepsTheBits) {
  RopeTable grown(config_of(32, 1e6), 3);
  grown.extend(131);
  grown.extend(7);  // never shrinks
  const RopeTable whole(config_of(32, 1e6), 131);
  ASSERT_EQ(grown.positions(), 131);
  for (std::int64_t position = 0; position < 131; ++position) {
    for (std::int64_t i = 0; i < 16; ++i) {
      EXPECT_EQ(grown.cos_row(position)[i], whole.cos_row(position)[i]);
      EXPECT_EQ(grown.sin_row(position)[i], whole.sin_row(position)[i]);
    }
  }
}

TEST(RopeTable, FileFactorsDivideTheFrequencies) {
  ModelConfig config = config_of(8, 1e4);
  config.rope_freq_factors = {1, 2, 4, 32};
  const RopeTable plain(config_of(8, 1e4), 1);
  const RopeTable scaled(config, 1);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(scaled.inv_freq()[i],
              plain.inv_freq()[i] / static_cast<double>(config.rope_freq_factors[i]));
  }
}

TEST(RopeTable, Llama3ScalingHasItsThreeBranches) {
  ModelConfig config = config_of(128, 5e5);
  config.rope_scaling = {
      .factor = 8, .low_freq_factor = 1, .high_freq_factor = 4, .original_context = 8192};
  const RopeTable plain(config_of(128, 5e5), 1);
  const RopeTable scaled(config, 1);
  int kept = 0;
  int stretched = 0;
  int blended = 0;
  for (std::size_t i = 0; i < 64; ++i) {
    const double before = plain.inv_freq()[i];
    const double after = scaled.inv_freq()[i];
    if (after == before) {
      ++kept;
    } else if (after == before / 8) {
      ++stretched;
    } else {
      ++blended;
      EXPECT_GT(after, before / 8);
      EXPECT_LT(after, before);
    }
  }
  // Wavelengths below 2048 stay, above 8192 are stretched: frequencies 0..28 and 36..63.
  EXPECT_EQ(kept, 29);
  EXPECT_EQ(blended, 6);
  EXPECT_EQ(stretched, 29);
}

TEST(RopeTable, FrequenciesEqualTheGoldenModels) {
  ASSAY_REQUIRE_TEST_DATA(folder, "golden");
  int models = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (!std::filesystem::exists(entry.path() / "config.json")) continue;
    ++models;
    const auto golden = nlohmann::json::parse(testing::read_text(entry.path() / "golden.json"));
    const auto json = nlohmann::json::parse(testing::read_text(entry.path() / "config.json"));
    const auto expected = golden["rope_inv_freq"].get<std::vector<double>>();
    ModelConfig config =
        config_of(static_cast<std::int64_t>(expected.size()) * 2, json["rope_theta"].get<double>());
    if (const auto scaling = json.value("rope_scaling", nlohmann::json()); scaling.is_object()) {
      config.rope_scaling = {
          .factor = scaling["factor"].get<double>(),
          .low_freq_factor = scaling["low_freq_factor"].get<double>(),
          .high_freq_factor = scaling["high_freq_factor"].get<double>(),
          .original_context = scaling["original_max_position_embeddings"].get<std::int64_t>()};
    }
    const RopeTable table(config, 1);
    for (std::size_t i = 0; i < expected.size(); ++i) {
      // HF computes the frequencies in fp32 before anything is widened.
      EXPECT_NEAR(table.inv_freq()[i], expected[i], 1e-14 * expected[i])
          << entry.path() << " " << i;
    }
  }
  EXPECT_EQ(models, 5);
}

TEST(RotateHead, TurnsThePairsOfItsStyle) {
  std::vector<float> half = {1, 2, 3, 4};
  std::vector<float> interleaved = {1, 3, 2, 4};
  const float cos[] = {0.6F, 0.8F};
  const float sin[] = {0.8F, 0.6F};
  rotate_head(half.data(), cos, sin, 2, false);
  rotate_head(interleaved.data(), cos, sin, 2, true);
  const double want[] = {1 * 0.6 - 3 * 0.8, 2 * 0.8 - 4 * 0.6, 3 * 0.6 + 1 * 0.8,
                         4 * 0.8 + 2 * 0.6};
  for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(half[i], want[i], 1e-6);
  // The same pairs, laid out otherwise: the same bits.
  EXPECT_EQ(interleaved, (std::vector<float>{half[0], half[2], half[1], half[3]}));
}

}  // namespace
}  // namespace assay::numerics
