// exact/1 over packed weights (packed_format.h): lane = row. Any number of rows in groups of
// S::kRows, columns in tiles that live in registers. Integer sums may be taken in any order; the
// fp32 part follows core/quant/exact_dot.h operation by operation.
//
// S says how many rows a register holds and how four bytes are multiplied:
//   kGemmColumns      of exact_gemm.h
//   broadcast(q)      four bytes, or two halves, in every lane
//   dot(acc, u, q)    acc += sum of 4 unsigned bytes of u times the 4 signed bytes of q, per lane;
//                     exact for u <= 63, or for any u unless kSaturates
//   dot_signed        the same with signed bytes of u; where kSaturates
//   pairs(sums, u, q), widen(acc, sums)   where kSaturates: dot in two steps, products of several
//                     quads summed in 16 bits before they are widened; exact while those fit
//   dot_pairs(acc, w, q)   acc += sum of 2 signed 16-bit numbers of w times those of q, per lane
//   bytes, signed_bytes, halves    one number of each row, widened to 32 bits
//   pin(u)            keeps u in a register: else g++ loads it again for each use
#pragma once

#include "backends/common/isa/inline.h"
#include "backends/common/isa/packed_format.h"
#include "backends/common/kernel_table.h"
#include "core/quant/dequantize.h"
#include "core/quant/exact_dot.h"

namespace assay::host {

/// Columns whose sums are held in registers at once.
inline constexpr int kPackedColumns = 8;

template <int kRows>
struct Lanes32 {
  typedef std::uint32_t U __attribute__((vector_size(4 * kRows), aligned(4)));
  typedef std::int32_t I __attribute__((vector_size(4 * kRows), aligned(4)));
  typedef float F __attribute__((vector_size(4 * kRows), aligned(4)));
};

/// The vectors of one group's metadata and quads.
template <class S, class Block>
struct PackedReader {
  using Layout = PackedLayout<Block, S::kRows>;
  using V = Lanes32<S::kRows>;
  using U = typename V::U;
  using I = typename V::I;
  static constexpr int kGroupQuads = Block::kGroupElements / 4;

  template <class T>
  static ASSAY_INLINE T load(const std::byte* from) {
    T value;
    __builtin_memcpy(&value, from, sizeof(T));
    return value;
  }

  /// Byte `index` of every row's packed scales.
  static ASSAY_INLINE I scale_byte(const std::byte* packed, int index) {
    return S::bytes(packed + Layout::kScalesTo + index * S::kRows);
  }

  static ASSAY_INLINE I group_scale(const std::byte* packed, int group) {
    if constexpr (__is_same(Block, quant::BlockQ2_K)) {
      return scale_byte(packed, group) & 15;
    } else if constexpr (__is_same(Block, quant::BlockQ3_K)) {
      const I low = scale_byte(packed, group % 8) >> (group / 8 * 4) & 15;
      const I high = scale_byte(packed, 8 + group % 4) >> (group / 4 * 2) & 3;
      return (low | high << 4) - 32;
    } else if constexpr (__is_same(Block, quant::BlockQ6_K)) {
      return S::signed_bytes(packed + Layout::kScalesTo + group * S::kRows);
    } else {
      if (group < 4) return scale_byte(packed, group) & 63;
      return (scale_byte(packed, group + 4) & 15) | (scale_byte(packed, group - 4) >> 6 << 4);
    }
  }

  static ASSAY_INLINE I group_minimum(const std::byte* packed, int group) {
    if constexpr (__is_same(Block, quant::BlockQ2_K)) {
      return scale_byte(packed, group) >> 4;
    } else {
      if (group < 4) return scale_byte(packed, group + 4) & 63;
      return scale_byte(packed, group + 4) >> 4 | (scale_byte(packed, group) >> 6 << 4);
    }
  }

  static ASSAY_INLINE typename V::F minimum_factor(const std::byte* packed) {
    // Q4_1 and Q5_1 add what they store: their minimum's factor is its negative.
    const typename V::F stored = S::halves(packed + Layout::kMinimaAt);
    return Layout::kScaleBytes == 0 ? stored : -stored;
  }

