// A block computes 128 rows of weights times the tokens of one or two groups of four warps, over a
// part of K. One more warp asks the copy engine for tiles, several steps ahead; whoever has
// multiplied a tile reports it free. The blocks of a cluster add up their parts of K in order of
// rank, through shared memory.
#pragma once

#include <cuda_bf16.h>

#include "backends/cuda/fast/batch_gemm.h"
#include "backends/cuda/fast/ptx.cuh"
#include "backends/cuda/fast/tensor_map.cuh"
#include "backends/cuda/fast/wgmma.cuh"

namespace assay::cuda::fast {

constexpr int kBlockRows = 128;  ///< of weights; two halves of 64, which may lie in two matrices
constexpr int kHalfRows = 64;
constexpr int kStepBytes = kBoxColumns * 2;    ///< of a row, in one step of K
constexpr int kTotalsStride = kBlockRows + 4;  ///< of a token, in floats: no two lanes in a bank
constexpr int kSwizzleAligned = 1024;

struct TileArgs {
  TensorMap w[3];
  TensorMap x;
  GemmArgs gemm;
};

template <int kTokens, int kGroups>
struct TileShape {
  static constexpr int kAllTokens = kTokens * kGroups;
  static constexpr int kThreads = 128 * kGroups + 32;
  static constexpr int kWeightBytes = kBlockRows * kStepBytes;
  static constexpr int kStageBytes = kWeightBytes + kAllTokens * kStepBytes;
  /// Two blocks a multiprocessor, the next kernel's beside this one's; but one for the widest.
  static constexpr int kMostBytes = kGroups == 2 ? 200 * 1024 : 104 * 1024;
  static constexpr int kStages = kMostBytes / kStageBytes < 6 ? kMostBytes / kStageBytes : 6;
  static constexpr int kTotalsBytes = kAllTokens * kTotalsStride * 4;
  static constexpr int kTileBytes =
      kStages * kStageBytes > kTotalsBytes ? kStages* kStageBytes : kTotalsBytes;
  static constexpr int kBytes = kTileBytes + kSwizzleAligned + 2 * 8 * kStages;
};

/// Where the halves of a tile of weights lie: a map and a row.
struct HalfAt {
  int part;
  int row;
};
template <GemmKind kKind>
__device__ __forceinline__ HalfAt half_at(const GemmArgs& a, int tile, int half) {
  if (kKind == GemmKind::swiglu) return {half, tile * kHalfRows};
  HalfAt at{0, tile * kBlockRows + half * kHalfRows};
  while (at.part + 1 < a.n_parts && at.row >= a.part[at.part].rows) {
    at.row -= a.part[at.part++].rows;
  }
  return at;
}

/// One block's shared memory, and its part of K.
template <int kTokens, int kGroups>
struct TileBlock {
  using Shape = TileShape<kTokens, kGroups>;
  std::uint8_t* tiles;
  std::uint64_t* full;   ///< [stages]
  std::uint64_t* empty;  ///< [stages]
  int begin;
  int end;
  int tile;
  int first_token;
  int part;
  int parts;

