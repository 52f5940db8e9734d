// A block computes 128 rows of weights times kTokens rows of activations over a part of K; the
// blocks of a cluster share a tile and add up their parts in order of rank, through shared memory.
//
// Permuted as the weights are, 16 bytes of a row hold what one lane of mma m16n8k16 needs in four
// steps of K, of weights and activations alike: fragments are plain 16-byte loads.
#pragma once

#include <cuda_bf16.h>

#include "backends/cuda/fast/batch_gemm.h"
#include "backends/cuda/fast/ptx.cuh"
#include "backends/cuda/kernels/planes.h"
#include "core/numerics/functions.h"

namespace assay::cuda::fast {

constexpr int kGemmThreads = 128;
constexpr int kTileRows = 128;
constexpr int kStepElements = 64;  ///< of K; 128 bytes of a row
constexpr int kRowBytes = 2 * kStepElements;
constexpr int kSumStride = kTileRows + 4;  ///< of a token, in floats: no two lanes in one bank

template <int kTokens>
struct GemmShape {
  static constexpr int kStages = 4;
  static constexpr int kWeightBytes = kTileRows * kRowBytes;
  static constexpr int kStageBytes = kWeightBytes + kTokens * kRowBytes;
  static constexpr int kSumBytes = kTokens * kSumStride * 4;
  static constexpr int kBytes =
      kStages * kStageBytes > kSumBytes ? kStages* kStageBytes : kSumBytes;
};

/// 16-byte pieces of odd rows change halves, so that eight lanes of two rows meet no conflict.
__device__ __forceinline__ int piece_at(int row, int piece) {
  return row * kRowBytes + (piece ^ (row & 1) << 2) * 16;
}

/// Row `row` of a tile in the weights; rows beyond the last repeat it.
template <GemmKind kKind>
__device__ __forceinline__ const std::uint16_t* weight_row(const GemmArgs& a, int tile, int row) {
  if constexpr (kKind == GemmKind::swiglu) {
    constexpr int kHalf = kTileRows / 2;
    const GemmPart& part = a.part[row / kHalf];
    return part.w + static_cast<std::int64_t>(min(tile * kHalf + row % kHalf, part.rows - 1)) * a.k;
  } else {
    int at = tile * kTileRows + row;
    int part = 0;
    while (part + 1 < a.n_parts && at >= a.part[part].rows) at -= a.part[part++].rows;
    return a.part[part].w + static_cast<std::int64_t>(min(at, a.part[part].rows - 1)) * a.k;
  }
}

/// The copies of one thread: eight rows of weights and some of activations, one piece of each.
template <int kTokens, GemmKind kKind>
struct GemmLoader {
  static constexpr int kRows = kTileRows * 8 / kGemmThreads;
  static constexpr int kTokenPieces = (kTokens * 8 + kGemmThreads - 1) / kGemmThreads;
  const GemmArgs& a;
  const std::uint16_t* w[kRows];
  int row;
  int piece;
  int first_token;

