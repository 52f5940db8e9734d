// One split of attention in a block: 64 positions for the queries that share a key head, in exact/1
// (numerics/attention.h); and the merge of splits in ascending order.
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <cmath>

#include "backends/cuda/fast/attention.h"
#include "backends/cuda/fast/block.cuh"
#include "backends/cuda/fast/ptx.cuh"
#include "core/numerics/attention.h"

namespace assay::cuda::fast {

constexpr int kSplit = numerics::kSplitPositions;

/// One block's shared memory.
template <int kDim>
struct SplitMemory {
  std::uint64_t barrier;
  std::uint32_t is_last;
  float max[kMaxGroup];
  float sum[kMaxGroup];
  alignas(128) std::uint16_t k[kDim / 8][kSplit][8];
  alignas(128) std::uint16_t v[kSplit][kDim];
  alignas(16) float q[kMaxGroup + 1][kDim];  ///< rotated; the key behind the group's queries
  alignas(16) float p[kMaxGroup][kSplit];
  alignas(16) float rope[2][kDim / 2];   ///< cos and sin of the row's position
  alignas(16) float o[kMaxGroup][kDim];  ///< of this split, for the cluster's merge
};

template <int kDim>
__device__ std::uint16_t* page_of(const KvPages& kv, int page, int layer, int head) {
  const std::int64_t at =
      (static_cast<std::int64_t>(page) * kv.n_layers + layer) * kv.n_kv_heads + head;
  return kv.data + at * 2 * kSplit * kDim;
}

/// Norm of one head (a warp), as numerics/norm.h has it: head_dim is at most one chunk.
template <int kDim>
__device__ void normalise_head(float* head, const float* gain, float eps, int lane) {
  float sum = 0;
  if (lane < numerics::kLanes) {
#pragma unroll
    for (int i = 0; i < kDim / numerics::kLanes; ++i) {
      const float v = head[i * numerics::kLanes + lane];
      sum = __fmaf_rn(v, v, sum);
    }
  }
  sum = 0.0F + sum;
#pragma unroll
  for (int width = numerics::kLanes / 2; width > 0; width /= 2) {
    sum += __shfl_xor_sync(~0U, sum, width);
  }
  const float total = __shfl_sync(~0U, sum, 0);
  const float scale = numerics::reciprocal_sqrt(total / static_cast<float>(kDim) + eps);
  for (int d = lane; d < kDim; d += 32) head[d] = (head[d] * scale) * gain[d];
  __syncwarp();
}

/// The row's own key and value, into shared memory and the cache.
template <int kDim>
__device__ __forceinline__ void put_key(SplitMemory<kDim>& m, std::uint16_t* page, int at, int d,
                                        float x) {
  const std::uint16_t key = __half_as_ushort(__float2half_rn(x));
  m.k[d / 8][at][d % 8] = key;
  page[(d / 8 * kSplit + at) * 8 + d % 8] = key;
}
template <int kDim>
__device__ __forceinline__ void put_value(SplitMemory<kDim>& m, std::uint16_t* page, int at, int d,
                                          float x) {
  const std::uint16_t value = __half_as_ushort(__float2half_rn(x));
  m.v[at][d] = value;
  page[kSplit * kDim + at * kDim + d] = value;
}

/// Two elements that a kernel before this one has written.
struct LoadPair {
  __device__ float2 operator()(const float* first, const float* second) const {
    return make_float2(__ldcg(first), __ldcg(second));
  }
};

/// Loads the group's queries, and the key and value if this split takes them; norm, rotation,
/// append. A thread takes a pair of elements that rotate together.
template <int kDim, class Load = LoadPair>
__device__ void load_heads(const AttentionArgs& a, int row, int kv_head, int position,
                           bool takes_key, std::uint16_t* page, SplitMemory<kDim>& m,
                           const Load& load = {}) {
  const int group = a.n_heads / a.kv.n_kv_heads;
  const std::int64_t width = static_cast<std::int64_t>(a.n_heads + 2 * a.kv.n_kv_heads) * kDim;
  const float* qkv = a.qkv + row * width;
  constexpr int kPairs = kDim / 2;
  const int at = position % kSplit;
  const int n = (group + (takes_key ? 2 : 0)) * kPairs;
  for (int item = static_cast<int>(threadIdx.x); item < n; item += block_threads()) {
    const int head = item / kPairs;
    const int i = item % kPairs;
    const bool neighbours = a.interleaved && head <= group;
    const int first = neighbours ? 2 * i : i;
    const int second = neighbours ? 2 * i + 1 : i + kPairs;
    const int source = head < group    ? kv_head * group + head
                       : head == group ? a.n_heads + kv_head
                                       : a.n_heads + a.kv.n_kv_heads + kv_head;
    const float* from = qkv + static_cast<std::int64_t>(source) * kDim;
    const float2 pair = load(from + first, from + second);
    float x = pair.x;
    float y = pair.y;
    if (head <= group) {
      const float* gain = head == group ? a.k_norm : a.q_norm;
      if (gain != nullptr) {  // normalise_heads rotates once the scales are known
        m.q[head][first] = x;
        m.q[head][second] = y;
        continue;
      }
      const float cos = m.rope[0][i];
      const float sin = m.rope[1][i];
      const float rotated = __fmaf_rn(x, cos, -(y * sin));
      y = __fmaf_rn(y, cos, x * sin);
      x = rotated;
    }
    if (head < group) {
      m.q[head][first] = x;
      m.q[head][second] = y;
    } else if (head == group) {
      put_key<kDim>(m, page, at, first, x);
      put_key<kDim>(m, page, at, second, y);
    } else {
      put_value<kDim>(m, page, at, first, x);
      put_value<kDim>(m, page, at, second, y);
    }
  }
}

/// For models with norms on heads: a warp a head.
template <int kDim>
__device__ void normalise_heads(const AttentionArgs& a, int position, bool takes_key,
                                std::uint16_t* page, SplitMemory<kDim>& m) {
  const int group = a.n_heads / a.kv.n_kv_heads;
  const int warp = static_cast<int>(threadIdx.x) / 32;
  const int lane = static_cast<int>(threadIdx.x) % 32;
  for (int head = warp; head < group + (takes_key ? 1 : 0); head += block_threads() / 32) {
    const bool is_key = head == group;
    float* to = m.q[head];
    normalise_head<kDim>(to, is_key ? a.k_norm : a.q_norm, a.eps, lane);
    for (int i = lane; i < kDim / 2; i += 32) {
      const int first = a.interleaved ? 2 * i : i;
      const int second = a.interleaved ? 2 * i + 1 : i + kDim / 2;
      const float x = to[first];
      const float y = to[second];
      const float cos = m.rope[0][i];
      const float sin = m.rope[1][i];
      to[first] = __fmaf_rn(x, cos, -(y * sin));
      to[second] = __fmaf_rn(y, cos, x * sin);
      if (is_key) {
        put_key<kDim>(m, page, position % kSplit, first, to[first]);
        put_key<kDim>(m, page, position % kSplit, second, to[second]);
      }
    }
  }
}

__device__ __forceinline__ float2 to_floats(std::uint32_t halves) {
  return __half22float2(*reinterpret_cast<const __half2*>(&halves));
}

/// Scores of a split's positions: 64 threads a head.
template <int kDim>
__device__ void scores(int group, float scale, SplitMemory<kDim>& m) {
  const int position = static_cast<int>(threadIdx.x) % kSplit;
  const int step = block_threads() / kSplit;
  for (int head = static_cast<int>(threadIdx.x) / kSplit; head < group; head += step) {
    float score = 0;
#pragma unroll 4
    for (int d = 0; d < kDim; d += 8) {
      const uint4 k = *reinterpret_cast<const uint4*>(m.k[d / 8][position]);
      const float4 q0 = *reinterpret_cast<const float4*>(&m.q[head][d]);
      const float4 q1 = *reinterpret_cast<const float4*>(&m.q[head][d + 4]);
      const float2 k2[4] = {to_floats(k.x), to_floats(k.y), to_floats(k.z), to_floats(k.w)};
      score = __fmaf_rn(q0.x, k2[0].x, score);
      score = __fmaf_rn(q0.y, k2[0].y, score);
      score = __fmaf_rn(q0.z, k2[1].x, score);
      score = __fmaf_rn(q0.w, k2[1].y, score);
      score = __fmaf_rn(q1.x, k2[2].x, score);
      score = __fmaf_rn(q1.y, k2[2].y, score);
      score = __fmaf_rn(q1.z, k2[3].x, score);
      score = __fmaf_rn(q1.w, k2[3].y, score);
    }
    m.p[head][position] = score * scale;
  }
}

/// Max, exponentials and their sum of one head: a warp.
template <int kDim>
__device__ void softmax(int head, int n, int lane, SplitMemory<kDim>& m) {
  const float lowest = -INFINITY;
  const float s0 = lane < n ? m.p[head][lane] : lowest;
  const float s1 = lane + 32 < n ? m.p[head][lane + 32] : lowest;
  float max = s1 > s0 ? s1 : s0;
#pragma unroll
  for (int width = 16; width > 0; width /= 2) {
    const float other = __shfl_xor_sync(~0U, max, width);
    max = other > max ? other : max;
  }
  const float p0 = lane < n ? numerics::exp(s0 - max) : 0.0F;
  const float p1 = lane + 32 < n ? numerics::exp(s1 - max) : 0.0F;
  m.p[head][lane] = p0;
  m.p[head][lane + 32] = p1;
  // Lane i of 16 adds positions i, i + 16, i + 32, i + 48; adding +0 for absent ones changes none.
  float sum = p0 + __shfl_down_sync(~0U, p0, 16);
  sum += p1;
  sum += __shfl_down_sync(~0U, p1, 16);
#pragma unroll
  for (int width = 8; width > 0; width /= 2) sum += __shfl_xor_sync(~0U, sum, width);
  if (lane == 0) m.max[head] = max, m.sum[head] = sum;
}

/// Where a split's part of a head lies: max, sum, outputs.
template <int kDim>
__device__ float* part_of(const AttentionArgs& a, int row, int head, int split, int n_splits) {
  return a.parts +
         ((static_cast<std::int64_t>(row) * a.n_heads + head) * n_splits + split) * (kDim + 2);
}

template <int kDim>
__device__ void store_out(const AttentionArgs& a, int row, int head, int d, float value) {
  a.out[(static_cast<std::int64_t>(row) * a.n_heads + head) * kDim + d] = value;
}

/// Outputs of the split: kDim / 2 threads a head, two elements each.
template <int kDim, class Put>
__device__ void outputs(int group, int n, SplitMemory<kDim>& m, const Put& put) {
  const int d = static_cast<int>(threadIdx.x) % (kDim / 2) * 2;
  const int step = block_threads() / (kDim / 2);
  for (int head = static_cast<int>(threadIdx.x) / (kDim / 2); head < group; head += step) {
    float o0 = 0;
    float o1 = 0;
    int j = 0;
    for (; j + 8 <= n; j += 8) {
      const float4 p0 = *reinterpret_cast<const float4*>(&m.p[head][j]);
      const float4 p1 = *reinterpret_cast<const float4*>(&m.p[head][j + 4]);
      const float p[8] = {p0.x, p0.y, p0.z, p0.w, p1.x, p1.y, p1.z, p1.w};
      std::uint32_t v[8];
#pragma unroll
      for (int i = 0; i < 8; ++i) v[i] = *reinterpret_cast<const std::uint32_t*>(&m.v[j + i][d]);
#pragma unroll
      for (int i = 0; i < 8; ++i) {
        const float2 value = to_floats(v[i]);
        o0 = __fmaf_rn(p[i], value.x, o0);
        o1 = __fmaf_rn(p[i], value.y, o1);
      }
    }
    for (; j < n; ++j) {
      const float2 value = to_floats(*reinterpret_cast<const std::uint32_t*>(&m.v[j][d]));
      o0 = __fmaf_rn(m.p[head][j], value.x, o0);
      o1 = __fmaf_rn(m.p[head][j], value.y, o1);
    }
    put(head, d, o0, o1);
  }
}

/// Max and sum of the splits merged so far.
struct MergeState {
  float max = 0;
  float sum = 0;
};
/// What a lane's split brings to the merge: the factors of what was before and of its own.
struct MergeFactors {
  float keep = 0;
  float take = 0;
  MergeState after;  ///< behind the last of the warp's splits
};

/// A warp prepares the factors of splits [first, first + 32) of a head: their prefix maxima do not
/// depend on the order of comparison, so the chain over splits is left to the sums alone.
/// own: max and sum of split first + lane.
__device__ inline MergeFactors merge_factors(float2 own, int first, int n, int lane,
                                             const MergeState& before) {
  if (first + lane >= n) own = make_float2(-INFINITY, 0);
  float prefix = own.x;
  if (first > 0 && lane == 0 && before.max > prefix) prefix = before.max;
#pragma unroll
  for (int width = 1; width < 32; width *= 2) {
    const float other = __shfl_up_sync(~0U, prefix, width);
    if (lane >= width && other > prefix) prefix = other;
  }
  float previous = __shfl_up_sync(~0U, prefix, 1);
  if (lane == 0) previous = before.max;
  const bool is_first = first == 0 && lane == 0;
  MergeFactors out;
  out.keep = is_first ? 0.0F : numerics::exp(previous - prefix);
  out.take = is_first ? 1.0F : numerics::exp(own.x - prefix);
  const float product = own.y * out.take;
  out.after.sum = before.sum;
  const int count = min(32, n - first);
  for (int i = 0; i < count; ++i) {
    const float ki = __shfl_sync(~0U, out.keep, i);
    const float pi = __shfl_sync(~0U, product, i);
    out.after.sum = first + i == 0 ? pi : __fmaf_rn(out.after.sum, ki, pi);
  }
  out.after.max = __shfl_sync(~0U, prefix, count - 1);
  return out;
}

/// The last block of a row and key head: a warp a head, four elements a lane.
template <int kDim>
__device__ void merge(const AttentionArgs& a, int row, int kv_head, int n, int n_splits,
                      SplitMemory<kDim>& m) {
  const int group = a.n_heads / a.kv.n_kv_heads;
  const int warp = threadIdx.x / 32;
  const int lane = threadIdx.x % 32;
  if (warp >= group) return;
  const int head = kv_head * group + warp;
  const float* parts = part_of<kDim>(a, row, head, 0, n_splits);
  float* keep = m.p[warp];
  float* take = keep + 32;
  MergeState state;
  constexpr int kOwn = kDim / 32;
  float o[kOwn] = {};
  for (int first = 0; first < n; first += 32) {
    float2 own = make_float2(0, 0);
    if (first + lane < n) {
      own = __ldcg(reinterpret_cast<const float2*>(parts + static_cast<std::int64_t>(first + lane) *
                                                               (kDim + 2)));
    }
    const MergeFactors factors = merge_factors(own, first, n, lane, state);
    state = factors.after;
    keep[lane] = factors.keep;
    take[lane] = factors.take;
    __syncwarp();
    const int count = min(32, n - first);
#pragma unroll 8
    for (int i = 0; i < count; ++i) {
      const float* from = parts + static_cast<std::int64_t>(first + i) * (kDim + 2) + 2;
      const float k = keep[i];
      const float t = take[i];
#pragma unroll
      for (int e = 0; e < kOwn; ++e) {
        const float value = __ldcg(from + e * 32 + lane);
        o[e] = first + i == 0 ? value : __fmaf_rn(o[e], k, value * t);
      }
    }
    __syncwarp();
  }
#pragma unroll
  for (int e = 0; e < kOwn; ++e) {
    store_out<kDim>(a, row, head, e * 32 + lane, o[e] / state.sum);
  }
}

}  // namespace assay::cuda::fast