  __device__ TileBlock(std::uint8_t* shared, const GemmArgs& a)
      : part(static_cast<int>(blockIdx.x)), parts(static_cast<int>(gridDim.x)) {
    const std::uint32_t misplaced = shared_address(shared) % kSwizzleAligned;
    tiles = shared + (misplaced == 0 ? 0 : kSwizzleAligned - misplaced);
    full = reinterpret_cast<std::uint64_t*>(tiles + Shape::kTileBytes);
    empty = full + Shape::kStages;
    const int steps = a.k / kBoxColumns;
    begin = steps * part / parts;
    end = steps * (part + 1) / parts;
    first_token = static_cast<int>(blockIdx.y) * Shape::kAllTokens;
    tile = static_cast<int>(blockIdx.z);
  }
};

/// One thread's work: tiles for all steps. The weights of the first are asked for before the
/// previous kernel is complete.
template <int kTokens, int kGroups, GemmKind kKind>
__device__ void load_tiles(const TileArgs& a, const TileBlock<kTokens, kGroups>& b) {
  using Shape = TileShape<kTokens, kGroups>;
  HalfAt halves[2];
  for (int h = 0; h < 2; ++h) halves[h] = half_at<kKind>(a.gemm, b.tile, h);
  const auto weights = [&](int step) {
    const int slot = (step - b.begin) % Shape::kStages;
    std::uint8_t* to = b.tiles + slot * Shape::kStageBytes;
    barrier_expect(b.full + slot, Shape::kStageBytes);
    for (int h = 0; h < 2; ++h) {
      tensor_copy(to + h * kHalfRows * kStepBytes, a.w + halves[h].part, step * kBoxColumns,
                  halves[h].row, b.full + slot);
    }
  };
  const auto tokens = [&](int step) {
    const int slot = (step - b.begin) % Shape::kStages;
    std::uint8_t* to = b.tiles + slot * Shape::kStageBytes + Shape::kWeightBytes;
    for (int g = 0; g < kGroups; ++g) {
      tensor_copy(to + g * kTokens * kStepBytes, &a.x, step * kBoxColumns,
                  b.first_token + g * kTokens, b.full + slot);
    }
  };
  const int ahead = min(b.end, b.begin + Shape::kStages);
  for (int step = b.begin; step < ahead; ++step) weights(step);
  wait_for_previous_kernel();
  for (int step = b.begin; step < ahead; ++step) tokens(step);
  for (int step = ahead; step < b.end; ++step) {
    const int at = step - b.begin;
    barrier_wait(b.empty + at % Shape::kStages, (at / Shape::kStages + 1) & 1);
    weights(step);
    tokens(step);
  }
}

/// Products of a group's tokens: acc[half] as wgmma lays it out.
template <int kTokens, int kGroups>
__device__ __forceinline__ void multiply_tiles(const TileBlock<kTokens, kGroups>& b, int group,
                                               float (&acc)[2][kTokens / 2]) {
  using Shape = TileShape<kTokens, kGroups>;
  for (int step = b.begin; step < b.end; ++step) {
    const int at = step - b.begin;
    const int slot = at % Shape::kStages;
    barrier_wait(b.full + slot, at / Shape::kStages & 1);
    const std::uint8_t* w = b.tiles + slot * Shape::kStageBytes;
    const std::uint8_t* x = w + Shape::kWeightBytes + group * kTokens * kStepBytes;
    products_fence();
#pragma unroll
    for (int k = 0; k < kStepBytes; k += 32) {
      multiply_64<kTokens>(acc[0], w + k, x + k);
      multiply_64<kTokens>(acc[1], w + kHalfRows * kStepBytes + k, x + k);
    }
    products_commit();
    products_wait<1>();  // those of the step before
    if (at > 0 && threadIdx.x % 32 == 0) barrier_arrive(b.empty + (at - 1) % Shape::kStages);
  }
  products_wait<0>();
}

/// A group's sums, token by token, into shared memory.
template <int kTokens>
__device__ __forceinline__ void put_totals(float* totals, int group,
                                           const float (&acc)[2][kTokens / 2]) {
  const int warp = static_cast<int>(threadIdx.x) / 32 % 4;
  const int lane = static_cast<int>(threadIdx.x) % 32;
#pragma unroll
  for (int half = 0; half < 2; ++half) {
#pragma unroll
    for (int i = 0; i < kTokens / 2; ++i) {
      const int row = half * kHalfRows + warp * 16 + lane / 4 + (i >> 1 & 1) * 8;
      const int token = group * kTokens + i / 4 * 8 + lane % 4 * 2 + (i & 1);
      totals[token * kTotalsStride + row] = acc[half][i];
    }
  }
}

/// Four sums over the parts, in order.
__device__ __forceinline__ float4 totals_at(const float* own, int parts) {
  if (parts == 1) return *reinterpret_cast<const float4*>(own);
  float4 sum = load4_of_peer(own, 0);
  for (int rank = 1; rank < parts; ++rank) {
    const float4 next = load4_of_peer(own, rank);
    sum.x += next.x, sum.y += next.y, sum.z += next.z, sum.w += next.w;
  }
  return sum;
}

__device__ __forceinline__ std::uint32_t swiglu_pair(float g0, float g1, float u0, float u1) {
  const float h0 = __fdividef(g0, 1.0F + __expf(-g0)) * u0;
  const float h1 = __fdividef(g1, 1.0F + __expf(-g1)) * u1;
  return static_cast<std::uint32_t>(__bfloat16_as_ushort(__float2bfloat16_rn(h0))) |
         static_cast<std::uint32_t>(__bfloat16_as_ushort(__float2bfloat16_rn(h1))) << 16;
}

/// The tile's 64 outputs of a token are one permuted group: a thread makes 16 bytes of it, which
/// are rows 16 s + 2 j and the next, s = 0..3.
__device__ __forceinline__ void finish_swiglu(const GemmArgs& a, int tile, int first_token,
                                              int item, int parts, const float* totals) {
  const int token = item / 8;
  const int j = item % 8;
  const float* own = totals + token * kTotalsStride + j / 2 * 4;
  std::uint32_t words[4];
#pragma unroll
  for (int s = 0; s < 4; ++s) {
    const float4 gate = totals_at(own + s * 16, parts);
    const float4 up = totals_at(own + s * 16 + kHalfRows, parts);
    words[s] = j % 2 == 0 ? swiglu_pair(gate.x, gate.y, up.x, up.y)
                          : swiglu_pair(gate.z, gate.w, up.z, up.w);
  }
  const std::int64_t at =
      static_cast<std::int64_t>(first_token + token) * a.part[0].rows + tile * kHalfRows + j * 8;
  *reinterpret_cast<uint4*>(a.h + at) = make_uint4(words[0], words[1], words[2], words[3]);
}

/// A thread's items of a tile, four rows of a token each, several at once: what they add to is
/// asked for before any is stored.
template <GemmKind kKind, int kStep>
__device__ __forceinline__ void finish_rows(const GemmArgs& a, int tile, int first_token, int item,
                                            int items, int parts, const float* totals) {
  constexpr int kAtOnce = 8;
  constexpr int kOfToken = kBlockRows / 4;
  int all_rows = 0;
  for (int i = 0; i < a.n_parts; ++i) all_rows += a.part[i].rows;
  // A step is whole tokens: a thread's rows are the same in all its items.
  static_assert(kStep % kOfToken == 0);
  const int row = item % kOfToken * 4;
  int at = tile * kBlockRows + row;
  if (at >= all_rows) return;
  const auto y_of = [&](int i) {
    return reinterpret_cast<float4*>(
        a.y + static_cast<std::int64_t>(first_token + i / kOfToken) * all_rows + at);
  };
  float4 bias = make_float4(0, 0, 0, 0);
  if constexpr (kKind == GemmKind::store) {
    int part = 0;
    int in_part = at;
    while (part + 1 < a.n_parts && in_part >= a.part[part].rows) in_part -= a.part[part++].rows;
    if (const float* b = a.part[part].bias; b != nullptr) {
      bias = make_float4(b[in_part], b[in_part + 1], b[in_part + 2], b[in_part + 3]);
    }
  }
  const int step = kStep * parts;
  for (; item < items; item += step * kAtOnce) {
    float4 add[kAtOnce];
#pragma unroll
    for (int u = 0; u < kAtOnce; ++u) {
      add[u] = bias;
      if (kKind == GemmKind::residual && item + u * step < items) {
        add[u] = __ldcg(y_of(item + u * step));  // whatever an older kernel left in the L1
      }
    }
#pragma unroll
    for (int u = 0; u < kAtOnce; ++u) {
      const int i = item + u * step;
      if (i >= items) break;
      const float4 sum = totals_at(totals + i / kOfToken * kTotalsStride + row, parts);
      *y_of(i) =
          make_float4(sum.x + add[u].x, sum.y + add[u].y, sum.z + add[u].z, sum.w + add[u].w);
    }
  }
}

/// By all warps that multiplied; each block of a cluster finishes some of the tokens.
template <int kTokens, int kGroups, GemmKind kKind>
__device__ __forceinline__ void finish_tile(const GemmArgs& a,
                                            const TileBlock<kTokens, kGroups>& b) {
  constexpr int kFinishers = 128 * kGroups;
  const auto* totals = reinterpret_cast<const float*>(b.tiles);
  const int tokens = min(TileShape<kTokens, kGroups>::kAllTokens, a.m - b.first_token);
  const int items = tokens * (kKind == GemmKind::swiglu ? 8 : kBlockRows / 4);
  const int first = b.part * kFinishers + static_cast<int>(threadIdx.x);
  if constexpr (kKind == GemmKind::swiglu) {
    for (int item = first; item < items; item += b.parts * kFinishers) {
      finish_swiglu(a, b.tile, b.first_token, item, b.parts, totals);
    }
  } else {
    finish_rows<kKind, kFinishers>(a, b.tile, b.first_token, first, items, b.parts, totals);
  }
}

/// Grid: parts of K (the cluster), tiles of tokens, tiles of rows.
template <int kTokens, int kGroups, GemmKind kKind>
__global__ void __launch_bounds__(TileShape<kTokens, kGroups>::kThreads)
    tile_kernel(const __grid_constant__ TileArgs a) {
  using Shape = TileShape<kTokens, kGroups>;
  ASSAY_DYNAMIC_SHARED(shared);
  const TileBlock<kTokens, kGroups> b(shared, a.gemm);
  const int group = static_cast<int>(threadIdx.x) / 128;  // the last: who loads
  if (threadIdx.x == 0) {
    for (int i = 0; i < Shape::kStages; ++i) {
      barrier_init(b.full + i, 1);
      barrier_init(b.empty + i, 4 * kGroups);
    }
    barrier_init_fence();
  }
  __syncthreads();
  let_next_kernel_start();
  float acc[2][kTokens / 2] = {};
  if (group == kGroups) {
    if (threadIdx.x % 32 == 0) load_tiles<kTokens, kGroups, kKind>(a, b);
  } else {
    multiply_tiles<kTokens, kGroups>(b, group, acc);
  }
  __syncthreads();  // all tiles are read: the totals take their place
  auto* totals = reinterpret_cast<float*>(b.tiles);
  if (group < kGroups) put_totals<kTokens>(totals, group, acc);
  if (gridDim.x > 1) {
    cluster_sync();
  } else {
    __syncthreads();
  }
  wait_for_previous_kernel();  // y is read and written
  if (group < kGroups) finish_tile<kTokens, kGroups, kKind>(a.gemm, b);
  if (gridDim.x > 1) cluster_sync();  // no block leaves while others read its memory
}

}  // namespace assay::cuda::fast