  // Besides the products of integers, a block has a part that is linear in the sums of 16
  // activations: its minimum's M, or what the offset of unsigned integers adds to S,
  //   -offset * sum over groups of scale * (sum of activations).
  // Two sums meet two 16-bit weights of this part in one instruction.
  static constexpr bool kSignedBytes = S::kSaturates && Layout::kLowBits == 8;
  static constexpr int kOffset = kSignedBytes ? 0 : Layout::kOffset;
  static constexpr bool kHasSums = Block::kHasMinimum || kOffset != 0;
  static_assert(!Block::kHasMinimum || kOffset == 0);
  // Quads whose products fit into 16 bits together: widening once for all saves an instruction in
  // four. Two products of the largest weight and -128 meet in a sum.
  static constexpr int kLargest = (1 << (Layout::kLowBits + Layout::kHighBits)) - 1;
  static constexpr int kQuadsAtOnce = S::kSaturates && !kSignedBytes ? 32767 / (256 * kLargest) : 1;
  static constexpr int kPairs = Block::kElements / (2 * quant::kSumElements);

  /// What a sum of activations of `group` is multiplied by.
  static ASSAY_INLINE I sum_weight(const std::byte* packed, int group) {
    if constexpr (Block::kElements == Block::kGroupElements) {
      return I{} + (Block::kHasMinimum ? 1 : -kOffset);
    } else if constexpr (Block::kHasMinimum) {
      return group_minimum(packed, group);
    } else {
      return group_scale(packed, group) * -kOffset;
    }
  }

  /// The weights of sums 2 * pair and 2 * pair + 1.
  static ASSAY_INLINE U sum_weights(const std::byte* packed, int pair) {
    constexpr int kSumsAGroup = Block::kGroupElements / quant::kSumElements;
    const auto low = (U)sum_weight(packed, 2 * pair / kSumsAGroup);
    const auto high = kSumsAGroup == 1 ? (U)sum_weight(packed, 2 * pair + 1) : low;
    return (low & 0xffffU) | high << 16;
  }

