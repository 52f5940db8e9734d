// exact/1 over packed weights for many columns. A chunk of two row groups is unpacked to signed
// bytes once (it stays in L1), then meets all columns in tiles of 8 rows x 4 columns whose sums
// live in registers; y holds the sums of the chunks so far. With S::kMatrices a tile is made of
// SMMLA's matrices of 2 rows x 2 columns, else of S::dot. The order of fp32 operations is that of
// exact_neon.h.
#pragma once

#include "backends/neon/isa/packed_neon.h"

namespace assay::host {

inline constexpr int kNeonGemmGroups = 2;
inline constexpr int kNeonGemmColumns = 4;
/// Rows whose activations' chunk is met again while it is in L2.
inline constexpr std::int64_t kNeonGemmBlockRows = 128;

/// One block of four rows. Types that differ only in how they are packed share one form. With
/// kPairs two registers hold eight elements, first of rows 0 and 1, then of rows 2 and 3, and
/// what is multiplied with a row is there twice.
template <bool kPairs, int kElementCount, int kGroupCount, bool kMinimum>
struct NeonUnpacked {
  static constexpr int kElements = kElementCount;
  static constexpr int kGroups = kGroupCount;
  static constexpr bool kHasMinimum = kMinimum;
  static constexpr int kHalves = kPairs ? 2 : 1;

  int8x16_t quads[kElements / 4];
  int32x4_t scales[kGroups][kHalves];
  int16x4_t minima[kGroups];
  float32x4_t factor[kHalves];
  float32x4_t minimum[kHalves];
};

template <class S, class Block>
using NeonUnpackedOf = NeonUnpacked<S::kMatrices, Block::kElements,
                                    Block::kElements / Block::kGroupElements, Block::kHasMinimum>;

ASSAY_INLINE void store_halves(float32x4_t a, float32x4_t (&out)[1]) {
  out[0] = a;
}
ASSAY_INLINE void store_halves(float32x4_t a, float32x4_t (&out)[2]) {
  out[0] = vzip1q_f32(a, a);
  out[1] = vzip2q_f32(a, a);
}
ASSAY_INLINE void store_halves(int32x4_t a, int32x4_t (&out)[1]) {
  out[0] = a;
}
ASSAY_INLINE void store_halves(int32x4_t a, int32x4_t (&out)[2]) {
  out[0] = vzip1q_s32(a, a);
  out[1] = vzip2q_s32(a, a);
}

template <class S, class Block>
ASSAY_INLINE void neon_unpack(const std::byte* packed, NeonUnpackedOf<S, Block>& out) {
  for (int unit = 0; unit < Block::kElements / kUnitElements; ++unit) {
    int8x16_t quads[kUnitQuads];
    load_unit<Block>(packed, unit, quads);
    int8x16_t* to = out.quads + unit * kUnitQuads;
    unroll<kUnitQuads / 2>([&](auto t) ASSAY_INLINE_LAMBDA {
      constexpr int kQuad = 2 * decltype(t)::value;
      const int8x16_t offset = vdupq_n_s8(kNeonOffset<Block>);
      const int8x16_t a = vsubq_s8(quads[kQuad], offset);
      const int8x16_t b = vsubq_s8(quads[kQuad + 1], offset);
      if constexpr (S::kMatrices) {
        const int32x4_t first = vreinterpretq_s32_s8(a);
        const int32x4_t second = vreinterpretq_s32_s8(b);
        to[kQuad] = vreinterpretq_s8_s32(vzip1q_s32(first, second));
        to[kQuad + 1] = vreinterpretq_s8_s32(vzip2q_s32(first, second));
      } else {
        to[kQuad] = a;
        to[kQuad + 1] = b;
      }
    });
  }
  using Groups = NeonGroups<Block>;
  if constexpr (Groups::kGroups > 1) {
    const Groups groups(packed);
    unroll<Groups::kQuarters>([&](auto q) ASSAY_INLINE_LAMBDA {
      constexpr int kQuarter = decltype(q)::value;
      int32x4_t scales[4];
      groups.template scales<kQuarter>(scales);
      for (int g = 0; g < 4; ++g) store_halves(scales[g], out.scales[kQuarter * 4 + g]);
      if constexpr (Block::kHasMinimum) {
        int16x4_t minima[4];
        groups.template minima<kQuarter>(minima);
        for (int g = 0; g < 4; ++g) out.minima[kQuarter * 4 + g] = minima[g];
      }
    });
  }
  store_halves(factor_of<Block>(packed), out.factor);
  if constexpr (Block::kHasMinimum) store_halves(minimum_factor_of<Block>(packed), out.minimum);
}

/// M of one column for the four rows of a block.
template <class Unpacked>
ASSAY_INLINE int32x4_t unpacked_minima(const Unpacked& block, const std::byte* sums_of_16) {
  if constexpr (Unpacked::kGroups == 1) {
    return vdupq_n_s32(sum_of_32(sums_of_16));
  } else {
    const auto* sums = reinterpret_cast<const std::int16_t*>(sums_of_16);
    int16x8_t of[2] = {vld1q_s16(sums), vld1q_s16(sums + 8)};
    if constexpr (Unpacked::kGroups == 8) of[0] = vpaddq_s16(of[0], of[1]);
    int32x4_t total = vdupq_n_s32(0);
    unroll<Unpacked::kGroups>([&](auto g) ASSAY_INLINE_LAMBDA {
      constexpr int kGroup = decltype(g)::value;
      total = vmlal_laneq_s16(total, block.minima[kGroup], of[kGroup / 8], kGroup % 8);
    });
    return total;
  }
}

/// The sums of a tile, 8 rows x 4 columns: what SDOT makes, lane = row of a group.
template <class S, class Unpacked>
struct DotTile {
  template <class T>
  using Sums = T[kNeonGemmGroups][kNeonGemmColumns];
  Sums<float32x4_t> acc;

