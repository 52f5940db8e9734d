// A block computes one split of 64 positions for the queries that share a key head. Keys and values
// of earlier steps are asked for before the kernel waits for its predecessor; the row's own key and
// value are put into shared memory by the block whose split they fall into, which also appends
// them to the cache. The block that arrives last merges the splits in ascending order.
#include "backends/cuda/fast/attention.h"

#include "backends/cuda/fast/attention_split.cuh"
#include "backends/cuda/fast/launch.cuh"
#include "backends/cuda/fast/ptx.cuh"
#include "core/numerics/attention.h"
#include "core/numerics/half.h"
#include "core/numerics/rope.h"

#include <cooperative_groups.h>
#include <cuda_bf16.h>
#include <cuda_fp16.h>

namespace assay::cuda::fast {
namespace {

constexpr int kThreads = 512;

/// The splits of up to kCluster blocks meet in their shared memory: each merges some of the
/// outputs, in ascending order.
constexpr int kCluster = 8;

template <int kDim>
__device__ void merge_in_cluster(const AttentionArgs& a, int row, int kv_head, int n,
                                 SplitMemory<kDim>& m) {
  namespace cg = cooperative_groups;
  const int group = a.n_heads / a.kv.n_kv_heads;
  auto cluster = cg::this_cluster();
  cluster.sync();
  const int rank = static_cast<int>(cluster.block_rank());
  const int item = rank * kThreads + static_cast<int>(threadIdx.x);
  // Outputs are dealt out in pieces of 128, so that few blocks read all.
  for (int at = item; at < group * kDim; at += kCluster * kThreads) {
    const int head = at / kDim;
    const int d = at % kDim;
    float maxima[kCluster];
    float sums[kCluster];
    float values[kCluster];
#pragma unroll
    for (int s = 0; s < kCluster; ++s) {
      if (s >= n) continue;
      const auto* other = cluster.map_shared_rank(&m, s);
      maxima[s] = other->max[head];
      sums[s] = other->sum[head];
      values[s] = other->o[head][d];
    }
    float max = maxima[0];
    float sum = sums[0];
    float o = values[0];
#pragma unroll
    for (int s = 1; s < kCluster; ++s) {
      if (s >= n) continue;
      const float next = maxima[s] > max ? maxima[s] : max;
      const float keep = numerics::exp(max - next);
      const float take = numerics::exp(maxima[s] - next);
      max = next;
      sum = __fmaf_rn(sum, keep, sums[s] * take);
      o = __fmaf_rn(o, keep, values[s] * take);
    }
    store_out<kDim>(a, row, head + kv_head * group, d, o / sum);
  }
  cluster.sync();  // no block leaves while others read its memory
}

template <int kDim, bool kInCluster>
__global__ void __launch_bounds__(kThreads)
    attention_kernel(const __grid_constant__ AttentionArgs a) {
  ASSAY_DYNAMIC_SHARED(shared);
  auto& m = *reinterpret_cast<SplitMemory<kDim>*>(shared);
  const int split = static_cast<int>(blockIdx.x);
  const int kv_head = static_cast<int>(blockIdx.y);
  const int row = static_cast<int>(blockIdx.z);
  const int position = a.positions[row];  // written before the first kernel of the step
  const int n_own = position / kSplit + 1;
  const bool present = split < n_own;
  const bool takes_key = split == n_own - 1;
  std::uint16_t* page = nullptr;
  if (threadIdx.x == 0) {
    barrier_init(&m.barrier, 1);
    barrier_init_fence();
  }
  if (present) {
    page = page_of<kDim>(a.kv, a.pages[static_cast<std::int64_t>(row) * a.max_pages + split],
                         a.layer, kv_head);
    if (threadIdx.x == 0) {
      barrier_expect(&m.barrier, 2 * kSplit * kDim * 2);
      bulk_copy(m.k, page, kSplit * kDim * 2, &m.barrier);
      bulk_copy(m.v, page + kSplit * kDim, kSplit * kDim * 2, &m.barrier);
    }
    const std::int64_t of_position = static_cast<std::int64_t>(position) * (kDim / 2);
    if (threadIdx.x < kDim / 2) {
      m.rope[0][threadIdx.x] = a.rope_cos[of_position + threadIdx.x];
    } else if (threadIdx.x < kDim) {
      m.rope[1][threadIdx.x - kDim / 2] = a.rope_sin[of_position + threadIdx.x - kDim / 2];
    }
  }
  __syncthreads();
  let_next_kernel_start();
  if (!present && !kInCluster) return;
  const int group = a.n_heads / a.kv.n_kv_heads;
  const int n = min(kSplit, position + 1 - split * kSplit);
  wait_for_previous_kernel();
  if (present) {
    barrier_wait(&m.barrier, 0);  // before the row's own key is put among the others
    load_heads<kDim>(a, row, kv_head, position, takes_key, page, m);
    __syncthreads();
    if (a.q_norm != nullptr) {
      normalise_heads<kDim>(a, position, takes_key, page, m);
      __syncthreads();
    }
    scores<kDim>(group, numerics::attention_scale(kDim), m);
    __syncthreads();
    const int warp = static_cast<int>(threadIdx.x) / 32;
    const int lane = static_cast<int>(threadIdx.x) % 32;
    if (warp < group) softmax<kDim>(warp, n, lane, m);
    __syncthreads();
    const bool alone = n_own == 1;
    outputs<kDim>(group, n, m, [&](int in_group, int d, float o0, float o1) {
      const int head = kv_head * group + in_group;
      if (kInCluster) {
        *reinterpret_cast<float2*>(&m.o[in_group][d]) = make_float2(o0, o1);
      } else if (alone) {
        store_out<kDim>(a, row, head, d, o0 / m.sum[in_group]);
        store_out<kDim>(a, row, head, d + 1, o1 / m.sum[in_group]);
      } else {
        float* part = part_of<kDim>(a, row, head, split, static_cast<int>(gridDim.x));
        *reinterpret_cast<float2*>(part + 2 + d) = make_float2(o0, o1);
        if (d == 0) {
          *reinterpret_cast<float2*>(part) = make_float2(m.max[in_group], m.sum[in_group]);
        }
      }
    });
    if (!kInCluster && alone) return;
  }
  if constexpr (kInCluster) {
    merge_in_cluster<kDim>(a, row, kv_head, n_own, m);
  } else {
    __threadfence();
    __syncthreads();
    std::int32_t* arrivals = a.arrivals + row * a.kv.n_kv_heads + kv_head;
    if (threadIdx.x == 0) {
      m.is_last = atomicAdd(arrivals, 1) == n_own - 1 ? 1 : 0;
      if (m.is_last != 0) *arrivals = 0;
      __threadfence();
    }
    __syncthreads();
    if (m.is_last != 0) merge<kDim>(a, row, kv_head, n_own, static_cast<int>(gridDim.x), m);
  }
}

template <int kDim>
void launch(const AttentionArgs& args, int rows, int n_splits, cudaStream_t stream) {
  const bool in_cluster = n_splits <= kCluster;
  const dim3 grid(static_cast<unsigned>(in_cluster ? kCluster : n_splits),
                  static_cast<unsigned>(args.kv.n_kv_heads), static_cast<unsigned>(rows));
  if (in_cluster) {
    launch_kernel(attention_kernel<kDim, true>, grid, kThreads, sizeof(SplitMemory<kDim>), stream,
                  kCluster, args);
  } else {
    launch_kernel(attention_kernel<kDim, false>, grid, kThreads, sizeof(SplitMemory<kDim>), stream,
                  1, args);
  }
}

}  // namespace

void attention_decode(const AttentionArgs& args, int rows, int n_splits, cudaStream_t stream) {
  if (args.kv.head_dim == 64) return launch<64>(args, rows, n_splits, stream);
  launch<128>(args, rows, n_splits, stream);
}

}  // namespace assay::cuda::fast