  /// The unsigned integers of quad t of a group.
  template <int kQuad>
  static ASSAY_INLINE U quad(const std::byte* packed, int group) {
    // Whole registers a group, or whole groups a register: the field is a constant in one case.
    constexpr int kLowFields = Layout::kLowFields;
    static_assert(kGroupQuads % kLowFields == 0);
    const int low_register = group * (kGroupQuads / kLowFields) + kQuad / kLowFields;
    const U low = load<U>(packed + low_register * Layout::kRegisterBytes);
    constexpr unsigned kLowMask = Layout::kLowMask * 0x01010101U;
    U u = low;
    if constexpr (kLowFields > 1) u = low >> (Layout::kLowBits * (kQuad % kLowFields)) & kLowMask;
    if constexpr (Layout::kHighBits > 0) {
      constexpr int kHighFields = Layout::kHighFields;
      constexpr unsigned kHighMask = Layout::kHighMask * 0x01010101U;
      const int at = group * kGroupQuads + kQuad;
      const U high = load<U>(packed + Layout::kHighAt + at / kHighFields * Layout::kRegisterBytes);
      int field = kQuad % kHighFields;
      if constexpr (kGroupQuads < kHighFields) field = at % kHighFields;
      u |= (high >> (Layout::kHighBits * field) & kHighMask) << Layout::kLowBits;
    }
    return u;
  }
};

/// The quantised activations of a tile of columns.
struct PackedColumnsView {
  const std::byte* base;  ///< row of the first column
  std::int64_t stride;
  std::int64_t sums_at;
  std::int64_t factors_at;
  ASSAY_INLINE PackedColumnsView(const ExactLinearTask& task, int block, std::int64_t column) {
    const quant::ActivationLayout layout(task.k, block);
    base = task.activations + column * layout.bytes();
    stride = layout.bytes();
    sums_at = layout.sums_at();
    factors_at = layout.factors_at();
  }
  /// Four integers from element `at` on.
  ASSAY_INLINE std::int32_t quad(int column, std::int64_t at) const {
    std::int32_t value;
    __builtin_memcpy(&value, base + column * stride + at, sizeof value);
    return value;
  }
  /// The sums of twice 16 integers from element `at` on, 16 bits each.
  ASSAY_INLINE std::int32_t sums(int column, std::int64_t at) const {
    std::int32_t value;
    __builtin_memcpy(&value, sums_of(at) + column * stride, sizeof value);
    return value;
  }
  ASSAY_INLINE const std::byte* sums_of(std::int64_t at) const {
    return base + sums_at + at / quant::kSumElements * std::int64_t{sizeof(std::int16_t)};
  }
  ASSAY_INLINE float factor(int column, std::int64_t block) const {
    return reinterpret_cast<const float*>(base + column * stride + factors_at)[block];
  }
};

/// Quad kQuad of kQuads by S::pairs: the sums begin anew after every kAtOnce quads.
template <class S, int kAtOnce, int kQuads, int kQuad>
ASSAY_INLINE void dot_by_pairs(typename Lanes32<S::kRows>::I& dot,
                               typename Lanes32<S::kRows>::I& pairs,
                               typename Lanes32<S::kRows>::U u, typename Lanes32<S::kRows>::U q) {
  using I = typename Lanes32<S::kRows>::I;
  pairs = kQuad % kAtOnce == 0 ? S::pairs(I{}, u, q) : S::pairs(pairs, u, q);
  if constexpr (kQuad % kAtOnce == kAtOnce - 1 || kQuad == kQuads - 1) dot = S::widen(dot, pairs);
}

/// S (and M) of one block for kColumns columns. `at`: its first element.
template <class S, class Block, int kColumns>
struct PackedSums {
  using Reader = PackedReader<S, Block>;
  using Layout = typename Reader::Layout;
  using I = typename Reader::I;
  static constexpr int kGroup = Block::kGroupElements;
  static constexpr int kGroups = Block::kElements / kGroup;

  I products[kColumns];
  I minima[kColumns];

  ASSAY_INLINE PackedSums(const std::byte* packed, const PackedColumnsView& x, std::int64_t at) {
    for (int c = 0; c < kColumns; ++c) products[c] = minima[c] = I{};
    for (int group = 0; group < kGroups; ++group) add_group(packed, x, at + group * kGroup, group);
    if constexpr (Reader::kHasSums) {
      I(&part)[kColumns] = Block::kHasMinimum ? minima : products;
      for (int pair = 0; pair < Reader::kPairs; ++pair) {
        const auto weights = Reader::sum_weights(packed, pair);
        for (int c = 0; c < kColumns; ++c) {
          part[c] = S::dot_pairs(part[c], weights,
                                 S::broadcast(x.sums(c, at + pair * 2 * quant::kSumElements)));
        }
      }
    }
  }

