// exact/1 for float weights (core/numerics/dot.h): sixteen fma chains a chunk of 512, chunk vectors
// added in ascending order, one fold. Three kernels give the same bits: for few rows of permuted
// 16-bit weights, for few rows of any, and for many.
#include "backends/cuda/kernels/formats.cuh"
#include "backends/cuda/kernels/launch.h"
#include "core/numerics/dot.h"

namespace assay::cuda {
namespace {

namespace num = ::assay::numerics;

constexpr int kWarps = 8;

template <TensorType kType>
__device__ float bits_to_float(std::uint32_t bits) {
  if constexpr (kType == TensorType::F16) {
    return num::half_to_float(static_cast<std::uint16_t>(bits));
  } else {
    return num::float_of(bits << 16);
  }
}

/// Eight threads share a chunk, each with two lanes; the warp's four groups take four chunks of one
/// row of the weight at a time. The activations of four chunks lie in shared memory in the order in
/// which the threads read them. Needs permuted weights.
constexpr int kPassElements = 4 * num::kChunkElements;
constexpr int kVectorsOfChunk = num::kChunkElements / kPermutedElements;

/// Within 64 elements: the four that thread `pair` reads first (s 0 and 1), for all pairs, then the
/// other four. So a warp's 16-byte reads are contiguous.
__device__ inline int staged_index(int k) {
  const int within = k % kPermutedElements;
  const int s = within / 16;
  const int pair = within % 16 / 2;
  return k - within + s / 2 * 32 + pair * 4 + s % 2 * 2 + within % 2;
}

template <TensorType kType, int kColumns>
__global__ void __launch_bounds__(kWarps * 32) permuted_rows(LinearArgs args) {
  __shared__ __align__(16) float staged[kColumns][kPassElements];
  const int lane = static_cast<int>(threadIdx.x) % 32;
  const int group = lane / 8;
  const int pair = lane % 8;  // owns lanes 2 * pair and 2 * pair + 1
  const std::int64_t n = std::int64_t{blockIdx.x} * kWarps + threadIdx.x / 32;
  const std::int64_t m0 = std::int64_t{blockIdx.y} * kColumns;
  const std::int64_t k_all = args.w.cols;
  const int columns = static_cast<int>(min(args.m - m0, std::int64_t{kColumns}));
  // A warp without a row of its own helps with the activations, and computes the last row again.
  const auto* row =
      reinterpret_cast<const std::uint16_t*>(args.w.plane[0]) + min(n, args.w.rows - 1) * k_all;

  float total[kColumns][2] = {};
  for (std::int64_t base = 0; base < k_all; base += kPassElements) {
    const std::int64_t start = base + group * num::kChunkElements;
    int4 vectors[kVectorsOfChunk] = {};
#pragma unroll
    for (int i = 0; i < kVectorsOfChunk; ++i) {
      const std::int64_t k = start + i * kPermutedElements;
      if (k < k_all) vectors[i] = __ldg(reinterpret_cast<const int4*>(row + k) + pair);
    }
    const int present = static_cast<int>(min(k_all - base, std::int64_t{kPassElements}));
    __syncthreads();
    for (int m = 0; m < columns; ++m) {
      const float* x = args.x + (m0 + m) * k_all + base;
      for (int k = static_cast<int>(threadIdx.x); k < present; k += kWarps * 32) {
        staged[m][staged_index(k)] = __ldg(x + k);
      }
    }
    __syncthreads();
    float acc[kColumns][2] = {};
#pragma unroll
    for (int i = 0; i < kVectorsOfChunk; ++i) {
      const int k = group * num::kChunkElements + i * kPermutedElements;
      if (k >= present) break;
      const std::uint32_t words[4] = {
          static_cast<std::uint32_t>(vectors[i].x), static_cast<std::uint32_t>(vectors[i].y),
          static_cast<std::uint32_t>(vectors[i].z), static_cast<std::uint32_t>(vectors[i].w)};
#pragma unroll
      for (int m = 0; m < kColumns; ++m) {
        if (m >= columns) break;
        const float4 a = *reinterpret_cast<const float4*>(&staged[m][k + pair * 4]);
        const float4 b = *reinterpret_cast<const float4*>(&staged[m][k + 32 + pair * 4]);
        const float x[8] = {a.x, a.y, a.z, a.w, b.x, b.y, b.z, b.w};
#pragma unroll
        for (int s = 0; s < 4; ++s) {
          acc[m][0] = num::fma(bits_to_float<kType>(words[s] & 0xffffU), x[2 * s], acc[m][0]);
          acc[m][1] = num::fma(bits_to_float<kType>(words[s] >> 16), x[2 * s + 1], acc[m][1]);
        }
      }
    }
#pragma unroll
    for (int m = 0; m < kColumns; ++m) {
      for (int g = 0; g < 4; ++g) {  // an absent chunk adds +0
        total[m][0] += __shfl_sync(0xffffffffU, acc[m][0], g * 8 + pair);
        total[m][1] += __shfl_sync(0xffffffffU, acc[m][1], g * 8 + pair);
      }
    }
  }
#pragma unroll
  for (int m = 0; m < kColumns; ++m) {
    for (int width = 4; width > 0; width /= 2) {
      for (float& value : total[m]) value += __shfl_xor_sync(0xffffffffU, value, width);
    }
    const float sum = total[m][0] + total[m][1];
    if (lane == 0 && m < columns && n < args.w.rows) {
      args.y[(m0 + m) * args.w.rows + n] = args.bias == nullptr ? sum : sum + args.bias[n];
    }
  }
}

/// Half a warp a row of the weight, a thread a lane: any type, any length.
template <TensorType kType, int kColumns>
__global__ void __launch_bounds__(kWarps * 32) any_rows(LinearArgs args) {
  const int lane = static_cast<int>(threadIdx.x) % num::kLanes;
  const std::int64_t n = (std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x) / num::kLanes;
  const std::int64_t m0 = std::int64_t{blockIdx.y} * kColumns;
  const std::int64_t row = min(n, args.w.rows - 1);  // the whole warp takes part in the fold
  const int columns = static_cast<int>(min(args.m - m0, std::int64_t{kColumns}));
  float total[kColumns] = {};
  for (std::int64_t start = 0; start < args.w.cols; start += num::kChunkElements) {
    const std::int64_t end = min(start + num::kChunkElements, args.w.cols);
    float acc[kColumns] = {};
    for (std::int64_t k = start + lane; k < end; k += num::kLanes) {
      const float w = float_element<kType>(args.w, row, k);
#pragma unroll
      for (int m = 0; m < kColumns; ++m) {
        if (m < columns) acc[m] = num::fma(w, args.x[(m0 + m) * args.w.cols + k], acc[m]);
      }
    }
#pragma unroll
    for (int m = 0; m < kColumns; ++m) total[m] += acc[m];
  }
#pragma unroll
  for (int m = 0; m < kColumns; ++m) {
    for (int width = num::kLanes / 2; width > 0; width /= 2) {
      total[m] += __shfl_xor_sync(0xffffffffU, total[m], width);
    }
    if (lane == 0 && n < args.w.rows && m < columns) {
      args.y[(m0 + m) * args.w.rows + n] =
          args.bias == nullptr ? total[m] : total[m] + args.bias[n];
    }
  }
}

// Many rows: a block takes 32 rows of the weight and 16 or 32 of the activations through shared
// memory. Sixteen threads are the sixteen lanes; each has a tile of 8 rows by 4 or 8 columns.
constexpr int kTileThreads = 256;
constexpr int kTileRows = 32;
constexpr int kSlab = 128;               // elements of K in shared memory at once
constexpr int kSlabStride = kSlab + 16;  // the two halves of a warp read different banks
constexpr int kEachRows = 8;             // of a thread: rows g + 4 i
constexpr int kSlabVectors = kTileRows * kSlab / 8 / kTileThreads;

/// What a thread brings of the next slab while the block computes with the present one.
template <TensorType kType, int kTileColumns>
class SlabLoader {
 public:
  static constexpr int kXs = kTileColumns * kSlab / kTileThreads;
  __device__ SlabLoader(const LinearArgs& args, std::int64_t n0, std::int64_t m0)
      : args_(args), n0_(n0), m0_(m0), thread_(static_cast<int>(threadIdx.x)) {}

