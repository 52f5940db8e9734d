// exact/1 over packed weights for few columns: weights are unpacked in registers and meet every
// column of a tile there. The integers' order is free; the fp32 part follows core/quant/exact_dot.h
// operation by operation.
//
// S is a level: dot<lane>(acc, quads, x) adds to each of four rows the products of a quad with four
// of 16 activations.
#pragma once

#include "backends/neon/isa/packed_neon.h"

namespace assay::host {

/// Columns whose sums are held in registers at once.
inline constexpr int kNeonColumns = 4;

/// S (and M) of one block for kColumns columns. `at`: its first element.
template <class S, class Block, int kColumns>
struct NeonSums {
  using Groups = NeonGroups<Block>;
  static constexpr int kUnits = Block::kElements / kUnitElements;
  static constexpr int kUnitGroups = kUnitElements / Block::kGroupElements;  ///< 1 or 2

  int32x4_t products[kColumns];
  int32x4_t minima[kColumns];

  ASSAY_INLINE NeonSums(const std::byte* packed, const PackedColumnsView& x, std::int64_t at) {
    if constexpr (Groups::kGroups == 1) {
      for (int c = 0; c < kColumns; ++c) {
        const std::int32_t sum = sum_of_32(x.sums_of(at) + c * x.stride);
        products[c] = vdupq_n_s32(-kNeonOffset<Block> * sum);
        if constexpr (Block::kHasMinimum) minima[c] = vdupq_n_s32(sum);
      }
      int8x16_t quads[kUnitQuads];
      load_unit<Block>(packed, 0, quads);
      add_quads<0, kUnitQuads>(quads, x, at, products);
    } else {
      const Groups groups(packed);
      for (int c = 0; c < kColumns; ++c) {
        products[c] = vdupq_n_s32(0);
        if constexpr (Block::kHasMinimum) {
          minima[c] = minima_sum<Block>(groups, x.sums_of(at) + c * x.stride);
        }
      }
      // As many units as have the scales of four groups.
      constexpr int kQuarterUnits = 4 / kUnitGroups;
      unroll<Groups::kQuarters>([&](auto q) ASSAY_INLINE_LAMBDA {
        constexpr int kQuarter = decltype(q)::value;
        int32x4_t scales[4];
        groups.template scales<kQuarter>(scales);
        unroll<kQuarterUnits>([&](auto u) ASSAY_INLINE_LAMBDA {
          constexpr int kUnit = decltype(u)::value;
          add_unit(packed, kQuarter * kQuarterUnits + kUnit, x, at, scales[kUnit * kUnitGroups],
                   scales[kUnit * kUnitGroups + kUnitGroups - 1]);
        });
      });
    }
  }

  ASSAY_INLINE void add_unit(const std::byte* packed, int unit, const PackedColumnsView& x,
                             std::int64_t at, int32x4_t scale, int32x4_t next_scale) {
    int8x16_t quads[kUnitQuads];
    load_unit<Block>(packed, unit, quads);
    at += unit * kUnitElements;
    if constexpr (kUnitGroups == 1) {
      add_group<0, kUnitQuads>(quads, x, at, scale);
    } else {
      add_group<0, kUnitQuads / 2>(quads, x, at, scale);
      add_group<kUnitQuads / 2, kUnitQuads>(quads, x, at, next_scale);
    }
  }

  template <int kFrom, int kTo>
  ASSAY_INLINE void add_group(const int8x16_t (&quads)[kUnitQuads], const PackedColumnsView& x,
                              std::int64_t at, int32x4_t scale) {
    int32x4_t dot[kColumns];
    for (int c = 0; c < kColumns; ++c) {
      if constexpr (kNeonOffset<Block> == 0) {
        dot[c] = vdupq_n_s32(0);
      } else {
        std::int16_t sum;
        static_assert(kNeonOffset<Block> == 0 || Block::kGroupElements == quant::kSumElements);
        __builtin_memcpy(&sum, x.sums_of(at + 4 * kFrom) + c * x.stride, sizeof sum);
        dot[c] = vdupq_n_s32(-kNeonOffset<Block> * sum);
      }
    }
    add_quads<kFrom, kTo>(quads, x, at, dot);
    for (int c = 0; c < kColumns; ++c) products[c] = vmlaq_s32(products[c], dot[c], scale);
  }

