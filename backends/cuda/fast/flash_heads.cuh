// A head of a row, by a warp: norm and rotation; and its place in the cache.
#pragma once

#include "backends/cuda/fast/flash.cuh"

namespace assay::cuda::fast {

/// A lane's pairs of elements, which rotate together.
template <int kDim>
struct HeadPairs {
  static constexpr int kPairs = kDim / 64;
  float x[kPairs][2];
  int at[kPairs][2];  ///< where in the head

  template <class Use>
  __device__ __forceinline__ void each(const Use& use) const {
#pragma unroll
    for (int p = 0; p < kPairs; ++p) {
      use(at[p][0], x[p][0]);
      use(at[p][1], x[p][1]);
    }
  }
};

/// Head `head` of [q, k, v] of a row.
template <int kDim>
__device__ __forceinline__ HeadPairs<kDim> turn_head(const HeadsArgs& a, int row, int head,
                                                     int position) {
  const int lane = static_cast<int>(threadIdx.x) % 32;
  const int n_kv = a.kv.n_kv_heads;
  const bool is_value = head >= a.n_heads + n_kv;
  const float* from =
      a.qkv + (static_cast<std::int64_t>(row) * (a.n_heads + 2 * n_kv) + head) * kDim;
  const float* gain = is_value ? nullptr : head >= a.n_heads ? a.k_norm : a.q_norm;
  const bool neighbours = a.interleaved && !is_value;
  HeadPairs<kDim> out;
  float squares = 0;
#pragma unroll
  for (int p = 0; p < kDim / 64; ++p) {
    const int i = p * 32 + lane;
    out.at[p][0] = neighbours ? 2 * i : i;
    out.at[p][1] = neighbours ? 2 * i + 1 : i + kDim / 2;
#pragma unroll
    for (int e = 0; e < 2; ++e) {
      out.x[p][e] = __ldcg(from + out.at[p][e]);
      squares = __fmaf_rn(out.x[p][e], out.x[p][e], squares);
    }
  }
  if (is_value) return out;
  if (gain != nullptr) {
#pragma unroll
    for (int width = 16; width > 0; width /= 2) squares += __shfl_xor_sync(~0U, squares, width);
    const float norm = numerics::reciprocal_sqrt(squares / static_cast<float>(kDim) + a.eps);
#pragma unroll
    for (int p = 0; p < kDim / 64; ++p) {
#pragma unroll
      for (int e = 0; e < 2; ++e) out.x[p][e] = out.x[p][e] * norm * gain[out.at[p][e]];
    }
  }
#pragma unroll
  for (int p = 0; p < kDim / 64; ++p) {
    const std::int64_t angle = static_cast<std::int64_t>(position) * (kDim / 2) + p * 32 + lane;
    const float cos = a.rope_cos[angle];
    const float sin = a.rope_sin[angle];
    const float x = out.x[p][0];
    const float y = out.x[p][1];
    out.x[p][0] = __fmaf_rn(x, cos, -(y * sin));
    out.x[p][1] = __fmaf_rn(y, cos, x * sin);
  }
  return out;
}

/// Where element d of a position's key, or value, lies behind keys_at.
template <int kDim>
__device__ __forceinline__ int key_place(int slot, int d) {
  return (d / 8 * kPagePositions + slot) * 8 + d % 8;
}
template <int kDim>
__device__ __forceinline__ void append_head(const KvView& kv, std::int32_t page, int slot,
                                            int kv_head, bool is_value,
                                            const HeadPairs<kDim>& pairs) {
  std::uint16_t* keys = keys_at(kv, page, kv_head);
  pairs.each([&](int d, float x) {
    const int at = is_value ? kPagePositions * kDim + slot * kDim + d : key_place<kDim>(slot, d);
    keys[at] = __half_as_ushort(__float2half_rn(x));
  });
}

}  // namespace assay::cuda::fast
