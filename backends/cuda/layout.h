// Moves a weight's bytes from the file's blocks to the planes of kernels/planes.h: no bit is lost
// or added.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "backends/cuda/kernels/planes.h"
#include "core/types.h"

namespace assay::cuda {

/// Consecutive bytes of a block that become a plane.
struct BlockField {
  int offset;
  int bytes;
};

/// The fields of a type's blocks, one a plane. Together they are the whole block.
std::span<const BlockField> block_fields(TensorType type);

struct PlaneLayout {
  std::int64_t offsets[kMaxPlanes] = {};  ///< of each plane, a multiple of 256
  std::int64_t bytes = 0;                 ///< of all
  bool permuted = false;
};
PlaneLayout plane_layout(TensorType type, std::int64_t rows, std::int64_t cols);

/// Rows [first, first + count) of the matrix `bytes`, into `out`, which holds the planes of these
/// rows alone (plane_layout(type, count, cols)).
void pack_rows(const WeightView& view, std::int64_t first, std::int64_t count,
               std::span<std::byte> out);

}  // namespace assay::cuda