  ASSAY_INLINE DotTile() {
    for (auto& row : acc) {
      for (float32x4_t& sum : row) sum = vdupq_n_f32(0);
    }
  }
  static ASSAY_INLINE void clear(Sums<int32x4_t>& sums) {
    for (auto& row : sums) {
      for (int32x4_t& sum : row) sum = vdupq_n_s32(0);
    }
  }

  static ASSAY_INLINE void add_quads(const Unpacked* const (&blocks)[kNeonGemmGroups], int group,
                                     const std::byte* x, std::int64_t stride,
                                     Sums<int32x4_t>& sums) {
    constexpr int kQuads = Unpacked::kElements / Unpacked::kGroups / 4;
    unroll<kQuads / 4>([&](auto s) ASSAY_INLINE_LAMBDA {
      constexpr int kFirst = 4 * decltype(s)::value;
      int8x16_t q[kNeonGemmColumns];
      for (int c = 0; c < kNeonGemmColumns; ++c) {
        q[c] = vld1q_s8(reinterpret_cast<const std::int8_t*>(x + c * stride + 4 * kFirst));
      }
      unroll<4>([&](auto lane) ASSAY_INLINE_LAMBDA {
        constexpr int kLane = decltype(lane)::value;
        unroll<kNeonGemmGroups>([&](auto g) ASSAY_INLINE_LAMBDA {
          constexpr int kGroup = decltype(g)::value;
          const int8x16_t w = blocks[kGroup]->quads[group * kQuads + kFirst + kLane];
          unroll<kNeonGemmColumns>([&](auto c) ASSAY_INLINE_LAMBDA {
            int32x4_t& sum = sums[kGroup][decltype(c)::value];
            sum = S::template dot<kLane>(sum, w, q[decltype(c)::value]);
          });
        });
      });
    });
  }

