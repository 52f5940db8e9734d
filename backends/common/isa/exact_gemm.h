// exact/1 over packed weights for many columns. A chunk of two row groups is unpacked to bytes once
// (it stays in L1), then meets all columns in tiles whose sums live in registers. y holds the sums
// of the chunks so far. The integers and the order of fp32 operations are those of exact_packed.h.
#pragma once

#include "backends/common/isa/exact_packed.h"

namespace assay::host {

/// From here on unpacking once beats unpacking for every tile of 8 columns.
inline constexpr int kGemmColumnsFrom = 40;
inline constexpr int kGemmGroups = 2;
/// Rows whose activations' chunk is met again while it is in L2.
inline constexpr std::int64_t kGemmBlockRows = 128;

/// One block of one row group: quads as bytes, everything else widened. Types that differ only in
/// how they are packed share one form, and so one tile.
template <class S, int kElementCount, int kGroupCount, bool kMinimum, bool kOffset, bool kSigned,
          int kAtOnce>
struct UnpackedBlock {
  using V = Lanes32<S::kRows>;
  static constexpr int kElements = kElementCount;
  static constexpr int kGroups = kGroupCount;
  static constexpr int kPairs = kElements / (2 * quant::kSumElements);
  static constexpr bool kHasMinimum = kMinimum;
  static constexpr bool kHasOffset = kOffset;
  static constexpr bool kSignedBytes = kSigned;
  static constexpr int kQuadsAtOnce = kAtOnce;

