#include "tests/support/random_weights.h"

#include <array>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <random>
#include <span>

#include "core/error.h"
#include "core/numerics/half.h"
#include "core/quant/blocks.h"

namespace assay::testing {
namespace {

/// An fp16 number of a block: its place, and its size relative to the block's scale.
struct HalfField {
  std::size_t offset;
  double factor;
};

/// How to make a block of random bytes into random numbers around 0: its fp16 numbers are set, and
/// `deviation` is what its elements then have for a scale of 1.
struct BlockRecipe {
  TensorType type;
  double deviation;
  std::array<HalfField, 2> halves;  ///< the second repeats the first where there is one only
};

// The minima are chosen to cancel the mean of the unsigned quants.
const std::array<BlockRecipe, 10> kRecipes = {{
    {TensorType::Q4_0, 4.6, {{{0, 1}, {0, 1}}}},
    {TensorType::Q4_1, 4.6, {{{0, 1}, {2, -7.5}}}},
    {TensorType::Q5_0, 9.2, {{{0, 1}, {0, 1}}}},
    {TensorType::Q5_1, 9.2, {{{0, 1}, {2, -15.5}}}},
    {TensorType::Q8_0, 74, {{{0, 1}, {0, 1}}}},
    {TensorType::Q2_K,
     14,
     {{{offsetof(quant::BlockQ2_K, scale), 1}, {offsetof(quant::BlockQ2_K, minimum), 1.5}}}},
    {TensorType::Q3_K,
     43,
     {{{offsetof(quant::BlockQ3_K, scale), 1}, {offsetof(quant::BlockQ3_K, scale), 1}}}},
    {TensorType::Q4_K, 258, {{{0, 1}, {2, 7.5}}}},
    {TensorType::Q5_K, 527, {{{0, 1}, {2, 15.5}}}},
    {TensorType::Q6_K,
     1366,
     {{{offsetof(quant::BlockQ6_K, scale), 1}, {offsetof(quant::BlockQ6_K, scale), 1}}}},
}};

const BlockRecipe& recipe_of(TensorType type) {
  for (const BlockRecipe& recipe : kRecipes) {
    if (recipe.type == type) return recipe;
  }
  ASSAY_ASSERT(!"a float type has no recipe");
  return kRecipes[0];
}

/// std::mt19937_64 is specified bit for bit, the distributions of <random> are not.
class Random {
 public:
  Random(std::uint64_t seed, std::string_view name) {
    std::uint64_t key = 0xCBF29CE484222325U ^ seed;  // FNV-1a
    for (const char c : name) key = (key ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
    generator_.seed(key);
  }
  std::uint64_t bits() { return generator_(); }
  /// Mean 0, deviation 1, within +-3.5: a sum of four uniform numbers.
  double bell() {
    double sum = 0;
    for (int i = 0; i < 4; ++i) sum += static_cast<double>(bits() >> 11U) * 0x1p-53;
    return (sum - 2) * std::sqrt(3.0);
  }

 private:
  std::mt19937_64 generator_;
};

void append_float(std::string& out, TensorType type, double value) {
  const auto single = static_cast<float>(value);
  if (type == TensorType::F32) {
    out.append(reinterpret_cast<const char*>(&single), sizeof(single));
    return;
  }
  const std::uint16_t half = type == TensorType::F16 ? numerics::float_to_half(single)
                                                     : numerics::float_to_bfloat16(single);
  out.append(reinterpret_cast<const char*>(&half), sizeof(half));
}

}  // namespace

std::string random_vector(TensorType type, std::int64_t n, double mean, double deviation,
                          std::uint64_t seed, std::string_view name) {
  ASSAY_ASSERT(is_float_type(type));
  Random random(seed, name);
  std::string out;
  for (std::int64_t i = 0; i < n; ++i) append_float(out, type, mean + deviation * random.bell());
  return out;
}

std::string random_matrix(TensorType type, std::int64_t rows, std::int64_t cols, double deviation,
                          std::uint64_t seed, std::string_view name) {
  if (is_float_type(type)) return random_vector(type, rows * cols, 0, deviation, seed, name);
  const BlockRecipe& recipe = recipe_of(type);
  const auto block_bytes = static_cast<std::size_t>(block_layout(type).bytes);
  std::string out(static_cast<std::size_t>(rows * row_bytes(type, cols)), '\0');
  Random random(seed, name);
  for (char& byte : out) byte = static_cast<char>(random.bits());
  for (std::size_t block = 0; block < out.size(); block += block_bytes) {
    // Scales within a factor of two, so that blocks differ.
    const double size = 0.75 + 0.5 * static_cast<double>(random.bits() >> 11U) * 0x1p-53;
    const double scale = size * deviation / recipe.deviation;
    for (const HalfField& half : recipe.halves) {
      const auto bits = numerics::float_to_half(static_cast<float>(scale * half.factor));
      std::memcpy(out.data() + block + half.offset, &bits, sizeof(bits));
    }
  }
  return out;
}

}  // namespace assay::testing