  /// `at`: the block's first element, `number`: of the block in its row.
  ASSAY_INLINE void add_block(const Unpacked* const (&blocks)[kNeonGemmGroups],
                              const PackedColumnsView& x, std::int64_t at) {
    Sums<int32x4_t> products;
    clear(products);
    if constexpr (Unpacked::kGroups == 1) {
      add_quads(blocks, 0, x.base + at, x.stride, products);
    } else {
      for (int group = 0; group < Unpacked::kGroups; ++group) {
        Sums<int32x4_t> dot;
        clear(dot);
        const std::int64_t from = at + group * (Unpacked::kElements / Unpacked::kGroups);
        add_quads(blocks, group, x.base + from, x.stride, dot);
        for (int g = 0; g < kNeonGemmGroups; ++g) {
          const int32x4_t scale = blocks[g]->scales[group][0];
          for (int c = 0; c < kNeonGemmColumns; ++c) {
            products[g][c] = vmlaq_s32(products[g][c], dot[g][c], scale);
          }
        }
      }
    }
    const std::int64_t number = at / Unpacked::kElements;
    for (int c = 0; c < kNeonGemmColumns; ++c) {
      const float factor = x.factor(c, number);
      for (int g = 0; g < kNeonGemmGroups; ++g) {
        acc[g][c] = combine_rows(acc[g][c], products[g][c], blocks[g]->factor[0], factor);
        if constexpr (Unpacked::kHasMinimum) {
          acc[g][c] =
              combine_rows(acc[g][c], unpacked_minima(*blocks[g], x.sums_of(at) + c * x.stride),
                           blocks[g]->minimum[0], factor);
        }
      }
    }
  }
  ASSAY_INLINE float32x4_t column(int group, int c) const { return acc[group][c]; }
};

/// The same as SMMLA makes it: each register is 2 rows x 2 columns.
template <class S, class Unpacked>
struct MatrixTile {
  static constexpr int kColumnPairs = kNeonGemmColumns / 2;
  template <class T>
  using Sums = T[kNeonGemmGroups][2][kColumnPairs];
  Sums<float32x4_t> acc;

  ASSAY_INLINE MatrixTile() {
    for (auto& group : acc) {
      for (auto& row : group) {
        for (float32x4_t& sum : row) sum = vdupq_n_f32(0);
      }
    }
  }
  static ASSAY_INLINE void clear(Sums<int32x4_t>& sums) {
    for (auto& group : sums) {
      for (auto& row : group) {
        for (int32x4_t& sum : row) sum = vdupq_n_s32(0);
      }
    }
  }

  static ASSAY_INLINE void add_quads(const Unpacked* const (&blocks)[kNeonGemmGroups], int group,
                                     const std::byte* x, std::int64_t stride,
                                     Sums<int32x4_t>& sums) {
    constexpr int kQuads = Unpacked::kElements / Unpacked::kGroups / 4;
    unroll<kQuads / 4>([&](auto s) ASSAY_INLINE_LAMBDA {
      constexpr int kFirst = 4 * decltype(s)::value;
      int8x16_t q[kColumnPairs][2];  // eight elements of two columns
      for (int pair = 0; pair < kColumnPairs; ++pair) {
        const std::byte* from = x + 2 * pair * stride + 4 * kFirst;
        const int64x2_t a = vreinterpretq_s64_u8(load_bytes(from));
        const int64x2_t b = vreinterpretq_s64_u8(load_bytes(from + stride));
        q[pair][0] = vreinterpretq_s8_s64(vzip1q_s64(a, b));
        q[pair][1] = vreinterpretq_s8_s64(vzip2q_s64(a, b));
      }
      unroll<4>([&](auto r) ASSAY_INLINE_LAMBDA {
        constexpr int kRegister = decltype(r)::value;
        unroll<kNeonGemmGroups>([&](auto g) ASSAY_INLINE_LAMBDA {
          constexpr int kGroup = decltype(g)::value;
          const int8x16_t w = blocks[kGroup]->quads[group * kQuads + kFirst + kRegister];
          unroll<kColumnPairs>([&](auto p) ASSAY_INLINE_LAMBDA {
            int32x4_t& sum = sums[kGroup][kRegister % 2][decltype(p)::value];
            sum = S::multiply(sum, w, q[decltype(p)::value][kRegister / 2]);
          });
        });
      });
    });
  }

