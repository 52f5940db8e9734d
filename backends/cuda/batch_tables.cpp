#include "backends/cuda/batch_tables.h"

#include <algorithm>

#include "core/error.h"

namespace assay::cuda {

BatchTables tables_of(const Batch& batch, std::int32_t rows_of_tile, std::int32_t n_pages) {
  BatchTables tables;
  tables.row_pages.resize(static_cast<std::size_t>(batch.n_rows));
  for (const BatchSpan& span : batch.spans) {
    const auto first_page = static_cast<std::int32_t>(tables.pages.size());
    const std::int32_t splits = (span.first_position + span.n_rows - 1) / kKvPageTokens + 1;
    ASSAY_ASSERT(splits <= std::ssize(span.pages));
    tables.max_splits = std::max(tables.max_splits, splits);
    for (std::int32_t i = 0; i < splits; ++i) {
      const std::int32_t page = span.pages[static_cast<std::size_t>(i)];
      ASSAY_ASSERT(page >= 0 && page < n_pages);
      tables.pages.push_back(page);
    }
    for (std::int32_t i = 0; i < span.n_rows; ++i) {
      const std::int32_t position = span.first_position + i;
      tables.row_pages[static_cast<std::size_t>(span.first_row) + static_cast<std::size_t>(i)] =
          span.pages[static_cast<std::size_t>(position / kKvPageTokens)];
    }
    for (std::int32_t i = 0; i < span.n_rows; i += rows_of_tile) {
      tables.tiles.push_back({span.first_row + i, std::min(rows_of_tile, span.n_rows - i),
                              span.first_position + i, first_page});
    }
  }
  return tables;
}

}  // namespace assay::cuda
