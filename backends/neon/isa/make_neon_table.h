// The table of one NEON level: included by the files that are compiled with that level's flags.
#pragma once

#include "backends/common/isa/make_table.h"
#include "backends/common/isa/packed_table.h"
#include "backends/neon/isa/exact_neon.h"
#include "backends/neon/isa/gemm_neon.h"

namespace assay::host {

/// From here on unpacking once beats unpacking for every tile of four columns.
inline constexpr int kNeonGemmFrom = 8;

template <class S>
void exact_neon(const ExactLinearTask& task) {
  quant::visit_block(task.type, [&]<class Block>() {
    if constexpr (Block::kElements > 1) {
      if (task.m >= kNeonGemmFrom) return neon_gemm<S, Block>(task);
      const std::int64_t group_bytes = task.k / Block::kElements * NeonLayout<Block>::kBytes;
      const std::int64_t n_tiles = (task.m + kNeonColumns - 1) / kNeonColumns;
      for (std::int64_t row = task.row_begin; row < task.row_end; row += kNeonRows) {
        const std::byte* packed = task.weights + row / kNeonRows * group_bytes;
        for (std::int64_t tile = 0; tile < n_tiles; ++tile) {
          const std::int64_t column = task.m * tile / n_tiles;
          const std::int64_t end = task.m * (tile + 1) / n_tiles;
          neon_columns<S, Block, kNeonColumns>(static_cast<int>(end - column), task, packed, row,
                                               column);
        }
      }
    }
  });
}

template <class S>
ASSAY_INLINE constexpr KernelTable make_neon_table(const char* isa) {
  KernelTable table = make_table<S>(isa);
  table.packed_rows = kNeonRows;
  table.pack = pack_rows<S>;
  table.exact_packed = exact_neon<S>;
  table.dequantize_packed = dequantize_packed<S>;
  return table;
}

}  // namespace assay::host
