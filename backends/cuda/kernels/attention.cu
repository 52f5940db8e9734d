// The paged cache and attention over it, exact/1 (core/numerics/attention.h). Splits of 64
// positions are computed side by side, `splits` of them at a time, and merged in ascending order.
#include <algorithm>

#include "backends/cuda/kernels/launch.h"
#include "core/numerics/attention.h"
#include "core/numerics/half.h"

namespace assay::cuda {
namespace {

namespace num = ::assay::numerics;

constexpr int kSplit = num::kSplitPositions;
constexpr int kThreads = 256;
/// Keys of one page lie as [head_dim / 8][64 positions][8]: a thread per position reads 16 bytes at
/// once, and the warp's reads are contiguous. head_dim that is no multiple of 8 ends in a shorter
/// group.
constexpr int kKeyGroup = 8;

__device__ inline float to_float(float value) {
  return value;
}
__device__ inline float to_float(std::uint16_t half) {
  return num::half_to_float(half);
}
__device__ inline void round_to(float value, float* out) {
  *out = value;
}
__device__ inline void round_to(float value, std::uint16_t* out) {
  *out = num::float_to_half(value);
}

__device__ inline int key_index(int d, int position, int head_dim) {
  const int group = d / kKeyGroup;
  const int width = min(kKeyGroup, head_dim - group * kKeyGroup);
  return group * kKeyGroup * kSplit + position * width + d % kKeyGroup;
}

template <class Element>
__device__ Element* keys_of(const KvView& kv, std::int32_t page, int head) {
  return reinterpret_cast<Element*>(kv.pages + page * kv.page_bytes + kv.layer_offset) +
         std::int64_t{head} * 2 * kSplit * kv.head_dim;
}

template <class Element>
__global__ void store_rows(KvStoreArgs args) {
  const std::int64_t width = std::int64_t{args.kv.n_kv_heads} * args.kv.head_dim;
  const std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (i >= args.rows * width) return;
  const std::int64_t row = i / width;
  const int head = static_cast<int>(i % width / args.kv.head_dim);
  const int d = static_cast<int>(i % args.kv.head_dim);
  const int slot = args.positions[row] % kSplit;
  Element* keys = keys_of<Element>(args.kv, args.row_pages[row], head);
  round_to(args.k[i], keys + key_index(d, slot, args.kv.head_dim));
  round_to(args.v[i], keys + kSplit * args.kv.head_dim + slot * args.kv.head_dim + d);
}

/// Scratch of attention: per (row, head) a state of two floats; then for each split of the wave two
/// floats of its own and head_dim of output.
struct Partial {
  float* states;  ///< [rows * heads][2]: maximum and sum so far
  float* splits;  ///< [rows * heads][splits][2]
  float* o;       ///< [rows * heads][splits][head_dim]
};

__host__ __device__ inline Partial partial_of(const AttentionArgs& args, int splits) {
  const std::int64_t n = std::int64_t{args.rows} * args.n_heads;
  return {args.partial, args.partial + 2 * n, args.partial + 2 * n + 2 * n * splits};
}

/// Dynamic shared memory of a block.
struct Shared {
  float* kv;  ///< [64][head_dim + 4], keys and then values
  float* p;   ///< [kTileQueries][64]
  float* q;   ///< [kTileQueries][head_dim rounded up to 4]
};
__host__ __device__ inline int padded_dim(int head_dim) {
  return (head_dim + 3) / 4 * 4;
}
__host__ __device__ inline int kv_stride(int head_dim) {
  return padded_dim(head_dim) + 4;
}
std::size_t shared_bytes(int head_dim) {
  const int floats = kSplit * kv_stride(head_dim) + kTileQueries * (kSplit + padded_dim(head_dim));
  return static_cast<std::size_t>(floats) * sizeof(float);
}
__device__ inline Shared shared_of(float* memory, int head_dim) {
  float* p = memory + kSplit * kv_stride(head_dim);
  return {memory, p, p + kTileQueries * kSplit};
}

/// Of the first `n` positions. What lies beyond is 0 in shared memory, and used by nobody.
template <class Element>
__device__ void load_keys(const Element* keys, int n, int head_dim, float* out) {
  const int stride = kv_stride(head_dim);
  const int groups = (head_dim + kKeyGroup - 1) / kKeyGroup;
  for (int i = static_cast<int>(threadIdx.x); i < kSplit * kKeyGroup * groups; i += kThreads) {
    const int position = i / kKeyGroup % kSplit;
    const int d = i / (kKeyGroup * kSplit) * kKeyGroup + i % kKeyGroup;
    if (d >= padded_dim(head_dim)) continue;
    out[position * stride + d] =
        position < n && d < head_dim ? to_float(keys[key_index(d, position, head_dim)]) : 0.0F;
  }
}
template <class Element>
__device__ void load_values(const Element* values, int n, int head_dim, float* out) {
  const int stride = kv_stride(head_dim);
  for (int i = static_cast<int>(threadIdx.x); i < n * head_dim; i += kThreads) {
    out[i / head_dim * stride + i % head_dim] = to_float(values[i]);
  }
}

/// What a block works on: some heads of a group, for some rows, in one split.
struct Work {
  AttentionTile tile;
  int kv_head;
  int first_head;  ///< of all heads
  int n_heads;
  int queries;  ///< tile.n_rows * n_heads; query i is row i / n_heads, head i % n_heads
};

/// s = (fma chain over d) * scale, into p.
__device__ void scores(const Work& work, const Shared& shared, int head_dim) {
  constexpr int kEach = 4;
  const int position = static_cast<int>(threadIdx.x) % kSplit;
  const int dims = padded_dim(head_dim);
  const float scale = num::attention_scale(head_dim);
  const float* k = shared.kv + position * kv_stride(head_dim);
  for (int first = static_cast<int>(threadIdx.x) / kSplit * kEach; first < work.queries;
       first += kThreads / kSplit * kEach) {
    float acc[kEach] = {};
    for (int d = 0; d < dims;
         d += 4) {  // padding multiplies 0 by 0: no bit changes but a zero's sign
      const float4 key = *reinterpret_cast<const float4*>(k + d);
#pragma unroll
      for (int i = 0; i < kEach; ++i) {
        const float4 query = *reinterpret_cast<const float4*>(
            shared.q + min(first + i, kTileQueries - 1) * dims + d);
        acc[i] = num::fma(query.x, key.x, acc[i]);
        acc[i] = num::fma(query.y, key.y, acc[i]);
        acc[i] = num::fma(query.z, key.z, acc[i]);
        acc[i] = num::fma(query.w, key.w, acc[i]);
      }
    }
#pragma unroll
    for (int i = 0; i < kEach; ++i) {
      if (first + i < work.queries) shared.p[(first + i) * kSplit + position] = acc[i] * scale;
    }
  }
}

/// A warp a query: maximum, p = exp(s - max) and the sum of p by the 16-lane rule. Positions that
/// the query's row does not see become +0, which adds nothing.
__device__ void softmax(const Work& work, const Shared& shared, int split, float* states,
                        std::int64_t state_stride, int n_heads_all) {
  const int lane = static_cast<int>(threadIdx.x) % 32;
  for (int i = static_cast<int>(threadIdx.x) / 32; i < work.queries; i += kThreads / 32) {
    const int row = i / work.n_heads;
    const int seen = min(kSplit, work.tile.first_position + row + 1 - split * kSplit);
    if (seen <= 0) continue;
    float* p = shared.p + i * kSplit;
    const float a = p[lane];
    const float b = p[lane + 32];
    float max = p[0];
    if (lane < seen) max = a > max ? a : max;
    if (lane + 32 < seen) max = b > max ? b : max;
    for (int width = 16; width > 0; width /= 2) {
      const float other = __shfl_xor_sync(0xffffffffU, max, width);
      max = other > max ? other : max;
    }
    const float pa = lane < seen ? num::exp(a - max) : 0.0F;
    const float pb = lane + 32 < seen ? num::exp(b - max) : 0.0F;
    p[lane] = pa;
    p[lane + 32] = pb;
    // Lane l of sixteen adds positions l, l + 16, l + 32, l + 48 in this order.
    const float second = __shfl_xor_sync(0xffffffffU, pa, 16);
    const float fourth = __shfl_xor_sync(0xffffffffU, pb, 16);
    float sum = ((0.0F + pa) + second) + pb + fourth;
    for (int width = num::kLanes / 2; width > 0; width /= 2) {
      sum += __shfl_xor_sync(0xffffffffU, sum, width);
    }
    if (lane == 0) {
      const std::int64_t at = std::int64_t{work.tile.first_row + row} * n_heads_all +
                              work.first_head + i % work.n_heads;
      states[at * state_stride] = max;
      states[at * state_stride + 1] = sum;
    }
  }
}

/// o[d] = fma chain over the positions.
__device__ void weighted_values(const Work& work, const Shared& shared, int split, int head_dim,
                                float* o, std::int64_t o_stride, int n_heads_all) {
  constexpr int kEach = 4;
  const int groups = (work.queries + kEach - 1) / kEach;
  for (int item = static_cast<int>(threadIdx.x); item < groups * head_dim; item += kThreads) {
    const int d = item % head_dim;
    const int first = item / head_dim * kEach;
    const int last_row = min(first + kEach - 1, work.queries - 1) / work.n_heads;
    const int n = min(kSplit, work.tile.first_position + last_row + 1 - split * kSplit);
    float acc[kEach] = {};
    for (int j = 0; j < n; ++j) {
      const float value = shared.kv[j * kv_stride(head_dim) + d];
#pragma unroll
      for (int i = 0; i < kEach; ++i) {
        const int query = min(first + i, work.queries - 1);
        // An absent position is skipped, never multiplied.
        const int seen = work.tile.first_position + query / work.n_heads + 1 - split * kSplit;
        if (j < seen) acc[i] = num::fma(shared.p[query * kSplit + j], value, acc[i]);
      }
    }
#pragma unroll
    for (int i = 0; i < kEach; ++i) {
      const int query = first + i;
      if (query >= work.queries) continue;
      const int row = query / work.n_heads;
      if (work.tile.first_position + row + 1 - split * kSplit <= 0) continue;
      const std::int64_t at = std::int64_t{work.tile.first_row + row} * n_heads_all +
                              work.first_head + query % work.n_heads;
      o[at * o_stride + d] = acc[i];
    }
  }
}

template <class Element>
__global__ void __launch_bounds__(kThreads)
    attend_splits(AttentionArgs args, int first_split, int splits, int heads_of_block) {
  extern __shared__ float4 memory[];
  const int group = args.n_heads / args.kv.n_kv_heads;
  const int parts = (group + heads_of_block - 1) / heads_of_block;
  Work work;
  work.tile = args.tiles[blockIdx.z];
  work.kv_head = static_cast<int>(blockIdx.x) / parts;
  const int of_group = static_cast<int>(blockIdx.x) % parts * heads_of_block;
  work.first_head = work.kv_head * group + of_group;
  work.n_heads = min(heads_of_block, group - of_group);
  work.queries = work.tile.n_rows * work.n_heads;
  const int split = first_split + static_cast<int>(blockIdx.y);
  const int length = work.tile.first_position + work.tile.n_rows;
  if (split * kSplit >= length) return;
  const int n = min(kSplit, length - split * kSplit);

  const int head_dim = args.kv.head_dim;
  const Shared shared = shared_of(reinterpret_cast<float*>(memory), head_dim);
  const Element* keys =
      keys_of<const Element>(args.kv, args.pages[work.tile.first_page + split], work.kv_head);
  const int dims = padded_dim(head_dim);
  for (int i = static_cast<int>(threadIdx.x); i < work.queries * dims; i += kThreads) {
    const int query = i / dims;
    const int d = i % dims;
    const std::int64_t row = work.tile.first_row + query / work.n_heads;
    const std::int64_t head = work.first_head + query % work.n_heads;
    shared.q[i] = d < head_dim ? args.q[(row * args.n_heads + head) * head_dim + d] : 0.0F;
  }
  load_keys(keys, n, head_dim, shared.kv);
  __syncthreads();
  scores(work, shared, head_dim);
  __syncthreads();
  load_values(keys + kSplit * head_dim, n, head_dim, shared.kv);
  const Partial partial = partial_of(args, splits);
  const std::int64_t of_wave = blockIdx.y;
  softmax(work, shared, split, partial.splits + of_wave * 2, std::int64_t{splits} * 2,
          args.n_heads);
  __syncthreads();
  weighted_values(work, shared, split, head_dim, partial.o + of_wave * head_dim,
                  std::int64_t{splits} * head_dim, args.n_heads);
}

/// A block a (row, head), a thread a dimension: the wave's splits onto the state so far, and the
/// quotient at the end.
__global__ void merge_splits(AttentionArgs args, int first_split, int splits) {
  const std::int64_t at = std::int64_t{blockIdx.x};
  const int head_dim = args.kv.head_dim;
  const int d = static_cast<int>(threadIdx.x);
  const int n_splits = args.positions[at / args.n_heads] / kSplit + 1;
  const int end = min(n_splits, first_split + splits);
  if (first_split >= end) return;
  const Partial partial = partial_of(args, splits);
  const float* states = partial.splits + at * splits * 2;
  const float* o = partial.o + at * splits * head_dim + d;
  float* kept = partial.states + 2 * at;
  float* out = args.out + at * head_dim + d;
  const bool continued = first_split > 0;
  const bool present = d < head_dim;
  num::SoftmaxState state{continued ? kept[0] : states[0], continued ? kept[1] : states[1]};
  float value = !present ? 0.0F : continued ? *out : o[0];
  for (int split = continued ? 0 : 1; split < end - first_split; ++split) {
    const float next = present ? o[std::int64_t{split} * head_dim] : 0.0F;
    num::merge_split({states[2 * split], states[2 * split + 1]}, &next, 1, &state, &value);
  }
  if (present) *out = end == n_splits ? value / state.sum : value;
  __syncthreads();  // every thread has read the state
  if (d == 0) {
    kept[0] = state.max;
    kept[1] = state.sum;
  }
}

template <class Element>
void attend(const AttentionArgs& args, int splits, int heads_of_block, int parts,
            cudaStream_t stream) {
  const std::size_t shared = shared_bytes(args.kv.head_dim);
  cudaFuncSetAttribute(attend_splits<Element>, cudaFuncAttributeMaxDynamicSharedMemorySize,
                       static_cast<int>(shared));
  for (int first = 0; first < args.max_splits; first += splits) {
    const dim3 grid(static_cast<unsigned>(args.kv.n_kv_heads * parts),
                    static_cast<unsigned>(std::min(splits, args.max_splits - first)),
                    static_cast<unsigned>(args.n_tiles));
    attend_splits<Element><<<grid, kThreads, shared, stream>>>(args, first, splits, heads_of_block);
    const int threads = (args.kv.head_dim + 31) / 32 * 32;
    merge_splits<<<static_cast<unsigned>(args.rows * args.n_heads), threads, 0, stream>>>(
        args, first, splits);
  }
}

}  // namespace

void kv_store(const KvStoreArgs& args, cudaStream_t stream) {
  const std::int64_t n = args.rows * args.kv.n_kv_heads * args.kv.head_dim;
  const auto grid = static_cast<unsigned>((n + kThreads - 1) / kThreads);
  if (args.kv.type == KvType::f32) {
    store_rows<float><<<grid, kThreads, 0, stream>>>(args);
  } else {
    store_rows<std::uint16_t><<<grid, kThreads, 0, stream>>>(args);
  }
}

void attention(const AttentionArgs& args, cudaStream_t stream) {
  const std::int64_t one =
      attention_floats(args.rows, args.n_heads, args.kv.head_dim, 1) - 2 * args.rows * args.n_heads;
  const std::int64_t fit = (args.partial_floats - 2 * args.rows * args.n_heads) / one;
  const int splits =
      static_cast<int>(std::clamp<std::int64_t>(fit, 1, std::max(1, args.max_splits)));
  const int group = args.n_heads / args.kv.n_kv_heads;
  const int heads_of_block = std::min(group, kTileQueries);
  const int parts = (group + heads_of_block - 1) / heads_of_block;
  if (args.kv.type == KvType::f32) {
    attend<float>(args, splits, heads_of_block, parts, stream);
  } else {
    attend<std::uint16_t>(args, splits, heads_of_block, parts, stream);
  }
}

}  // namespace assay::cuda