  __device__ void load(std::int64_t k0) {
    k0_ = k0;
    if constexpr (kType != TensorType::F32) {
      if (args_.w.permuted) {
        const auto* w = reinterpret_cast<const std::uint16_t*>(args_.w.plane[0]);
#pragma unroll
        for (int i = 0; i < kSlabVectors; ++i) {
          const int at = thread_ + i * kTileThreads;
          const std::int64_t n = n0_ + at / (kSlab / 8);
          const std::int64_t k = k0 + at % (kSlab / 8) * 8;
          vectors_[i] = n < args_.w.rows && k < args_.w.cols
                            ? __ldg(reinterpret_cast<const int4*>(w + n * args_.w.cols + k))
                            : int4{};
        }
      }
    }
#pragma unroll
    for (int i = 0; i < kXs; ++i) {
      const int at = thread_ + i * kTileThreads;
      const std::int64_t m = m0_ + at / kSlab;
      const std::int64_t k = k0 + at % kSlab;
      xs_[i] = m < args_.m && k < args_.w.cols ? __ldg(args_.x + m * args_.w.cols + k) : 0.0F;
    }
  }

  /// What is absent is 0 times 0: it changes no bit (numerics/dot.h).
  __device__ void store(float (*w_slab)[kSlabStride], float (*x_slab)[kSlabStride]) const {
    if (kType != TensorType::F32 && args_.w.permuted) {
#pragma unroll
      for (int i = 0; i < kSlabVectors; ++i) {
        const int at = thread_ + i * kTileThreads;
        const int vector = at % (kSlab / 8);
        float* to = &w_slab[at / (kSlab / 8)][vector / 8 * kPermutedElements + vector % 8 * 2];
        const int words[4] = {vectors_[i].x, vectors_[i].y, vectors_[i].z, vectors_[i].w};
#pragma unroll
        for (int s = 0; s < 4; ++s) {
          const auto bits = static_cast<std::uint32_t>(words[s]);
          to[16 * s] = bits_to_float<kType>(bits & 0xffffU);
          to[16 * s + 1] = bits_to_float<kType>(bits >> 16);
        }
      }
    } else {
      for (int i = thread_; i < kTileRows * kSlab; i += kTileThreads) {
        const std::int64_t n = n0_ + i / kSlab;
        const std::int64_t k = k0_ + i % kSlab;
        w_slab[i / kSlab][i % kSlab] =
            n < args_.w.rows && k < args_.w.cols ? float_element<kType>(args_.w, n, k) : 0.0F;
      }
    }
#pragma unroll
    for (int i = 0; i < kXs; ++i) {
      const int at = thread_ + i * kTileThreads;
      x_slab[at / kSlab][at % kSlab] = xs_[i];
    }
  }

