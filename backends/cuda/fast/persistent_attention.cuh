// Attention in the step kernel, and what the output projection makes of its splits.
#pragma once

#include "backends/cuda/fast/attention_split.cuh"
#include "backends/cuda/fast/persistent_parts.cuh"

namespace assay::cuda::fast {

/// Attention of one layer: splits are dealt out to the blocks. Before q, k and v are there, the
/// first split's keys and values are asked for.
template <class Setup, int kDim>
struct AttentionOfStep {
  Step<Setup>& s;
  AttentionArgs& a;  ///< in shared memory: of the layer
  SplitMemory<kDim>& m;
  int position;
  int n_own;
  int first_page;  ///< of this block's first task
  float rope;      ///< cos or sin, one a thread

  /// args: a copy of the step's.
  __device__ AttentionOfStep(Step<Setup>& step, AttentionArgs& args)
      : s(step),
        a(args),
        m(*reinterpret_cast<SplitMemory<kDim>*>(step.behind + step.p.split_at)),
        position(a.positions[0]),
        n_own(position / kSplit + 1),
        first_page(0),
        rope(0) {
    const int first = static_cast<int>(blockIdx.x);
    if (first < n_tasks()) first_page = a.pages[first / a.kv.n_kv_heads];
    const int i = static_cast<int>(threadIdx.x);
    const std::int64_t at = static_cast<std::int64_t>(position) * (kDim / 2) + i % (kDim / 2);
    if (i < kDim) rope = (i < kDim / 2 ? a.rope_cos : a.rope_sin)[at];
  }
  __device__ void at_layer(int layer) {
    a.layer = layer;
    a.qkv = s.vector(layer, s.p.at.qkv);
    a.out = s.vector(layer, s.p.at.attended);
    a.q_norm = s.layers[layer].q_norm;
    a.k_norm = s.layers[layer].k_norm;
  }
  __device__ int n_tasks() const { return n_own * a.kv.n_kv_heads; }
  __device__ std::uint16_t* page(int task) const {
    const int id =
        task == static_cast<int>(blockIdx.x) ? first_page : a.pages[task / a.kv.n_kv_heads];
    return page_of<kDim>(a.kv, id, a.layer, task % a.kv.n_kv_heads);
  }
  /// By all threads, when the memory behind the ring is free.
  __device__ void ask(int task, std::uint64_t* barrier) {
    const int i = static_cast<int>(threadIdx.x);
    if (i < kDim) m.rope[i / (kDim / 2)][i % (kDim / 2)] = rope;
    if (threadIdx.x == 0) {
      fence_before_bulk_copy();
      const std::uint16_t* from = page(task);
      barrier_expect(barrier, 2 * kSplit * kDim * 2);
      bulk_copy(m.k, from, kSplit * kDim * 2, barrier);
      bulk_copy(m.v, from + kSplit * kDim, kSplit * kDim * 2, barrier);
    }
  }
  __device__ void run(int task, std::uint64_t* barrier) {
    const int split = task / a.kv.n_kv_heads;
    const int kv_head = task % a.kv.n_kv_heads;
    const int group = a.n_heads / a.kv.n_kv_heads;
    const int n = min(kSplit, position + 1 - split * kSplit);
    const bool takes_key = split == n_own - 1;
    std::uint16_t* own_page = page(task);
    barrier_wait(barrier, s.kv_parity);
    s.kv_parity ^= 1;
    load_heads<kDim>(a, 0, kv_head, position, takes_key, own_page, m, AwaitPair{});
    __syncthreads();
    if (a.q_norm != nullptr) {
      normalise_heads<kDim>(a, position, takes_key, own_page, m);
      __syncthreads();
    }
    scores<kDim>(group, numerics::attention_scale(kDim), m);
    __syncthreads();
    if (s.warp < group) softmax<kDim>(s.warp, n, s.lane, m);
    __syncthreads();
    const bool alone = n_own == 1;
    outputs<kDim>(group, n, m, [&](int in_group, int d, float o0, float o1) {
      const int head = kv_head * group + in_group;
      if (alone) {
        store_out<kDim>(a, 0, head, d, o0 / m.sum[in_group]);
        store_out<kDim>(a, 0, head, d + 1, o1 / m.sum[in_group]);
        return;
      }
      if (n_own <= kMergedByAll) {
        float* part = exchanged_part(head, split);
        store_two_for_all(part + 4 + d, o0, o1);
        if (d == 0) store_two_for_all(part, m.max[in_group], m.sum[in_group]);
        return;
      }
      float* part = part_of<kDim>(a, 0, head, split, s.p.n_splits);
      *reinterpret_cast<float2*>(part + 2 + d) = make_float2(o0, o1);
      if (d == 0) {
        *reinterpret_cast<float2*>(part) = make_float2(m.max[in_group], m.sum[in_group]);
      }
    });
    if (n_own <= kMergedByAll) return;
    __threadfence();
    __syncthreads();
    if (threadIdx.x == 0) {
      m.is_last = atomicAdd(a.arrivals + kv_head, 1) == n_own - 1 ? 1 : 0;
      if (m.is_last != 0) a.arrivals[kv_head] = 0;
      __threadfence();
    }
    __syncthreads();
    if (m.is_last != 0) merge<kDim>(a, 0, kv_head, n_own, s.p.n_splits, m);
  }

