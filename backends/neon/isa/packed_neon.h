// Packed weights (backends/common/isa/packed_format.h) as NEON reads them: four rows side by side,
// so that a register is one quad, four consecutive elements of each row, and SDOT by element lets
// one load of 16 activations serve four quads without a broadcast.
#pragma once

#include <arm_neon.h>

#include "backends/common/isa/exact_packed.h"

namespace assay::host {

inline constexpr int kNeonRows = 4;
/// Elements read together: whole registers of every plane of bits.
inline constexpr int kUnitElements = 32;
inline constexpr int kUnitQuads = 8;

template <class Block>
using NeonLayout = PackedLayout<Block, kNeonRows>;

ASSAY_INLINE uint8x16_t load_bytes(const std::byte* from) {
  return vld1q_u8(reinterpret_cast<const std::uint8_t*>(from));
}

/// The integers of unit `unit` of a block, one register a quad. Offset by Layout::kOffset, so that
/// SDOT takes them as they are; but bytes of 8 bits come with their sign.
template <class Block>
ASSAY_INLINE void load_unit(const std::byte* packed, int unit, int8x16_t (&quads)[kUnitQuads]) {
  using Layout = NeonLayout<Block>;
  constexpr int kLowBits = Layout::kLowBits;
  constexpr int kLowFields = Layout::kLowFields;
  constexpr int kHighFields = Layout::kHighFields;
  const std::byte* low_plane = packed + unit * (kUnitQuads / kLowFields * 16);
  const std::byte* high_plane = packed + Layout::kHighAt + unit * (kUnitQuads / kHighFields * 16);
  unroll<kUnitQuads>([&](auto t) ASSAY_INLINE_LAMBDA {
    constexpr int kQuad = decltype(t)::value;
    uint8x16_t u = load_bytes(low_plane + kQuad / kLowFields * 16);
    if constexpr (kLowFields == 1) {
      u = veorq_u8(u, vdupq_n_u8(0x80));
    } else {
      constexpr int kField = kQuad % kLowFields;
      if constexpr (kField > 0) u = vshrq_n_u8(u, kLowBits * kField);
      if constexpr (kField < kLowFields - 1) u = vandq_u8(u, vdupq_n_u8(Layout::kLowMask));
    }
    if constexpr (Layout::kHighBits > 0) {
      // Moved to just above the low bits, and taken from there by a select.
      constexpr int kShift = kLowBits - Layout::kHighBits * (kQuad % kHighFields);
      uint8x16_t high = load_bytes(high_plane + kQuad / kHighFields * 16);
      if constexpr (kShift > 0) high = vshlq_n_u8(high, kShift);
      if constexpr (kShift < 0) high = vshrq_n_u8(high, -kShift);
      u = vbslq_u8(vdupq_n_u8(Layout::kHighMask << kLowBits), high, u);
    }
    quads[kQuad] = vreinterpretq_s8_u8(u);
  });
}

/// What is left to subtract from a quad: SDOT's bytes have a sign.
template <class Block>
inline constexpr int kNeonOffset =
    NeonLayout<Block>::kLowBits == 8 ? 0 : NeonLayout<Block>::kOffset;

/// The scales and minima of a block's groups, four rows a group.
template <class Block>
class NeonGroups {
  using Layout = NeonLayout<Block>;

 public:
  static constexpr int kGroups = Block::kElements / Block::kGroupElements;
  static constexpr int kQuarters = (kGroups + 3) / 4;  ///< registers of four groups

  explicit ASSAY_INLINE NeonGroups(const std::byte* packed) {
    if constexpr (kGroups > 1) {
      uint8x16_t bytes[Layout::kScaleBytes / 4];
      for (int i = 0; i < Layout::kScaleBytes / 4; ++i) {
        bytes[i] = load_bytes(packed + Layout::kScalesTo + 16 * i);
      }
      decode(bytes);
    }
  }
  /// Of the four groups of quarter kQuarter.
  template <int kQuarter>
  ASSAY_INLINE void scales(int32x4_t (&out)[4]) const {
    const int16x8_t low = vmovl_s8(vget_low_s8(scales_[kQuarter]));
    const int16x8_t high = vmovl_high_s8(scales_[kQuarter]);
    out[0] = vmovl_s16(vget_low_s16(low));
    out[1] = vmovl_high_s16(low);
    out[2] = vmovl_s16(vget_low_s16(high));
    out[3] = vmovl_high_s16(high);
  }
  template <int kQuarter>
  ASSAY_INLINE void minima(int16x4_t (&out)[4]) const {
    const int16x8_t low = vmovl_s8(vget_low_s8(minima_[kQuarter]));
    const int16x8_t high = vmovl_high_s8(minima_[kQuarter]);
    out[0] = vget_low_s16(low);
    out[1] = vget_high_s16(low);
    out[2] = vget_low_s16(high);
    out[3] = vget_high_s16(high);
  }