  ASSAY_INLINE void add_block(const Unpacked* const (&blocks)[kNeonGemmGroups],
                              const PackedColumnsView& x, std::int64_t at) {
    Sums<int32x4_t> products;
    clear(products);
    if constexpr (Unpacked::kGroups == 1) {
      add_quads(blocks, 0, x.base + at, x.stride, products);
    } else {
      for (int group = 0; group < Unpacked::kGroups; ++group) {
        Sums<int32x4_t> dot;
        clear(dot);
        const std::int64_t from = at + group * (Unpacked::kElements / Unpacked::kGroups);
        add_quads(blocks, group, x.base + from, x.stride, dot);
        for (int g = 0; g < kNeonGemmGroups; ++g) {
          for (int h = 0; h < 2; ++h) {
            const int32x4_t scale = blocks[g]->scales[group][h];
            for (int p = 0; p < kColumnPairs; ++p) {
              products[g][h][p] = vmlaq_s32(products[g][h][p], dot[g][h][p], scale);
            }
          }
        }
      }
    }
    for (int p = 0; p < kColumnPairs; ++p) add_pair(blocks, x, at, p, products);
  }

  /// The fp32 part of two columns.
  ASSAY_INLINE void add_pair(const Unpacked* const (&blocks)[kNeonGemmGroups],
                             const PackedColumnsView& x, std::int64_t at, int p,
                             const Sums<int32x4_t>& products) {
    const std::int64_t number = at / Unpacked::kElements;
    const float a = x.factor(2 * p, number);
    const float b = x.factor(2 * p + 1, number);
    const float32x4_t factor = {a, b, a, b};
    for (int g = 0; g < kNeonGemmGroups; ++g) {
      int32x4_t minima[2] = {};
      if constexpr (Unpacked::kHasMinimum) {
        const std::byte* sums = x.sums_of(at) + 2 * p * x.stride;
        const int32x4_t first = unpacked_minima(*blocks[g], sums);
        const int32x4_t second = unpacked_minima(*blocks[g], sums + x.stride);
        minima[0] = vzip1q_s32(first, second);
        minima[1] = vzip2q_s32(first, second);
      }
      for (int h = 0; h < 2; ++h) {
        float32x4_t& sum = acc[g][h][p];
        sum = vfmaq_f32(sum, vcvtq_f32_s32(products[g][h][p]),
                        vmulq_f32(blocks[g]->factor[h], factor));
        if constexpr (Unpacked::kHasMinimum) {
          sum = vfmaq_f32(sum, vcvtq_f32_s32(minima[h]), vmulq_f32(blocks[g]->minimum[h], factor));
        }
      }
    }
  }
  ASSAY_INLINE float32x4_t column(int group, int c) const {
    const float32x4_t low = acc[group][0][c / 2];
    const float32x4_t high = acc[group][1][c / 2];
    return c % 2 == 0 ? vuzp1q_f32(low, high) : vuzp2q_f32(low, high);
  }
};

/// Adds a chunk's sum to the sum of those before it, and to the last the bias.
ASSAY_INLINE void add_rows(const ExactLinearTask& task, std::int64_t row, float* y, float32x4_t acc,
                           bool is_first, bool is_last) {
  const std::int64_t rows = task.row_end - row;
  float lanes[kNeonRows] = {};
  float32x4_t total = vdupq_n_f32(0);
  if (!is_first && rows >= kNeonRows) total = vld1q_f32(y + row);
  if (!is_first && rows < kNeonRows) {
    for (std::int64_t r = 0; r < rows; ++r) lanes[r] = y[row + r];
    total = vld1q_f32(lanes);
  }
  write_rows(task, row, y, vaddq_f32(total, acc), is_last ? task.bias : nullptr);
}

/// The two row groups that a tile multiplies, and what of them is real.
struct NeonGemmRows {
  std::int64_t row;
  int groups;  ///< 1: the second is the first again, and is not written
};

/// One chunk of two row groups times four columns of which `columns` are written.
template <class Tile, class Unpacked>
void neon_gemm_tile(const ExactLinearTask& task, const Unpacked* const (&chunk)[kNeonGemmGroups],
                    const NeonGemmRows& rows, std::int64_t column, int columns, std::int64_t start,
                    std::int64_t end) {
  const PackedColumnsView x(task, Unpacked::kElements, column);
  Tile tile;
  const Unpacked* blocks[kNeonGemmGroups] = {chunk[0], chunk[1]};
  for (std::int64_t at = start; at < end; at += Unpacked::kElements) {
    tile.add_block(blocks, x, at);
    ++blocks[0];
    ++blocks[1];
  }
  unroll<kNeonGemmGroups>([&](auto g) ASSAY_INLINE_LAMBDA {
    constexpr int kGroup = decltype(g)::value;
    if (kGroup >= rows.groups) return;
    unroll<kNeonGemmColumns>([&](auto c) ASSAY_INLINE_LAMBDA {
      constexpr int kColumn = decltype(c)::value;
      if (kColumn >= columns) return;
      add_rows(task, rows.row + kGroup * kNeonRows, task.y + (column + kColumn) * task.ldy,
               tile.column(kGroup, kColumn), start == 0, end == task.k);
    });
  });
}

/// All columns of one chunk of the rows of `rows`.
template <class S, class Block>
void neon_gemm_chunk(const ExactLinearTask& task, const NeonGemmRows& rows, std::int64_t start,
                     std::int64_t end) {
  using Unpacked = NeonUnpackedOf<S, Block>;
  using Tile = typename S::template Tile<Unpacked>;
  using Layout = NeonLayout<Block>;
  Unpacked unpacked[kNeonGemmGroups][numerics::kChunkElements / Block::kElements];
  const std::int64_t group_bytes = task.k / Block::kElements * Layout::kBytes;
  for (int g = 0; g < rows.groups; ++g) {
    const std::byte* packed = task.weights + (rows.row / kNeonRows + g) * group_bytes +
                              start / Block::kElements * Layout::kBytes;
    for (std::int64_t b = 0; b < (end - start) / Block::kElements; ++b) {
      neon_unpack<S, Block>(packed + b * Layout::kBytes, unpacked[g][b]);
    }
  }
  const Unpacked* const chunk[kNeonGemmGroups] = {unpacked[0], unpacked[rows.groups - 1]};
  for (std::int64_t column = 0; column < task.m; column += kNeonGemmColumns) {
    const std::int64_t n = task.m - column;
    neon_gemm_tile<Tile>(task, chunk, rows, column,
                         static_cast<int>(n < kNeonGemmColumns ? n : kNeonGemmColumns), start, end);
  }
}

template <class S, class Block>
void neon_gemm(const ExactLinearTask& task) {
  for (std::int64_t first = task.row_begin; first < task.row_end; first += kNeonGemmBlockRows) {
    const std::int64_t left = task.row_end - first;
    const std::int64_t last = first + (left < kNeonGemmBlockRows ? left : kNeonGemmBlockRows);
    for (std::int64_t start = 0; start < task.k; start += numerics::kChunkElements) {
      const std::int64_t rest = task.k - start;
      const std::int64_t end =
          start + (rest < numerics::kChunkElements ? rest : numerics::kChunkElements);
      for (std::int64_t row = first; row < last; row += kNeonGemmGroups * kNeonRows) {
        neon_gemm_chunk<S, Block>(task, {row, last - row > kNeonRows ? 2 : 1}, start, end);
      }
    }
  }
}

}  // namespace assay::host
