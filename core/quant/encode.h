// fp32 rows to the blocks of blocks.h: the inverse of dequantize.h, for `assay quantize`.
//
// Scales minimise the squared error, weighted by magnitude, over a grid of candidates around the
// one that just covers the block. The same bytes on every machine: no library functions, no
// contraction, sums in a fixed order. Other programs choose other scales for the same format, so
// files agree with theirs in layout, not in bytes.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/types.h"

namespace assay::quant {

/// n finite elements, whole blocks of `type`, into row_bytes(type, n) bytes at `out`. Magnitudes
/// beyond fp16's become infinite in F16 and in the scales of blocks.
void encode_row(TensorType type, const float* x, std::int64_t n, std::byte* out);

}  // namespace assay::quant
