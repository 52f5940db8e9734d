// What blocks of one kernel tell one another: vectors in device memory whose words say by
// themselves whether they were written. All bits set is no result of any arithmetic (a NaN of the
// GPU is 0x7fffffff); a kernel before fills the memory with it, and who reads repeats until it is
// gone. So a value costs one trip to the L2 cache and back, with no barrier and no counter.
#pragma once

#include <cstdint>

#include "backends/cuda/fast/ptx.cuh"

namespace assay::cuda::fast {

constexpr std::uint32_t kAbsent = 0xffffffffU;

__device__ __forceinline__ bool is_there(float value) {
  return __float_as_uint(value) != kAbsent;
}
__device__ __forceinline__ bool is_there(const float2& v) {
  return is_there(v.x) && is_there(v.y);
}
__device__ __forceinline__ bool is_there(const float4& v) {
  return is_there(v.x) && is_there(v.y) && is_there(v.z) && is_there(v.w);
}

/// What load() gives, once all of it is there. A block that never writes must not hang the device.
template <class Load>
__device__ __forceinline__ auto await(const Load& load) {
  for (unsigned tries = 0;; ++tries) {
    const auto value = load();
    if (is_there(value)) return value;
    if (tries == kMostLoads) __trap();
  }
}
__device__ __forceinline__ float await_one(const float* at) {
  return await([at] { return load_one_shared_by_all(at); });
}
/// Elements at[0] .. at[3]; 16-byte aligned.
__device__ __forceinline__ float4 await_four(const float* at) {
  return await([at] { return load_shared_by_all(at); });
}

/// A vector that other blocks write meanwhile; or one that was there before, and may hold anything.
struct AwaitedVector {
  const float* x;
  bool is_written_meanwhile = true;

  /// Asks for all that is missing; then, so that waiting takes little of the cache's bandwidth, for
  /// one of them until it is there.
  template <int kN>
  __device__ __forceinline__ void load(const int (&at)[kN], int k, float4 (&out)[kN]) const {
    for (;;) {
#pragma unroll
      for (int i = 0; i < kN; ++i) {
        if (at[i] < k) out[i] = load_shared_by_all(x + at[i]);
      }
      const float* missing = nullptr;
#pragma unroll
      for (int i = kN - 1; i >= 0; --i) {
        if (at[i] < k && !is_there(out[i])) missing = x + at[i];
      }
      if (missing == nullptr || !is_written_meanwhile) return;
      await_four(missing);
    }
  }
};

/// Two elements that other blocks write meanwhile.
struct AwaitPair {
  __device__ float2 operator()(const float* first, const float* second) const {
    return await(
        [=] { return make_float2(load_one_shared_by_all(first), load_one_shared_by_all(second)); });
  }
};

}  // namespace assay::cuda::fast