  typename V::U quads[kElements / 4];
  typename V::I scales[kGroups];
  typename V::U sum_weights[kPairs];
  typename V::F factor;
  typename V::F minimum;
};

template <class S, class Block>
using UnpackedBlockOf =
    UnpackedBlock<S, Block::kElements, Block::kElements / Block::kGroupElements, Block::kHasMinimum,
                  PackedReader<S, Block>::kOffset != 0, PackedReader<S, Block>::kSignedBytes,
                  PackedReader<S, Block>::kQuadsAtOnce>;

template <class S, class Block>
ASSAY_INLINE void unpack_block(const std::byte* packed, UnpackedBlockOf<S, Block>& out) {
  using Reader = PackedReader<S, Block>;
  constexpr int kGroups = UnpackedBlockOf<S, Block>::kGroups;
  for (int group = 0; group < kGroups; ++group) {
    unroll<Reader::kGroupQuads>([&](auto t) ASSAY_INLINE_LAMBDA {
      constexpr int kQuad = decltype(t)::value;
      auto u = Reader::template quad<kQuad>(packed, group);
      if constexpr (Reader::kSignedBytes) u ^= 0x80808080U;
      out.quads[group * Reader::kGroupQuads + kQuad] = u;
    });
    if constexpr (kGroups > 1) out.scales[group] = Reader::group_scale(packed, group);
  }
  if constexpr (Reader::kHasSums) {
    for (int pair = 0; pair < Reader::kPairs; ++pair) {
      out.sum_weights[pair] = Reader::sum_weights(packed, pair);
    }
  }
  out.factor = S::halves(packed + Reader::Layout::kFactorsAt);
  if constexpr (Block::kHasMinimum) out.minimum = Reader::minimum_factor(packed);
}

/// sums[g][c] += the integers' products of one group of each of two blocks.
template <class S, class Unpacked, int kColumns>
ASSAY_INLINE void add_quads(const Unpacked* const (&blocks)[kGemmGroups], int group,
                            const std::byte* activations, std::int64_t stride,
                            typename Unpacked::V::I (&sums)[kGemmGroups][kColumns]) {
  constexpr int kQuads = Unpacked::kElements / Unpacked::kGroups / 4;
  [[maybe_unused]] typename Unpacked::V::I pairs[kGemmGroups][kColumns];
  unroll<kQuads>([&](auto t) ASSAY_INLINE_LAMBDA {
    constexpr int kQuad = decltype(t)::value;
    typename Unpacked::V::U u[kGemmGroups];
    unroll<kGemmGroups>([&](auto g) ASSAY_INLINE_LAMBDA {
      constexpr int kGroup = decltype(g)::value;
      u[kGroup] = blocks[kGroup]->quads[group * kQuads + kQuad];
      S::pin(u[kGroup]);
    });
    unroll<kColumns>([&](auto c) ASSAY_INLINE_LAMBDA {
      constexpr int kColumn = decltype(c)::value;
      std::int32_t q;
      __builtin_memcpy(&q, activations + kColumn * stride + 4 * kQuad, sizeof q);
      typename Unpacked::V::U broadcast = S::broadcast(q);
      S::pin(broadcast);
      unroll<kGemmGroups>([&](auto g) ASSAY_INLINE_LAMBDA {
        constexpr int kGroup = decltype(g)::value;
        auto& sum = sums[kGroup][kColumn];
        if constexpr (Unpacked::kSignedBytes) {
          sum = S::dot_signed(sum, u[kGroup], broadcast);
        } else if constexpr (Unpacked::kQuadsAtOnce > 1) {
          dot_by_pairs<S, Unpacked::kQuadsAtOnce, kQuads, kQuad>(sum, pairs[kGroup][kColumn],
                                                                 u[kGroup], broadcast);
        } else {
          sum = S::dot(sum, u[kGroup], broadcast);
        }
      });
    });
  });
}

/// sums[g][c] += sum weights times the sums of 16 activations.
template <class S, class Unpacked, int kColumns>
ASSAY_INLINE void add_sums(const Unpacked* const (&blocks)[kGemmGroups],
                           const std::byte* sums_of_16, std::int64_t stride,
                           typename Unpacked::V::I (&sums)[kGemmGroups][kColumns]) {
  unroll<kColumns>([&](auto c) ASSAY_INLINE_LAMBDA {
    constexpr int kColumn = decltype(c)::value;
    for (int pair = 0; pair < Unpacked::kPairs; ++pair) {
      std::int32_t q;
      __builtin_memcpy(&q, sums_of_16 + kColumn * stride + 4 * pair, sizeof q);
      unroll<kGemmGroups>([&](auto g) ASSAY_INLINE_LAMBDA {
        constexpr int kGroup = decltype(g)::value;
        sums[kGroup][kColumn] =
            S::dot_pairs(sums[kGroup][kColumn], blocks[kGroup]->sum_weights[pair], S::broadcast(q));
      });
    }
  });
}

/// acc[g][c] += the part of one block. `at`: its first element, `block`: its number in the row.
template <class S, class Unpacked, int kColumns>
ASSAY_INLINE void add_block(const Unpacked* const (&blocks)[kGemmGroups],
                            const PackedColumnsView& x, std::int64_t at,
                            typename Unpacked::V::F (&acc)[kGemmGroups][kColumns]) {
  using V = typename Unpacked::V;
  using F = typename V::F;
  using I = typename V::I;
  I products[kGemmGroups][kColumns] = {};
  if constexpr (Unpacked::kGroups == 1) {
    add_quads<S, Unpacked, kColumns>(blocks, 0, x.base + at, x.stride, products);
  } else {
    constexpr int kGroupElements = Unpacked::kElements / Unpacked::kGroups;
    for (int group = 0; group < Unpacked::kGroups; ++group) {
      I dot[kGemmGroups][kColumns] = {};
      add_quads<S, Unpacked, kColumns>(blocks, group, x.base + at + group * kGroupElements,
                                       x.stride, dot);
      unroll<kGemmGroups>([&](auto g) ASSAY_INLINE_LAMBDA {
        constexpr int kGroup = decltype(g)::value;
        const I scale = blocks[kGroup]->scales[group];
        unroll<kColumns>([&](auto c) ASSAY_INLINE_LAMBDA {
          constexpr int kColumn = decltype(c)::value;
          products[kGroup][kColumn] += scale * dot[kGroup][kColumn];
        });
      });
    }
  }
  if constexpr (Unpacked::kHasOffset) {
    add_sums<S, Unpacked, kColumns>(blocks, x.sums_of(at), x.stride, products);
  }
  const std::int64_t block = at / Unpacked::kElements;
  const auto add = [&](const F(&factors)[kGemmGroups],
                       const I(&sums)[kGemmGroups][kColumns]) ASSAY_INLINE_LAMBDA {
    unroll<kColumns>([&](auto c) ASSAY_INLINE_LAMBDA {
      constexpr int kColumn = decltype(c)::value;
      const float factor = x.factor(kColumn, block);
      unroll<kGemmGroups>([&](auto g) ASSAY_INLINE_LAMBDA {
        constexpr int kGroup = decltype(g)::value;
        acc[kGroup][kColumn] = S::fma(__builtin_convertvector(sums[kGroup][kColumn], F),
                                      factors[kGroup] * factor, acc[kGroup][kColumn]);
      });
    });
  };
  add({blocks[0]->factor, blocks[1]->factor}, products);
  if constexpr (Unpacked::kHasMinimum) {
    I minima[kGemmGroups][kColumns] = {};
    add_sums<S, Unpacked, kColumns>(blocks, x.sums_of(at), x.stride, minima);
    add({blocks[0]->minimum, blocks[1]->minimum}, minima);
  }
}

/// Adds a chunk's sum to the sum of those before it, and to the last the bias.
template <class S>
ASSAY_INLINE void add_column(const ExactLinearTask& task, std::int64_t row, float* y,
                             typename Lanes32<S::kRows>::F acc, bool is_first, bool is_last) {
  using F = typename Lanes32<S::kRows>::F;
  F total{};
  const std::int64_t rows = task.row_end - row;
  if (!is_first) {
    if (rows < S::kRows) {
      for (std::int64_t r = 0; r < rows; ++r) total[r] = y[row + r];
    } else {
      __builtin_memcpy(&total, y + row, sizeof total);
    }
  }
  write_column<S>(task, row, y, total + acc, is_last ? task.bias : nullptr);
}

/// The two row groups that a tile multiplies, and what of them is real.
struct GemmRows {
  std::int64_t row;
  int groups;  ///< 1: the second is the first again, and is not written
};

/// One chunk of two row groups times kColumns columns of which `columns` are written.
template <class S, class Unpacked, int kColumns>
void gemm_tile(const ExactLinearTask& task, const Unpacked* const (&chunk)[kGemmGroups],
               const GemmRows& rows, std::int64_t column, int columns, std::int64_t start,
               std::int64_t end) {
  using F = typename Unpacked::V::F;
  const PackedColumnsView x(task, Unpacked::kElements, column);
  F acc[kGemmGroups][kColumns] = {};
  const Unpacked* blocks[kGemmGroups] = {chunk[0], chunk[1]};
  for (std::int64_t at = start; at < end; at += Unpacked::kElements) {
    add_block<S, Unpacked, kColumns>(blocks, x, at, acc);
    ++blocks[0];
    ++blocks[1];
  }
  const bool is_first = start == 0;
  const bool is_last = end == task.k;
  unroll<kGemmGroups>([&](auto g) ASSAY_INLINE_LAMBDA {
    constexpr int kGroup = decltype(g)::value;
    if (kGroup >= rows.groups) return;
    unroll<kColumns>([&](auto c) ASSAY_INLINE_LAMBDA {
      constexpr int kColumn = decltype(c)::value;
      if (kColumn >= columns) return;
      add_column<S>(task, rows.row + kGroup * S::kRows, task.y + (column + kColumn) * task.ldy,
                    acc[kGroup][kColumn], is_first, is_last);
    });
  });
}

template <class S, class Block>
void packed_gemm(const ExactLinearTask& task) {
  using Unpacked = UnpackedBlockOf<S, Block>;
  using Layout = PackedLayout<Block, S::kRows>;
  constexpr std::int64_t kChunkBlocks = numerics::kChunkElements / Block::kElements;
  alignas(64) Unpacked unpacked[kGemmGroups][kChunkBlocks];
  const std::int64_t group_bytes = task.k / Block::kElements * Layout::kBytes;
  for (std::int64_t first = task.row_begin; first < task.row_end; first += kGemmBlockRows) {
    const std::int64_t left = task.row_end - first;
    const std::int64_t last = first + (left < kGemmBlockRows ? left : kGemmBlockRows);
    for (std::int64_t start = 0; start < task.k; start += numerics::kChunkElements) {
      const std::int64_t rest = task.k - start;
      const std::int64_t end =
          start + (rest < numerics::kChunkElements ? rest : numerics::kChunkElements);
      for (std::int64_t row = first; row < last; row += kGemmGroups * S::kRows) {
        const GemmRows rows{row, last - row > S::kRows ? 2 : 1};
        for (int g = 0; g < rows.groups; ++g) {
          const std::byte* packed = task.weights + (row / S::kRows + g) * group_bytes +
                                    start / Block::kElements * Layout::kBytes;
          for (std::int64_t b = 0; b < (end - start) / Block::kElements; ++b) {
            unpack_block<S, Block>(packed + b * Layout::kBytes, unpacked[g][b]);
          }
        }
        const Unpacked* const chunk[kGemmGroups] = {unpacked[0], unpacked[rows.groups - 1]};
        for (std::int64_t column = 0; column < task.m; column += S::kGemmColumns) {
          const std::int64_t n = task.m - column;
          gemm_tile<S, Unpacked, S::kGemmColumns>(
              task, chunk, rows, column,
              static_cast<int>(n < S::kGemmColumns ? n : S::kGemmColumns), start, end);
        }
      }
    }
  }
}

}  // namespace assay::host
