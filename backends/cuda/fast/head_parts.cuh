// What the head's kernel collects of the logits it writes: the greatest, and their hash.
#pragma once

#include <cstdint>

#include "backends/cuda/fast/gemv.h"
#include "backends/cuda/fast/ptx.cuh"
#include "core/numerics/hash.h"

namespace assay::cuda::fast {

/// Greater for a greater value, among equals for a lower id; a NaN of our kernels above all.
__device__ __forceinline__ unsigned long long pack_best(float value, std::uint32_t id) {
  const std::uint32_t bits = numerics::bits_of(value + 0.0F);  // -0 equals +0
  const std::uint32_t ordered = (bits & 0x80000000U) != 0 ? ~bits : bits | 0x80000000U;
  return static_cast<unsigned long long>(ordered) << 32 | (0xffffffffU - id);
}
__device__ __forceinline__ std::int32_t best_id(unsigned long long best) {
  return static_cast<std::int32_t>(0xffffffffU - static_cast<std::uint32_t>(best));
}

/// A warp's part of HeadResult. The first four of eight lanes hash: two logits under two seeds.
struct HeadParts {
  unsigned long long best = 0;
  unsigned long long hash = 0;

  __device__ void add(float a, float b, int id_a, int id_b, int of_eight) {
    best = max(best, max(pack_best(a, static_cast<std::uint32_t>(id_a)),
                         pack_best(b, static_cast<std::uint32_t>(id_b))));
    if (of_eight < 4) {
      hash += numerics::mix64(
          numerics::bits_of(of_eight < 2 ? a : b),
          static_cast<std::uint32_t>(of_eight < 2 ? id_a : id_b),
          of_eight % 2 == 0 ? numerics::kLogitsHashSeedA : numerics::kLogitsHashSeedB);
    }
  }
  __device__ void add_one(float a, int id, int of_eight) {
    best = max(best, pack_best(a, static_cast<std::uint32_t>(id)));
    if (of_eight < 2) {
      hash +=
          numerics::mix64(numerics::bits_of(a), static_cast<std::uint32_t>(id),
                          of_eight == 0 ? numerics::kLogitsHashSeedA : numerics::kLogitsHashSeedB);
    }
  }
  /// By all warps of the block.
  __device__ void finish(HeadResult* result, int lane) {
    __shared__ unsigned long long block[3];
    if (threadIdx.x < 3) block[threadIdx.x] = 0;
    __syncthreads();
    if (lane % 8 < 4) atomicAdd(&block[1 + lane % 2], hash);
    if (lane % 8 == 0) atomicMax(&block[0], best);
    __syncthreads();
    if (threadIdx.x == 0) atomicMax(&result->best, block[0]);
    if (threadIdx.x == 1) atomicAdd(&result->hash[0], block[1]);
    if (threadIdx.x == 2) atomicAdd(&result->hash[1], block[2]);
  }
};

}  // namespace assay::cuda::fast