  __device__ GemmLoader(const GemmArgs& args, int tile, int token)
      : a(args),
        row(static_cast<int>(threadIdx.x) / 8),
        piece(static_cast<int>(threadIdx.x) % 8),
        first_token(token) {
#pragma unroll
    for (int i = 0; i < kRows; ++i) {
      w[i] = weight_row<kKind>(a, tile, row + i * kGemmThreads / 8) + piece * 8;
    }
  }
  __device__ void weights(int step, std::uint8_t* stage) const {
#pragma unroll
    for (int i = 0; i < kRows; ++i) {
      copy16(stage + piece_at(row + i * kGemmThreads / 8, piece),
             w[i] + static_cast<std::int64_t>(step) * kStepElements);
    }
  }
  __device__ void tokens(int step, std::uint8_t* stage) const {
#pragma unroll
    for (int i = 0; i < kTokenPieces; ++i) {
      const int token = row + i * kGemmThreads / 8;
      if (token >= kTokens) continue;
      const std::int64_t at = min(first_token + token, a.m - 1);
      copy16(stage + GemmShape<kTokens>::kWeightBytes + piece_at(token, piece),
             a.x + at * a.k + static_cast<std::int64_t>(step) * kStepElements + piece * 8);
    }
  }
};

template <int kTokens>
__device__ __forceinline__ void multiply_stage(const std::uint8_t* stage, int warp, int lane,
                                               float (&acc)[2][kTokens / 8][4]) {
  const int g = lane / 4;
  const int t = lane % 4;
  std::uint32_t fragments[2][4][4];  // tile of 16 rows, step of 16 elements, register
#pragma unroll
  for (int tile = 0; tile < 2; ++tile) {
#pragma unroll
    for (int r = 0; r < 4; ++r) {
      const int row = warp * 32 + tile * 16 + g + (r & 1) * 8;
      const uint4 v = *reinterpret_cast<const uint4*>(stage + piece_at(row, t + (r >> 1) * 4));
      fragments[tile][0][r] = v.x;
      fragments[tile][1][r] = v.y;
      fragments[tile][2][r] = v.z;
      fragments[tile][3][r] = v.w;
    }
  }
  const std::uint8_t* x = stage + GemmShape<kTokens>::kWeightBytes;
#pragma unroll
  for (int n = 0; n < kTokens / 8; ++n) {
    const int token = n * 8 + g;
    const uint4 low = *reinterpret_cast<const uint4*>(x + piece_at(token, t));
    const uint4 high = *reinterpret_cast<const uint4*>(x + piece_at(token, t + 4));
    const std::uint32_t b0[4] = {low.x, low.y, low.z, low.w};
    const std::uint32_t b1[4] = {high.x, high.y, high.z, high.w};
#pragma unroll
    for (int step = 0; step < 4; ++step) {
#pragma unroll
      for (int tile = 0; tile < 2; ++tile) {
        mma_bf16(acc[tile][n], fragments[tile][step], b0[step], b1[step]);
      }
    }
  }
}

/// The sums of a warp's tile, token by token, into shared memory.
template <int kTokens>
__device__ __forceinline__ void put_sums(float* sums, int warp, int lane,
                                         const float (&acc)[2][kTokens / 8][4]) {
#pragma unroll
  for (int tile = 0; tile < 2; ++tile) {
#pragma unroll
    for (int n = 0; n < kTokens / 8; ++n) {
#pragma unroll
      for (int r = 0; r < 4; ++r) {
        const int row = warp * 32 + tile * 16 + lane / 4 + (r >> 1) * 8;
        const int token = n * 8 + lane % 4 * 2 + (r & 1);
        sums[token * kSumStride + row] = acc[tile][n][r];
      }
    }
  }
}

/// A sum over the cluster's blocks, in order of rank.
__device__ __forceinline__ float total_of(const float* own, int cluster) {
  if (cluster == 1) return *own;
  float sum = load_of_peer(own, 0);
  for (int rank = 1; rank < cluster; ++rank) sum += load_of_peer(own, rank);
  return sum;
}

__device__ __forceinline__ std::int64_t permuted_place(std::int64_t k) {
  const std::int64_t within = k % kPermutedElements;
  return k - within + within % 16 / 2 * 8 + within / 16 * 2 + within % 2;
}

template <int kTokens, GemmKind kKind>
__device__ __forceinline__ void finish_tile(const GemmArgs& a, int tile, int first_token,
                                            int cluster, int rank, const float* sums) {
  constexpr int kHalf = kTileRows / 2;
  const int rows = (kKind == GemmKind::swiglu ? kHalf : kTileRows) / cluster;
  const int tokens = min(kTokens, a.m - first_token);
  std::int32_t all_rows = 0;
  for (int i = 0; i < a.n_parts; ++i) all_rows += a.part[i].rows;
  for (int item = static_cast<int>(threadIdx.x); item < tokens * rows; item += kGemmThreads) {
    const int token = item / rows;
    const int row = rank * rows + item % rows;
    const float* own = sums + token * kSumStride + row;
    const std::int64_t out_token = first_token + token;
    if constexpr (kKind == GemmKind::swiglu) {
      const int at = tile * kHalf + row;
      if (at >= a.part[0].rows) continue;
      const float h = numerics::swiglu(total_of(own, cluster), total_of(own + kHalf, cluster));
      a.h[out_token * a.part[0].rows + permuted_place(at)] =
          __bfloat16_as_ushort(__float2bfloat16_rn(h));
    } else {
      int at = tile * kTileRows + row;
      if (at >= all_rows) continue;
      float sum = total_of(own, cluster);
      float* y = a.y + out_token * all_rows + at;
      if constexpr (kKind == GemmKind::residual) {
        *y = __ldcg(y) + sum;  // whatever an older kernel left in the L1
      } else {
        int part = 0;
        while (part + 1 < a.n_parts && at >= a.part[part].rows) at -= a.part[part++].rows;
        if (a.part[part].bias != nullptr) sum += a.part[part].bias[at];
        *y = sum;
      }
    }
  }
}

/// Grid: parts of K (the cluster), tiles of rows, tiles of tokens.
template <int kTokens, GemmKind kKind>
__global__ void __launch_bounds__(kGemmThreads) gemm_kernel(const __grid_constant__ GemmArgs a) {
  ASSAY_DYNAMIC_SHARED(shared);
  using Shape = GemmShape<kTokens>;
  const int warp = static_cast<int>(threadIdx.x) / 32;
  const int lane = static_cast<int>(threadIdx.x) % 32;
  const int cluster = static_cast<int>(gridDim.x);
  const int rank = static_cast<int>(blockIdx.x);
  const int tile = static_cast<int>(blockIdx.y);
  const int first_token = static_cast<int>(blockIdx.z) * kTokens;
  const int steps = a.k / kStepElements;
  const int begin = steps * rank / cluster;
  const int end = steps * (rank + 1) / cluster;
  const GemmLoader<kTokens, kKind> loader(a, tile, first_token);
  for (int i = 0; i < Shape::kStages - 1; ++i) {
    if (begin + i < end) loader.weights(begin + i, shared + i * Shape::kStageBytes);
  }
  let_next_kernel_start();
  wait_for_previous_kernel();
  for (int i = 0; i < Shape::kStages - 1; ++i) {
    if (begin + i < end) loader.tokens(begin + i, shared + i * Shape::kStageBytes);
    copy_commit();
  }
  float acc[2][kTokens / 8][4] = {};
  int stage = 0;
  for (int step = begin; step < end; ++step) {
    copy_wait<Shape::kStages - 2>();
    __syncthreads();
    const int ahead = step + Shape::kStages - 1;
    if (ahead < end) {
      std::uint8_t* to =
          shared + (stage + Shape::kStages - 1) % Shape::kStages * Shape::kStageBytes;
      loader.weights(ahead, to);
      loader.tokens(ahead, to);
    }
    copy_commit();
    multiply_stage<kTokens>(shared + stage * Shape::kStageBytes, warp, lane, acc);
    stage = (stage + 1) % Shape::kStages;
  }
  copy_wait<0>();
  __syncthreads();
  auto* sums = reinterpret_cast<float*>(shared);
  put_sums<kTokens>(sums, warp, lane, acc);
  if (cluster > 1) {
    cluster_sync();
  } else {
    __syncthreads();
  }
  finish_tile<kTokens, kKind>(a, tile, first_token, cluster, rank, sums);
  if (cluster > 1) cluster_sync();  // no block leaves while others read its memory
}

constexpr int kNormThreads = 256;
constexpr int kNormPairs = 4;  ///< in 16 bytes of a permuted row

/// A thread makes 16 bytes of the row at a time: four pairs of elements, sixteen apart.
__global__ void __launch_bounds__(kNormThreads)
    batch_norm_kernel(const float* x, const float* gain, float eps, std::int32_t n,
                      std::uint16_t* out) {
  __shared__ float sums[kNormThreads / 32];
  let_next_kernel_start();
  wait_for_previous_kernel();
  const std::int64_t row = blockIdx.x;
  const auto* from = reinterpret_cast<const float2*>(x + row * n);
  const auto* gains = reinterpret_cast<const float2*>(gain);
  const auto pair_at = [](int piece, int i) { return piece / 8 * 32 + i * 8 + piece % 8; };
  float2 kept[kNormPairs] = {};  // of the first piece: most rows have no more
  float sum = 0;
  for (int piece = static_cast<int>(threadIdx.x); piece < n / 8; piece += kNormThreads) {
#pragma unroll
    for (int i = 0; i < kNormPairs; ++i) {
      const float2 v = __ldcg(from + pair_at(piece, i));
      sum = __fmaf_rn(v.x, v.x, sum);
      sum = __fmaf_rn(v.y, v.y, sum);
      if (piece < kNormThreads) kept[i] = v;
    }
  }
#pragma unroll
  for (int width = 16; width > 0; width /= 2) sum += __shfl_xor_sync(~0U, sum, width);
  if (threadIdx.x % 32 == 0) sums[threadIdx.x / 32] = sum;
  __syncthreads();
  float total = 0;
#pragma unroll
  for (int w = 0; w < kNormThreads / 32; ++w) total += sums[w];
  const float scale = numerics::reciprocal_sqrt(total / static_cast<float>(n) + eps);
  for (int piece = static_cast<int>(threadIdx.x); piece < n / 8; piece += kNormThreads) {
    std::uint32_t words[kNormPairs];
#pragma unroll
    for (int i = 0; i < kNormPairs; ++i) {
      const float2 v = piece < kNormThreads ? kept[i] : __ldcg(from + pair_at(piece, i));
      const float2 g = gains[pair_at(piece, i)];
      const std::uint32_t low = __bfloat16_as_ushort(__float2bfloat16_rn((v.x * scale) * g.x));
      const std::uint32_t high = __bfloat16_as_ushort(__float2bfloat16_rn((v.y * scale) * g.y));
      words[i] = low | high << 16;
    }
    *reinterpret_cast<uint4*>(out + row * n + piece * 8) =
        make_uint4(words[0], words[1], words[2], words[3]);
  }
}

}  // namespace assay::cuda::fast
