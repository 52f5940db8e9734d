// Encoding is the inverse of dequantisation, as near as a type's bits allow.
#include "core/quant/encode.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>
#include <random>
#include <vector>

#include "core/quant/dequantize.h"
#include "core/sha256.h"

namespace assay {
namespace {

using Floats = std::vector<float>;

std::vector<std::byte> encode(TensorType type, const Floats& x) {
  std::vector<std::byte> bytes(static_cast<std::size_t>(row_bytes(type, std::ssize(x))));
  quant::encode_row(type, x.data(), std::ssize(x), bytes.data());
  return bytes;
}

Floats decode(TensorType type, const std::vector<std::byte>& bytes, std::size_t n) {
  Floats x(n);
  quant::dequantize_row(type, bytes.data(), x.data(), static_cast<std::int64_t>(n));
  return x;
}

Floats round_trip(TensorType type, const Floats& x) {
  return decode(type, encode(type, x), x.size());
}

/// Relative root mean square error.
double error(const Floats& x, const Floats& y) {
  double errors = 0;
  double squares = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double difference = static_cast<double>(y[i]) - static_cast<double>(x[i]);
    errors += difference * difference;
    squares += static_cast<double>(x[i]) * static_cast<double>(x[i]);
  }
  return std::sqrt(errors / squares);
}

/// Sums of twelve uniform numbers: near to normal, and the same with every library.
Floats normal(std::size_t n, float scale, unsigned seed = 7) {
  std::mt19937_64 random(seed);
  Floats x(n);
  for (float& value : x) {
    double sum = -6;
    for (int i = 0; i < 12; ++i) sum += static_cast<double>(random() >> 11U) * 0x1p-53;
    value = scale * static_cast<float>(sum);
  }
  return x;
}

class Encode : public ::testing::TestWithParam<TensorType> {};

TEST_P(Encode, KeepsWhatTheTypesBitsCanHold) {
  // Of normally distributed weights; the limits are a tenth above what is reached.
  const std::map<TensorType, double> limits = {
      {TensorType::F32, 0},       {TensorType::F16, 3e-4},   {TensorType::BF16, 2.5e-3},
      {TensorType::Q8_0, 0.0062}, {TensorType::Q6_K, 0.020}, {TensorType::Q5_K, 0.039},
      {TensorType::Q5_1, 0.036},  {TensorType::Q5_0, 0.043}, {TensorType::Q4_K, 0.078},
      {TensorType::Q4_1, 0.076},  {TensorType::Q4_0, 0.083}, {TensorType::Q3_K, 0.155},
      {TensorType::Q2_K, 0.30}};
  const Floats x = normal(256 * 64, 0.02F);
  const double reached = error(x, round_trip(GetParam(), x));
  EXPECT_LE(reached, limits.at(GetParam()));
  EXPECT_EQ(reached == 0, GetParam() == TensorType::F32);
}

TEST_P(Encode, ABlockOfTheTypeComesBack) {
  if (is_float_type(GetParam())) return;
  const Floats x = normal(256 * 16, 1);
  const Floats once = round_trip(GetParam(), x);
  EXPECT_LT(error(once, round_trip(GetParam(), once)), 0.6 * error(x, once));
}

TEST_P(Encode, ZerosAndConstants) {
  EXPECT_EQ(round_trip(GetParam(), Floats(256, 0.0F)), Floats(256, 0.0F));
  for (const float constant : {0.5F, -0.5F, 3.0e-3F}) {
    EXPECT_LT(error(Floats(256, constant), round_trip(GetParam(), Floats(256, constant))), 0.05)
        << constant;
  }
}

TEST_P(Encode, OneOutlierIsKept) {
  Floats x(256, 0.0F);
  for (const std::size_t at : {0U, 17U, 255U}) {
    for (const float value : {1.0F, -1.0F}) {
      x.assign(256, 0.0F);
      x[at] = value;
      const Floats back = round_trip(GetParam(), x);
      EXPECT_NEAR(back[at], value, 0.02) << at;
      EXPECT_LT(error(x, back), 0.05) << at;
    }
  }
}

TEST_P(Encode, NoFiniteInputBreaksIt) {
  std::mt19937 random(5);
  for (int round = 0; round < 200; ++round) {
    Floats x(256);
    for (float& value : x) {
      do {
        value = numerics::float_of(static_cast<std::uint32_t>(random()));
      } while (!std::isfinite(value));
    }
    EXPECT_EQ(encode(GetParam(), x), encode(GetParam(), x));
  }
}

INSTANTIATE_TEST_SUITE_P(Types, Encode,
                         ::testing::ValuesIn(all_tensor_types().begin(), all_tensor_types().end()),
                         [](const auto& tested) {
                           return std::string(tensor_type_name(tested.param));
                         });

/// The same file from every machine and compiler. A change of these is a change of what
/// `assay quantize` writes: say so in the changelog.
TEST(EncodeBytes, AreTheSameEverywhere) {
  const Floats x = normal(256 * 64, 0.02F);
  Sha256 sha;
  for (const TensorType type : all_tensor_types()) sha.update(encode(type, x));
  EXPECT_EQ(sha.hex(), "351126f537f22a36f566274425e6d1c8b9e5ce5583604b69a624ac4733341272");
}

}  // namespace
}  // namespace assay
