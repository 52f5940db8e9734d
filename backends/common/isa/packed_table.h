// The kernels of packed weights as the kernel table has them.
#pragma once

#include "backends/common/isa/exact_gemm.h"

namespace assay::host {

template <class S>
void exact_packed(const ExactLinearTask& task) {
  quant::visit_block(task.type, [&]<class Block>() {
    if constexpr (Block::kElements > 1) {
      if (task.m >= kGemmColumnsFrom) return packed_gemm<S, Block>(task);
      const std::int64_t group_bytes =
          task.k / Block::kElements * PackedLayout<Block, S::kRows>::kBytes;
      const std::int64_t n_tiles = (task.m + kPackedColumns - 1) / kPackedColumns;
      for (std::int64_t row = task.row_begin; row < task.row_end; row += S::kRows) {
        const std::byte* packed = task.weights + row / S::kRows * group_bytes;
        for (std::int64_t tile = 0; tile < n_tiles; ++tile) {
          const std::int64_t column = task.m * tile / n_tiles;
          const std::int64_t end = task.m * (tile + 1) / n_tiles;
          packed_columns<S, Block, kPackedColumns>(static_cast<int>(end - column), task, packed,
                                                   row, column);
        }
      }
    }
  });
}

/// Packs up to S::kRows rows of n elements into n / kElements packed blocks at `out`.
template <class S>
void pack_rows(TensorType type, const std::byte* rows, std::int64_t row_bytes, int n_rows,
               std::int64_t n, std::byte* out) {
  quant::visit_block(type, [&]<class Block>() {
    if constexpr (Block::kElements > 1) {
      for (std::int64_t i = 0; i < n / Block::kElements; ++i) {
        pack_block<Block, S::kRows>(rows + i * static_cast<std::int64_t>(sizeof(Block)), row_bytes,
                                    n_rows, out + i * PackedLayout<Block, S::kRows>::kBytes);
      }
    }
  });
}

/// Row `row` of a packed group in fp32.
template <class S>
void dequantize_packed(TensorType type, const std::byte* group, int row, float* out,
                       std::int64_t n) {
  quant::visit_block(type, [&]<class Block>() {
    if constexpr (Block::kElements > 1) {
      for (std::int64_t i = 0; i < n; i += Block::kElements) {
        Block block;
        std::int8_t integers[Block::kElements];
        unpack_row<Block, S::kRows>(
            group + i / Block::kElements * PackedLayout<Block, S::kRows>::kBytes, row, &block,
            integers);
        quant::dequantize(block, integers, out + i);
      }
    }
  });
}

/// The table of a level, with the kernels of packed weights.
template <class S>
ASSAY_INLINE constexpr KernelTable with_packed(KernelTable table) {
  table.packed_rows = S::kRows;
  table.pack = pack_rows<S>;
  table.exact_packed = exact_packed<S>;
  table.dequantize_packed = dequantize_packed<S>;
  return table;
}

}  // namespace assay::host