  ASSAY_INLINE void add_group(const std::byte* packed, const PackedColumnsView& x, std::int64_t at,
                              int group) {
    I dot[kColumns];
    [[maybe_unused]] I pairs[kColumns];
    for (int c = 0; c < kColumns; ++c) dot[c] = kGroups == 1 ? products[c] : I{};
    unroll<Reader::kGroupQuads>([&](auto t) ASSAY_INLINE_LAMBDA {
      constexpr int kQuad = decltype(t)::value;
      const auto u = Reader::template quad<kQuad>(packed, group);
      for (int c = 0; c < kColumns; ++c) {
        const auto q = S::broadcast(x.quad(c, at + 4 * kQuad));
        if constexpr (Reader::kSignedBytes) {
          dot[c] = S::dot_signed(dot[c], u ^ 0x80808080U, q);
        } else if constexpr (Reader::kQuadsAtOnce > 1) {
          dot_by_pairs<S, Reader::kQuadsAtOnce, Reader::kGroupQuads, kQuad>(dot[c], pairs[c], u, q);
        } else {
          dot[c] = S::dot(dot[c], u, q);
        }
      }
    });
    if constexpr (kGroups == 1) {
      for (int c = 0; c < kColumns; ++c) products[c] = dot[c];
    } else {
      const I scale = Reader::group_scale(packed, group);
      for (int c = 0; c < kColumns; ++c) products[c] += scale * dot[c];
    }
  }
};

/// How far ahead the packed weights are asked for.
inline constexpr int kPackedPrefetchBytes = 9 << 10;

/// Adds the bias, where there is one, and writes the rows of a group that exist.
template <class S>
ASSAY_INLINE void write_column(const ExactLinearTask& task, std::int64_t row, float* y,
                               typename Lanes32<S::kRows>::F total, const float* bias) {
  const std::int64_t rows = task.row_end - row;
  if (rows < S::kRows) {
    for (std::int64_t r = 0; r < rows; ++r) {
      y[row + r] = bias == nullptr ? total[r] : total[r] + bias[row + r];
    }
    return;
  }
  if (bias != nullptr) {
    typename Lanes32<S::kRows>::F part;
    __builtin_memcpy(&part, bias + row, sizeof part);
    total += part;
  }
  __builtin_memcpy(y + row, &total, sizeof total);
}

/// Rows [row, row + S::kRows) times kColumns columns, over all of k. `packed`: the group's first
/// block.
template <class S, class Block, int kColumns>
void packed_tile(const ExactLinearTask& task, const std::byte* packed, std::int64_t row,
                 std::int64_t column) {
  using Layout = PackedLayout<Block, S::kRows>;
  using F = typename Lanes32<S::kRows>::F;
  const PackedColumnsView x(task, Block::kElements, column);
  F total[kColumns];
  for (int c = 0; c < kColumns; ++c) total[c] = F{};
  for (std::int64_t start = 0; start < task.k; start += numerics::kChunkElements) {
    const std::int64_t left = task.k - start;
    const std::int64_t end =
        start + (left < numerics::kChunkElements ? left : numerics::kChunkElements);
    F acc[kColumns];
    for (int c = 0; c < kColumns; ++c) acc[c] = F{};
    for (std::int64_t at = start; at < end; at += Block::kElements, packed += Layout::kBytes) {
      for (int line = 0; line < Layout::kBytes; line += 64) {
        __builtin_prefetch(packed + kPackedPrefetchBytes + line);
      }
      const PackedSums<S, Block, kColumns> sums(packed, x, at);
      const std::int64_t block = at / Block::kElements;
      const F factor = S::halves(packed + Layout::kFactorsAt);
      for (int c = 0; c < kColumns; ++c) {
        acc[c] = S::fma(__builtin_convertvector(sums.products[c], F), factor * x.factor(c, block),
                        acc[c]);
      }
      if constexpr (Block::kHasMinimum) {
        const F minimum = PackedReader<S, Block>::minimum_factor(packed);
        for (int c = 0; c < kColumns; ++c) {
          acc[c] = S::fma(__builtin_convertvector(sums.minima[c], F), minimum * x.factor(c, block),
                          acc[c]);
        }
      }
    }
    for (int c = 0; c < kColumns; ++c) total[c] += acc[c];
  }
  for (int c = 0; c < kColumns; ++c) {
    write_column<S>(task, row, task.y + (column + c) * task.ldy, total[c], task.bias);
  }
}

/// packed_tile with `columns` (1 .. kColumns) known only at run time.
template <class S, class Block, int kColumns>
void packed_columns(int columns, const ExactLinearTask& task, const std::byte* packed,
                    std::int64_t row, std::int64_t column) {
  if constexpr (kColumns > 1) {
    if (columns < kColumns) {
      return packed_columns<S, Block, kColumns - 1>(columns, task, packed, row, column);
    }
  }
  packed_tile<S, Block, kColumns>(task, packed, row, column);
}

}  // namespace assay::host
