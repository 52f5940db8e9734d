// A batch as this backend's kernels read it.
#pragma once

#include <cstdint>
#include <vector>

#include "backends/cuda/kernels/launch.h"
#include "core/device.h"

namespace assay::cuda {

struct BatchTables {
  std::vector<std::int32_t> row_pages;  ///< page of each row's own position
  std::vector<std::int32_t> pages;      ///< of all spans
  std::vector<AttentionTile> tiles;
  std::int32_t max_splits = 0;
};

/// n_pages: of the cache, which no page may lie beyond.
BatchTables tables_of(const Batch& batch, std::int32_t rows_of_tile, std::int32_t n_pages);

}  // namespace assay::cuda