 private:
  const LinearArgs& args_;
  std::int64_t n0_;
  std::int64_t m0_;
  int thread_;
  std::int64_t k0_ = 0;
  int4 vectors_[kSlabVectors] = {};
  float xs_[kXs] = {};
};

template <TensorType kType, int kEachColumns>
__global__ void __launch_bounds__(kTileThreads) tiled_rows(LinearArgs args) {
  constexpr int kTileColumns = 4 * kEachColumns;
  __shared__ float w_slab[kTileRows][kSlabStride];
  __shared__ float x_slab[kTileColumns][kSlabStride];
  const int thread = static_cast<int>(threadIdx.x);
  const int lane = thread % num::kLanes;
  const int row_group = thread / num::kLanes % 4;
  const int column_group = thread / num::kLanes / 4;
  const std::int64_t n0 = std::int64_t{blockIdx.x} * kTileRows;
  const std::int64_t m0 = std::int64_t{blockIdx.y} * kTileColumns;
  const std::int64_t k_all = args.w.cols;

  SlabLoader<kType, kTileColumns> loader(args, n0, m0);
  loader.load(0);
  float total[kEachRows][kEachColumns] = {};
  float acc[kEachRows][kEachColumns] = {};
  for (std::int64_t k0 = 0; k0 < k_all; k0 += kSlab) {
    __syncthreads();
    loader.store(w_slab, x_slab);
    __syncthreads();
    if (k0 + kSlab < k_all) loader.load(k0 + kSlab);
#pragma unroll 2
    for (int k = lane; k < kSlab; k += num::kLanes) {
      float w[kEachRows];
      float x[kEachColumns];
#pragma unroll
      for (int i = 0; i < kEachRows; ++i) w[i] = w_slab[row_group + 4 * i][k];
#pragma unroll
      for (int j = 0; j < kEachColumns; ++j) x[j] = x_slab[column_group + 4 * j][k];
#pragma unroll
      for (int i = 0; i < kEachRows; ++i) {
#pragma unroll
        for (int j = 0; j < kEachColumns; ++j) acc[i][j] = num::fma(w[i], x[j], acc[i][j]);
      }
    }
    if ((k0 + kSlab) % num::kChunkElements != 0 && k0 + kSlab < k_all) continue;
#pragma unroll
    for (int i = 0; i < kEachRows; ++i) {
#pragma unroll
      for (int j = 0; j < kEachColumns; ++j) {
        total[i][j] += acc[i][j];
        acc[i][j] = 0;
      }
    }
  }
#pragma unroll
  for (int i = 0; i < kEachRows; ++i) {
    const std::int64_t n = n0 + row_group + 4 * i;
#pragma unroll
    for (int j = 0; j < kEachColumns; ++j) {
      for (int width = num::kLanes / 2; width > 0; width /= 2) {
        total[i][j] += __shfl_xor_sync(0xffffffffU, total[i][j], width);
      }
      const std::int64_t m = m0 + column_group + 4 * j;
      if (lane != 0 || n >= args.w.rows || m >= args.m) continue;
      args.y[m * args.w.rows + n] = args.bias == nullptr ? total[i][j] : total[i][j] + args.bias[n];
    }
  }
}

constexpr unsigned ceil_div(std::int64_t n, std::int64_t step) {
  return static_cast<unsigned>((n + step - 1) / step);
}

template <TensorType kType, int kColumns>
void launch_few(const LinearArgs& args, cudaStream_t stream) {
  const unsigned columns = ceil_div(args.m, kColumns);
  if constexpr (kType != TensorType::F32) {
    if (args.w.permuted) {
      const dim3 grid(ceil_div(args.w.rows, kWarps), columns);
      permuted_rows<kType, kColumns><<<grid, kWarps * 32, 0, stream>>>(args);
      return;
    }
  }
  const dim3 grid(ceil_div(args.w.rows * num::kLanes, kWarps * 32), columns);
  any_rows<kType, kColumns><<<grid, kWarps * 32, 0, stream>>>(args);
}

}  // namespace

void linear_float(const LinearArgs& args, cudaStream_t stream) {
  visit_type(args.w.type, [&]<TensorType kType>() {
    if constexpr (kType == TensorType::F32 || kType == TensorType::F16 ||
                  kType == TensorType::BF16) {
      if (args.m == 1) return launch_few<kType, 1>(args, stream);
      if (args.m <= 4) return launch_few<kType, 4>(args, stream);
      const unsigned rows = ceil_div(args.w.rows, kTileRows);
      if (args.m <= 16) {
        tiled_rows<kType, 4><<<dim3(rows, ceil_div(args.m, 16)), kTileThreads, 0, stream>>>(args);
      } else {
        tiled_rows<kType, 8><<<dim3(rows, ceil_div(args.m, 32)), kTileThreads, 0, stream>>>(args);
      }
    }
  });
}

}  // namespace assay::cuda
