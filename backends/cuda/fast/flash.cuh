// What prompts and decode share: where keys and values lie, and pairs of values in 16 bits.
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <cmath>

#include "backends/cuda/fast/flash.h"
#include "backends/cuda/fast/ptx.cuh"
#include "core/numerics/functions.h"

namespace assay::cuda::fast {

constexpr int kPagePositions = 64;

/// Keys of a page and head, [head_dim / 8][64][8]; its values follow, [64][head_dim].
__device__ __forceinline__ std::uint16_t* keys_at(const KvView& kv, std::int32_t page, int head) {
  return reinterpret_cast<std::uint16_t*>(kv.pages + page * kv.page_bytes + kv.layer_offset) +
         std::int64_t{head} * 2 * kPagePositions * kv.head_dim;
}
/// Where 16 bytes of a row of values or queries lie in shared memory.
template <int kDim>
__device__ __forceinline__ int flash_piece(int row, int piece) {
  return row * kDim * 2 + (piece ^ (row & 7)) * 16;
}
__device__ __forceinline__ std::uint32_t pack_halves(float low, float high) {
  const __half2 pair = __floats2half2_rn(low, high);
  return *reinterpret_cast<const std::uint32_t*>(&pair);
}
__device__ __forceinline__ std::uint32_t pack_bf16(float low, float high) {
  return static_cast<std::uint32_t>(__bfloat16_as_ushort(__float2bfloat16_rn(low))) |
         static_cast<std::uint32_t>(__bfloat16_as_ushort(__float2bfloat16_rn(high))) << 16;
}
__device__ __forceinline__ float quad_max(float v) {
  v = fmaxf(v, __shfl_xor_sync(~0U, v, 1));
  return fmaxf(v, __shfl_xor_sync(~0U, v, 2));
}
__device__ __forceinline__ float quad_sum(float v) {
  v += __shfl_xor_sync(~0U, v, 1);
  return v + __shfl_xor_sync(~0U, v, 2);
}

}  // namespace assay::cuda::fast
