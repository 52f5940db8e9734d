// exact/1 for quantised weights: integer dot products, and the order in which their factors join.
//
// Activations are quantised once a row, in blocks as long as the weight's (32 or 256 elements):
//   amax = max |x|; d = amax / 127; integer = x * (1/d) rounded to nearest even, in [-127, 127].
//   amax < 2^-80: d = 0 and all integers 0, so that no product of factors is denormal. NaN or Inf
//   in a block: d = NaN, which reaches every sum that the block has part in.
// A weight's block then gives two integers, exact in any order of summation:
//   S = sum over its groups of group_scale * (sum of weight * activation)
//   M = sum over its groups of group_minimum * (sum of activations)      types with a minimum
// and they are combined in fp32, block after block within a chunk of 512 elements:
//   acc = fma(float(S), d_weight * d, acc);  acc = fma(float(M), -(d_minimum * d), acc)
// each product rounded once, each conversion to nearest even, acc starting at +0. A row's result is
// +0 + chunk 0 + chunk 1 + ... The last chunk may be short.
//
// |S| stays below 2^27 (Q6_K: 16 groups * 128 * 16 elements * 32 * 127), |M| below 2^24.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/numerics/dot.h"
#include "core/quant/blocks.h"

namespace assay::quant {
inline namespace ASSAY_ISA {

/// Elements whose sum a row of activations keeps; every group of every type is a multiple.
inline constexpr int kSumElements = 16;

/// Where the parts of one quantised row of n activations lie: integers, sums of 16, factors.
struct ActivationLayout {
  std::int64_t n;
  int block;  ///< elements that share a factor: the weight's kElements
  ASSAY_HD constexpr ActivationLayout(std::int64_t elements, int block_elements)
      : n(elements), block(block_elements) {}
  ASSAY_HD constexpr std::int64_t sums_at() const { return (n + 63) / 64 * 64; }
  ASSAY_HD constexpr std::int64_t factors_at() const {
    return sums_at() + (n / kSumElements * std::int64_t{sizeof(std::int16_t)} + 63) / 64 * 64;
  }
  /// A multiple of 64.
  ASSAY_HD constexpr std::int64_t bytes() const {
    return factors_at() + (n / block * std::int64_t{sizeof(float)} + 63) / 64 * 64;
  }
};

/// A quantised row, laid out so; borrowed.
struct ActivationRow {
  const std::int8_t* integers;
  const std::int16_t* sums;  ///< of 16 integers each
  const float* factors;      ///< d, one a block
  ASSAY_HD ActivationRow(const std::byte* row, const ActivationLayout& layout)
      : integers(reinterpret_cast<const std::int8_t*>(row)),
        sums(reinterpret_cast<const std::int16_t*>(row + layout.sums_at())),
        factors(reinterpret_cast<const float*>(row + layout.factors_at())) {}
};

inline constexpr float kSmallestAmax = 0x1p-80F;

/// Nearest even of |x| < 2^22: beyond 2^23 floats are whole numbers.
ASSAY_HD inline float round_to_even(float x) {
  constexpr float kShift = 0x1.8p23F;
  return (x + kShift) - kShift;
}

/// Quantises one block of n activations; returns its factor d.
ASSAY_HD inline float quantize_block(const float* ASSAY_RESTRICT x, int n,
                                     std::int8_t* ASSAY_RESTRICT integers) {
  constexpr std::uint32_t kInfinity = 0x7f800000U;
  std::uint32_t largest = 0;  // of the magnitudes' bits: as numbers, and NaN above all
  for (int i = 0; i < n; ++i) {
    const std::uint32_t magnitude = numerics::bits_of(x[i]) & 0x7fffffffU;
    largest = magnitude > largest ? magnitude : largest;
  }
  const float amax = numerics::float_of(largest);
  if (largest >= kInfinity || amax < kSmallestAmax) {
    for (int i = 0; i < n; ++i) integers[i] = 0;
    return largest >= kInfinity ? numerics::float_of(0x7fc00000U) : 0.0F;
  }
  const float factor = amax / 127.0F;
  const float inverse = 1.0F / factor;
  for (int i = 0; i < n; ++i) {
    const float rounded = round_to_even(x[i] * inverse);
    const float limited = rounded > 127.0F ? 127.0F : rounded < -127.0F ? -127.0F : rounded;
    integers[i] = static_cast<std::int8_t>(static_cast<std::int32_t>(limited));
  }
  return factor;
}

/// Quantises one row of layout.n activations into layout.bytes() bytes, 4-byte aligned.
ASSAY_HD inline void quantize_row(const float* x, const ActivationLayout& layout, std::byte* row) {
  auto* integers = reinterpret_cast<std::int8_t*>(row);
  auto* sums = reinterpret_cast<std::int16_t*>(row + layout.sums_at());
  auto* factors = reinterpret_cast<float*>(row + layout.factors_at());
  for (std::int64_t i = 0; i < layout.n; i += layout.block) {
    factors[i / layout.block] = quantize_block(x + i, layout.block, integers + i);
  }
  for (std::int64_t i = 0; i < layout.n; i += kSumElements) {
    int sum = 0;
    for (int j = 0; j < kSumElements; ++j) sum += integers[i + j];
    sums[i / kSumElements] = static_cast<std::int16_t>(sum);
  }
}

/// S and M of one block.
struct BlockSums {
  std::int32_t products = 0;
  std::int32_t minima = 0;
};

/// `weights`: the block's integers. `integers` and `sums`: of the activations it meets.
template <class Block>
ASSAY_HD inline BlockSums block_sums(const Block& block, const std::int8_t* weights,
                                     const std::int8_t* integers, const std::int16_t* sums) {
  constexpr int kGroup = Block::kGroupElements;
  BlockSums out;
  for (int group = 0; group < Block::kElements / kGroup; ++group) {
    std::int32_t dot = 0;
    for (int i = 0; i < kGroup; ++i) {
      dot += static_cast<std::int32_t>(weights[group * kGroup + i]) *
             static_cast<std::int32_t>(integers[group * kGroup + i]);
    }
    out.products += block.group_scale(group) * dot;
    if constexpr (Block::kHasMinimum) {
      std::int32_t sum = 0;
      for (int i = 0; i < kGroup / kSumElements; ++i) {
        sum += sums[group * (kGroup / kSumElements) + i];
      }
      out.minima += block.group_minimum(group) * sum;
    }
  }
  return out;
}

/// A block's part in its chunk. `factor`: of the activations.
template <class Block>
ASSAY_HD inline float combine(const Block& block, const BlockSums& sums, float factor, float acc) {
  acc = numerics::fma(static_cast<float>(sums.products), block.factor() * factor, acc);
  if constexpr (Block::kHasMinimum) {
    acc = numerics::fma(static_cast<float>(sums.minima), -(block.minimum_factor() * factor), acc);
  }
  return acc;
}

template <class Block>
ASSAY_HD inline Block block_at(const std::byte* row, std::int64_t element) {
  Block block;
  __builtin_memcpy(&block, row + element / Block::kElements * std::int64_t{sizeof(Block)},
                   sizeof(Block));
  return block;
}

/// The integers of a row of n elements.
template <class Block>
ASSAY_HD inline void row_integers(const std::byte* row, std::int64_t n, std::int8_t* integers) {
  for (std::int64_t i = 0; i < n; i += Block::kElements) {
    block_at<Block>(row, i).integers(integers + i);
  }
}

/// One row of weights, whose integers are known, times one row of activations; n elements: a whole
/// number of blocks.
template <class Block>
ASSAY_HD inline float exact_dot(const std::byte* weights, const std::int8_t* integers,
                                const ActivationRow& x, std::int64_t n) {
  float total = 0;
  for (std::int64_t start = 0; start < n; start += numerics::kChunkElements) {
    const std::int64_t end =
        n - start < numerics::kChunkElements ? n : start + numerics::kChunkElements;
    float acc = 0;
    for (std::int64_t i = start; i < end; i += Block::kElements) {
      const auto block = block_at<Block>(weights, i);
      const BlockSums sums =
          block_sums(block, integers + i, x.integers + i, x.sums + i / kSumElements);
      acc = combine(block, sums, x.factors[i / Block::kElements], acc);
    }
    total += acc;
  }
  return total;
}

}  // namespace ASSAY_ISA
}  // namespace assay::quant