 private:
  static ASSAY_INLINE int8x16_t low_bits(uint8x16_t a, unsigned mask) {
    return vreinterpretq_s8_u8(vandq_u8(a, vdupq_n_u8(static_cast<std::uint8_t>(mask))));
  }
  /// The low bits of `low` below the low bits of `high` from bit 4 on.
  static ASSAY_INLINE int8x16_t joined(uint8x16_t low, uint8x16_t high) {
    return vreinterpretq_s8_u8(vsliq_n_u8(vandq_u8(low, vdupq_n_u8(15)), high, 4));
  }
  /// core/quant/blocks.h has the same for one row.
  ASSAY_INLINE void decode(const uint8x16_t (&b)[Layout::kScaleBytes / 4]) {
    if constexpr (__is_same(Block, quant::BlockQ2_K)) {
      for (int i = 0; i < 4; ++i) {
        scales_[i] = low_bits(b[i], 15);
        minima_[i] = vreinterpretq_s8_u8(vshrq_n_u8(b[i], 4));
      }
    } else if constexpr (__is_same(Block, quant::BlockQ6_K)) {
      for (int i = 0; i < 4; ++i) scales_[i] = vreinterpretq_s8_u8(b[i]);
    } else if constexpr (__is_same(Block, quant::BlockQ3_K)) {
      const uint8x16_t two = vdupq_n_u8(3);
      const uint8x16_t high[4] = {vandq_u8(b[2], two), vandq_u8(vshrq_n_u8(b[2], 2), two),
                                  vandq_u8(vshrq_n_u8(b[2], 4), two), vshrq_n_u8(b[2], 6)};
      const uint8x16_t low[4] = {b[0], b[1], vshrq_n_u8(b[0], 4), vshrq_n_u8(b[1], 4)};
      for (int i = 0; i < 4; ++i) scales_[i] = vsubq_s8(joined(low[i], high[i]), vdupq_n_s8(32));
    } else {
      scales_[0] = low_bits(b[0], 63);
      scales_[1] = joined(b[2], vshrq_n_u8(b[0], 6));
      minima_[0] = low_bits(b[1], 63);
      minima_[1] = joined(vshrq_n_u8(b[2], 4), vshrq_n_u8(b[1], 6));
    }
  }

  int8x16_t scales_[kQuarters];
  int8x16_t minima_[Block::kHasMinimum ? kQuarters : 1];
};

ASSAY_INLINE float32x4_t load_halves(const std::byte* from) {
  return vcvt_f32_f16(vld1_f16(reinterpret_cast<const __fp16*>(from)));
}

template <class Block>
ASSAY_INLINE float32x4_t factor_of(const std::byte* packed) {
  return load_halves(packed + NeonLayout<Block>::kFactorsAt);
}
/// Q4_1 and Q5_1 add what they store: their minimum's factor is its negative.
template <class Block>
ASSAY_INLINE float32x4_t minimum_factor_of(const std::byte* packed) {
  const float32x4_t stored = load_halves(packed + NeonLayout<Block>::kMinimaAt);
  return NeonLayout<Block>::kScaleBytes == 0 ? stored : vnegq_f32(stored);
}

/// acc + sum * rn(weights' factor * activations' factor), lane = row.
ASSAY_INLINE float32x4_t combine_rows(float32x4_t acc, int32x4_t sum, float32x4_t factor, float x) {
  return vfmaq_f32(acc, vcvtq_f32_s32(sum), vmulq_n_f32(factor, x));
}

/// The sums of 32 activations of a block of one group.
ASSAY_INLINE std::int32_t sum_of_32(const std::byte* sums_of_16) {
  std::int16_t sums[2];
  __builtin_memcpy(sums, sums_of_16, sizeof sums);
  return sums[0] + sums[1];
}

/// sum over groups of a row's minimum * sum of the group's activations, for one column.
template <class Block>
ASSAY_INLINE int32x4_t minima_sum(const NeonGroups<Block>& groups, const std::byte* sums_of_16) {
  const auto* sums = reinterpret_cast<const std::int16_t*>(sums_of_16);
  int16x8_t first = vld1q_s16(sums);
  int16x8_t second = vld1q_s16(sums + 8);
  if constexpr (NeonGroups<Block>::kGroups == 8) first = second = vpaddq_s16(first, second);
  int32x4_t total = vdupq_n_s32(0);
  unroll<NeonGroups<Block>::kQuarters>([&](auto q) ASSAY_INLINE_LAMBDA {
    constexpr int kQuarter = decltype(q)::value;
    int16x4_t minima[4];
    groups.template minima<kQuarter>(minima);
    const int16x8_t of = kQuarter < 2 ? first : second;
    unroll<4>([&](auto g) ASSAY_INLINE_LAMBDA {
      constexpr int kGroup = decltype(g)::value;
      total = vmlal_laneq_s16(total, minima[kGroup], of, kQuarter % 2 * 4 + kGroup);
    });
  });
  return total;
}

/// Adds the bias, where there is one, and writes the rows of a group that exist.
ASSAY_INLINE void write_rows(const ExactLinearTask& task, std::int64_t row, float* y,
                             float32x4_t total, const float* bias) {
  const std::int64_t rows = task.row_end - row;
  if (rows >= kNeonRows) {
    if (bias != nullptr) total = vaddq_f32(total, vld1q_f32(bias + row));
    vst1q_f32(y + row, total);
    return;
  }
  float lanes[kNeonRows];
  vst1q_f32(lanes, total);
  for (std::int64_t r = 0; r < rows; ++r) {
    y[row + r] = bias == nullptr ? lanes[r] : lanes[r] + bias[row + r];
  }
}

}  // namespace assay::host
