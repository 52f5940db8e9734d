// One row of activations times a weight, in exact/1, fused with what comes before and after it:
// what decode of a single sequence does.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include "backends/cuda/kernels/planes.h"

namespace assay::cuda::fast {

/// Warps of a block at most.
inline constexpr int kGemvMaxWarps = 12;

/// What a position's logits say, collected while they are written.
struct HeadResult {
  unsigned long long best = 0;  ///< order of value, then of the lowest id; see pack_best
  unsigned long long hash[2] = {};
};

enum class GemvKind {
  store,     ///< y = w x + bias, the parts' rows one after the other (q, k, v)
  residual,  ///< y += w x
  swiglu,    ///< parts 0 and 1 are gate and up: y = silu(gate x) * (up x)
  head       ///< y = w x; HeadResult too
};

struct GemvPart {
  WeightPlanes w;
  const float* bias = nullptr;  ///< null: none
};

struct GemvArgs {
  GemvPart part[3];  ///< all of one type and of k columns
  std::int32_t n_parts = 1;
  std::int32_t k = 0;
  const float* x = nullptr;     ///< [k], 16-byte aligned
  const float* gain = nullptr;  ///< [k]: RMSNorm of x first; null: x as it is
  float eps = 0;
  float* y = nullptr;
  HeadResult* result = nullptr;  ///< zeroed before
};

/// Whether gemv serves this type and shape: k a multiple of 64 (bf16) or of the block and 128, rows
/// a multiple of 8 and not so many that a block's share exceeds its warps.
bool gemv_serves(const WeightPlanes& w);
void gemv(GemvKind kind, const GemvArgs& args, int blocks, cudaStream_t stream);

}  // namespace assay::cuda::fast