  template <int kFrom, int kTo>
  static ASSAY_INLINE void add_quads(const int8x16_t (&quads)[kUnitQuads],
                                     const PackedColumnsView& x, std::int64_t at,
                                     int32x4_t (&dot)[kColumns]) {
    unroll<(kTo - kFrom) / 4>([&](auto s) ASSAY_INLINE_LAMBDA {
      constexpr int kFirst = kFrom + 4 * decltype(s)::value;
      unroll<kColumns>([&](auto c) ASSAY_INLINE_LAMBDA {
        constexpr int kColumn = decltype(c)::value;
        const int8x16_t q = vld1q_s8(
            reinterpret_cast<const std::int8_t*>(x.base + kColumn * x.stride + at + 4 * kFirst));
        unroll<4>([&](auto lane) ASSAY_INLINE_LAMBDA {
          constexpr int kLane = decltype(lane)::value;
          dot[kColumn] = S::template dot<kLane>(dot[kColumn], quads[kFirst + kLane], q);
        });
      });
    });
  }
};

/// Rows [row, row + 4) times kColumns columns, over all of k. `packed`: the group's first block.
template <class S, class Block, int kColumns>
void neon_tile(const ExactLinearTask& task, const std::byte* packed, std::int64_t row,
               std::int64_t column) {
  using Layout = NeonLayout<Block>;
  const PackedColumnsView x(task, Block::kElements, column);
  float32x4_t total[kColumns];
  for (int c = 0; c < kColumns; ++c) total[c] = vdupq_n_f32(0);
  for (std::int64_t start = 0; start < task.k; start += numerics::kChunkElements) {
    const std::int64_t left = task.k - start;
    const std::int64_t end =
        start + (left < numerics::kChunkElements ? left : numerics::kChunkElements);
    float32x4_t acc[kColumns];
    for (int c = 0; c < kColumns; ++c) acc[c] = vdupq_n_f32(0);
    for (std::int64_t at = start; at < end; at += Block::kElements, packed += Layout::kBytes) {
      const NeonSums<S, Block, kColumns> sums(packed, x, at);
      const std::int64_t block = at / Block::kElements;
      const float32x4_t factor = factor_of<Block>(packed);
      for (int c = 0; c < kColumns; ++c) {
        acc[c] = combine_rows(acc[c], sums.products[c], factor, x.factor(c, block));
      }
      if constexpr (Block::kHasMinimum) {
        const float32x4_t minimum = minimum_factor_of<Block>(packed);
        for (int c = 0; c < kColumns; ++c) {
          acc[c] = combine_rows(acc[c], sums.minima[c], minimum, x.factor(c, block));
        }
      }
    }
    for (int c = 0; c < kColumns; ++c) total[c] = vaddq_f32(total[c], acc[c]);
  }
  for (int c = 0; c < kColumns; ++c) {
    write_rows(task, row, task.y + (column + c) * task.ldy, total[c], task.bias);
  }
}

/// neon_tile with `columns` (1 .. kColumns) known only at run time.
template <class S, class Block, int kColumns>
void neon_columns(int columns, const ExactLinearTask& task, const std::byte* packed,
                  std::int64_t row, std::int64_t column) {
  if constexpr (kColumns > 1) {
    if (columns < kColumns) {
      return neon_columns<S, Block, kColumns - 1>(columns, task, packed, row, column);
    }
  }
  neon_tile<S, Block, kColumns>(task, packed, row, column);
}

}  // namespace assay::host
