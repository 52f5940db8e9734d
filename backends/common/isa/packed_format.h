// Quantised weights repacked for exact/1: R rows side by side, so that a register's lane is a row,
// one broadcast of activations feeds R rows, and no sum across lanes is ever needed. The same bits
// per weight as the file: a packed block of R rows takes R * sizeof(Block) bytes.
//
// Integers are stored unsigned, u = integer + kOffset, cut into two planes of bits. A register of a
// plane is R lanes of 4 bytes; byte b of lane r holds, in field f of its fields, the bits of
// element 4 * (fields * j + f) + b of row r, where j counts the block's registers. So one shift and
// one mask give the 4 consecutive elements that a dot-product instruction takes:
//   u(quad t) = low[t / low_fields] >> (kLowBits * (t % low_fields)) & mask
//             | (high[t / high_fields] >> (kHighBits * (t % high_fields)) & mask) << kLowBits
// Behind the planes come the groups' packed scales, byte j of all rows together, then the rows'
// fp16 factors, then their fp16 minima.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/quant/blocks.h"

namespace assay::host {
inline namespace ASSAY_ISA {

/// What of a block is where. kScaleBytes: of the groups' scales and minima, at kScalesAt.
template <class Block>
struct PackedTraits;

template <int kLow, int kHigh, int kShift>
struct PackedBits {
  static constexpr int kLowBits = kLow;
  static constexpr int kHighBits = kHigh;
  static constexpr int kOffset = kShift;
  static constexpr int kScaleBytes = 0;
  static constexpr std::size_t kScalesAt = 0;
};
template <>
struct PackedTraits<quant::BlockQ4_0> : PackedBits<4, 0, 8> {};
template <>
struct PackedTraits<quant::BlockQ4_1> : PackedBits<4, 0, 0> {};
template <>
struct PackedTraits<quant::BlockQ5_0> : PackedBits<4, 1, 16> {};
template <>
struct PackedTraits<quant::BlockQ5_1> : PackedBits<4, 1, 0> {};
template <>
struct PackedTraits<quant::BlockQ8_0> : PackedBits<8, 0, 128> {};
template <>
struct PackedTraits<quant::BlockQ2_K> : PackedBits<2, 0, 0> {
  static constexpr int kScaleBytes = 16;
  static constexpr std::size_t kScalesAt = offsetof(quant::BlockQ2_K, scales);
};
template <>
struct PackedTraits<quant::BlockQ3_K> : PackedBits<2, 1, 4> {
  static constexpr int kScaleBytes = 12;
  static constexpr std::size_t kScalesAt = offsetof(quant::BlockQ3_K, scales);
};
template <>
struct PackedTraits<quant::BlockQ4_K> : PackedBits<4, 0, 0> {
  static constexpr int kScaleBytes = 12;
  static constexpr std::size_t kScalesAt = offsetof(quant::BlockQ4_K, packed);
};
template <>
struct PackedTraits<quant::BlockQ5_K> : PackedBits<4, 1, 0> {
  static constexpr int kScaleBytes = 12;
  static constexpr std::size_t kScalesAt = offsetof(quant::BlockQ5_K, packed);
};
template <>
struct PackedTraits<quant::BlockQ6_K> : PackedBits<4, 2, 32> {
  static constexpr int kScaleBytes = 16;
  static constexpr std::size_t kScalesAt = offsetof(quant::BlockQ6_K, scales);
};

/// Byte offsets within a packed block of kRows rows.
template <class Block, int kRows>
struct PackedLayout : PackedTraits<Block> {
  using Traits = PackedTraits<Block>;
  static constexpr int kElements = Block::kElements;
  static constexpr int kRegisterBytes = kRows * 4;
  static constexpr int kLowFields = 8 / Traits::kLowBits;
  static constexpr int kHighFields = Traits::kHighBits == 0 ? 1 : 8 / Traits::kHighBits;
  static constexpr int kQuads = kElements / 4;
  static constexpr int kHighAt = kQuads / kLowFields * kRegisterBytes;
  static constexpr int kScalesTo =
      kHighAt + (Traits::kHighBits == 0 ? 0 : kQuads / kHighFields * kRegisterBytes);
  static constexpr int kFactorsAt = kScalesTo + Traits::kScaleBytes * kRows;
  static constexpr int kMinimaAt = kFactorsAt + 2 * kRows;
  static constexpr int kBytes = kMinimaAt + (Block::kHasMinimum ? 2 * kRows : 0);
  static_assert(kBytes == kRows * static_cast<int>(sizeof(Block)));
  static constexpr unsigned kLowMask = (1U << Traits::kLowBits) - 1;
  static constexpr unsigned kHighMask = (1U << Traits::kHighBits) - 1;
};

/// Packs one block of kRows rows; row r's block lies at rows + r * row_bytes. Rows from n_rows on
/// are zero.
template <class Block, int kRows>
void pack_block(const std::byte* rows, std::int64_t row_bytes, int n_rows, std::byte* out) {
  using Layout = PackedLayout<Block, kRows>;
  for (int i = 0; i < Layout::kBytes; ++i) out[i] = std::byte{0};
  for (int r = 0; r < n_rows; ++r) {
    Block block;
    __builtin_memcpy(&block, rows + r * row_bytes, sizeof(Block));
    std::int8_t integers[Block::kElements];
    block.integers(integers);
    for (int i = 0; i < Block::kElements; ++i) {
      const auto u = static_cast<unsigned>(integers[i] + Layout::kOffset);
      const int quad = i / 4;
      const int lane_byte = 4 * r + i % 4;
      const int low_at = quad / Layout::kLowFields * Layout::kRegisterBytes + lane_byte;
      out[low_at] |= static_cast<std::byte>((u & Layout::kLowMask)
                                            << (Layout::kLowBits * (quad % Layout::kLowFields)));
      if constexpr (Layout::kHighBits > 0) {
        const int high_at =
            Layout::kHighAt + quad / Layout::kHighFields * Layout::kRegisterBytes + lane_byte;
        out[high_at] |= static_cast<std::byte>(
            (u >> Layout::kLowBits) << (Layout::kHighBits * (quad % Layout::kHighFields)));
      }
    }
    const auto* bytes = reinterpret_cast<const std::byte*>(&block);
    for (int j = 0; j < Layout::kScaleBytes; ++j) {
      out[Layout::kScalesTo + j * kRows + r] =
          bytes[Layout::kScalesAt + static_cast<std::size_t>(j)];
    }
    __builtin_memcpy(out + Layout::kFactorsAt + 2 * r, &block.scale, 2);
    if constexpr (Block::kHasMinimum) {
      __builtin_memcpy(out + Layout::kMinimaAt + 2 * r, &block.minimum, 2);
    }
  }
}

/// One row of a packed block back: its integers, and a block with all but its integers.
template <class Block, int kRows>
void unpack_row(const std::byte* packed, int row, Block* block, std::int8_t* integers) {
  using Layout = PackedLayout<Block, kRows>;
  for (int i = 0; i < Block::kElements; ++i) {
    const int quad = i / 4;
    const int lane_byte = 4 * row + i % 4;
    unsigned u = static_cast<unsigned>(
                     packed[quad / Layout::kLowFields * Layout::kRegisterBytes + lane_byte]) >>
                     (Layout::kLowBits * (quad % Layout::kLowFields)) &
                 Layout::kLowMask;
    if constexpr (Layout::kHighBits > 0) {
      const auto high = static_cast<unsigned>(
          packed[Layout::kHighAt + quad / Layout::kHighFields * Layout::kRegisterBytes +
                 lane_byte]);
      u |= (high >> (Layout::kHighBits * (quad % Layout::kHighFields)) & Layout::kHighMask)
           << Layout::kLowBits;
    }
    integers[i] = static_cast<std::int8_t>(static_cast<int>(u) - Layout::kOffset);
  }
  auto* bytes = reinterpret_cast<std::byte*>(block);
  for (int j = 0; j < Layout::kScaleBytes; ++j) {
    bytes[Layout::kScalesAt + static_cast<std::size_t>(j)] =
        packed[Layout::kScalesTo + j * kRows + row];
  }
  __builtin_memcpy(&block->scale, packed + Layout::kFactorsAt + 2 * row, 2);
  if constexpr (Block::kHasMinimum) {
    __builtin_memcpy(&block->minimum, packed + Layout::kMinimaAt + 2 * row, 2);
  }
}

}  // namespace ASSAY_ISA
}  // namespace assay::host