  /// At a layer's begin, when the memory of the part before is free.
  __device__ void begin_layer(int layer, std::uint64_t* barrier) {
    if (threadIdx.x == 0) at_layer(layer);
    const int task = static_cast<int>(blockIdx.x);
    if (task < n_tasks()) ask(task, barrier);
  }
  /// The splits of a layer that this block has, once q, k and v are there.
  __device__ void run_layer(std::uint64_t* barrier) {
    const int step = static_cast<int>(gridDim.x);
    const int first = static_cast<int>(blockIdx.x);
    for (int task = first; task < n_tasks(); task += step) {
      if (task != first) {
        ask(task, barrier);
        __syncthreads();
      }
      run(task, barrier);
      __syncthreads();
    }
  }

  __device__ float* exchanged_part(int head, int split) const {
    return s.vector(a.layer, s.p.at.parts) +
           (head * kMergedByAll + split) * ExchangeLayout::part_floats(kDim);
  }

  /// The input of the output projection where each block merges the splits: the outputs of one
  /// head, or of two, lie in a row in a warp.
  struct Merged {
    const AttentionOfStep& attention;
    int lane;

    template <int kN>
    __device__ __forceinline__ void load(const int (&at)[kN], int k, float4 (&out)[kN]) const {
#pragma unroll
      for (int i = 0; i < kN; ++i) {
        if (at[i] - lane * 4 < k) out[i] = attention.merged(at[i], k, lane);
      }
    }
  };
  __device__ MergeFactors factors_of(int head, int lane) const {
    float2 own = make_float2(0, 0);
    const float* part = exchanged_part(head, lane);
    if (lane < n_own) own = AwaitPair{}(part, part + 1);
    return merge_factors(own, 0, n_own, lane, MergeState{});
  }
  __device__ float4 merged(int k, int n, int lane) const {
    constexpr int kAtOnce = 8;
    constexpr int kStride = ExchangeLayout::part_floats(kDim);
    const bool present = k < n;
    const int head = present ? k / kDim : 0;
    const float* part = exchanged_part(head, 0) + 4 + k % kDim;
    float4 v[kAtOnce];
#pragma unroll
    for (int i = 0; i < kAtOnce; ++i) {
      if (i < n_own) v[i] = load_shared_by_all(part + i * kStride);
    }
    const int first_head = __shfl_sync(~0U, head, 0);
    MergeFactors factors = factors_of(first_head, lane);
    MergeFactors second = factors;
    if (kDim < 128) {  // lanes 16 .. 31 have the next head
      if (first_head + 1 < a.n_heads) second = factors_of(first_head + 1, lane);
    }
    const bool is_second = head != first_head;
    float o[4] = {};
    for (int first = 0; first < n_own; first += kAtOnce) {
#pragma unroll
      for (int i = 0; i < kAtOnce; ++i) {
        const int split = first + i;
        if (split >= n_own) continue;
        float keep = __shfl_sync(~0U, factors.keep, split);
        float take = __shfl_sync(~0U, factors.take, split);
        if (kDim < 128) {
          const float other_keep = __shfl_sync(~0U, second.keep, split);
          const float other_take = __shfl_sync(~0U, second.take, split);
          keep = is_second ? other_keep : keep;
          take = is_second ? other_take : take;
        }
        if (first > 0 || !is_there(v[i])) v[i] = await_four(part + split * kStride);
        const float own[4] = {v[i].x, v[i].y, v[i].z, v[i].w};
#pragma unroll
        for (int e = 0; e < 4; ++e) {
          o[e] = split == 0 ? own[e] : __fmaf_rn(o[e], keep, own[e] * take);
        }
      }
    }
    const float sum = is_second ? second.after.sum : factors.after.sum;
    return make_float4(o[0] / sum, o[1] / sum, o[2] / sum, o[3] / sum);
  }
  /// The input of the output projection.
  __device__ void prepare_out() {
    if (n_own == 1 || n_own > kMergedByAll) {
      s.prepare_plain(kOut, a.out);
      return;
    }
    auto input = s.input_of(kOut);
    input.fill_from(s.p.k[kOut], Merged{*this, s.lane});
  }
};

}  // namespace assay::cuda::fast
