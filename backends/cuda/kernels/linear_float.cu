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
/// row of the weight at a time. Needs permuted weights.
template <TensorType kType, int kColumns>
__global__ void __launch_bounds__(kWarps * 32) permuted_rows(LinearArgs args) {
  const int lane = static_cast<int>(threadIdx.x) % 32;
  const int group = lane / 8;
  const int pair = lane % 8;  // owns lanes 2 * pair and 2 * pair + 1
  const std::int64_t n = std::int64_t{blockIdx.x} * kWarps + threadIdx.x / 32;
  const std::int64_t m0 = std::int64_t{blockIdx.y} * kColumns;
  if (n >= args.w.rows) return;
  const std::int64_t k_all = args.w.cols;
  const int columns = static_cast<int>(min(args.m - m0, std::int64_t{kColumns}));
  const auto* row = reinterpret_cast<const std::uint16_t*>(args.w.plane[0]) + n * k_all;

  float total[kColumns][2] = {};
  for (std::int64_t base = 0; base < k_all; base += 4 * num::kChunkElements) {
    const std::int64_t start = base + group * num::kChunkElements;
    float acc[kColumns][2] = {};
    int4 vectors[num::kChunkElements / kPermutedElements] = {};
#pragma unroll
    for (int i = 0; i < num::kChunkElements / kPermutedElements; ++i) {
      const std::int64_t k = start + i * kPermutedElements;
      if (k < k_all) vectors[i] = __ldg(reinterpret_cast<const int4*>(row + k) + pair);
    }
#pragma unroll
    for (int i = 0; i < num::kChunkElements / kPermutedElements; ++i) {
      const std::int64_t k = start + i * kPermutedElements;
      if (k >= k_all) break;
      const std::uint32_t words[4] = {
          static_cast<std::uint32_t>(vectors[i].x), static_cast<std::uint32_t>(vectors[i].y),
          static_cast<std::uint32_t>(vectors[i].z), static_cast<std::uint32_t>(vectors[i].w)};
#pragma unroll
      for (int s = 0; s < 4; ++s) {
        const float w0 = bits_to_float<kType>(words[s] & 0xffffU);
        const float w1 = bits_to_float<kType>(words[s] >> 16);
#pragma unroll
        for (int m = 0; m < kColumns; ++m) {
          if (m >= columns) break;
          const float* x = args.x + (m0 + m) * k_all + k + 16 * s + 2 * pair;
          acc[m][0] = num::fma(w0, __ldg(x), acc[m][0]);
          acc[m][1] = num::fma(w1, __ldg(x + 1), acc[m][1]);
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
    if (lane == 0 && m < columns) {
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

// Many rows: a block takes 32 rows of the weight and 16 of the activations through shared memory.
constexpr int kTileRows = 32;
constexpr int kTileColumns = 16;
constexpr int kSlab = 128;               // elements of K in shared memory at once
constexpr int kSlabStride = kSlab + 16;  // the two halves of a warp read different banks
constexpr int kEachRows = 8;             // of a thread: rows g + 4 i
constexpr int kEachColumns = 4;

template <TensorType kType>
__global__ void __launch_bounds__(256) tiled_rows(LinearArgs args) {
  __shared__ float w_slab[kTileRows][kSlabStride];
  __shared__ float x_slab[kTileColumns][kSlabStride];
  const int thread = static_cast<int>(threadIdx.x);
  const int lane = thread % num::kLanes;
  const int row_group = thread / num::kLanes % 4;
  const int column_group = thread / num::kLanes / 4;
  const std::int64_t n0 = std::int64_t{blockIdx.x} * kTileRows;
  const std::int64_t m0 = std::int64_t{blockIdx.y} * kTileColumns;
  const std::int64_t k_all = args.w.cols;

  float total[kEachRows][kEachColumns] = {};
  float acc[kEachRows][kEachColumns] = {};
  for (std::int64_t k0 = 0; k0 < k_all; k0 += kSlab) {
    const int present = static_cast<int>(min(k_all - k0, std::int64_t{kSlab}));
    __syncthreads();
    // What is absent is 0 times 0: it changes no bit (numerics/dot.h).
    for (int i = thread; i < kTileRows * kSlab; i += 256) {
      const std::int64_t n = n0 + i / kSlab;
      const int k = i % kSlab;
      w_slab[i / kSlab][k] =
          n < args.w.rows && k < present ? float_element<kType>(args.w, n, k0 + k) : 0.0F;
    }
    for (int i = thread; i < kTileColumns * kSlab; i += 256) {
      const std::int64_t m = m0 + i / kSlab;
      const int k = i % kSlab;
      x_slab[i / kSlab][k] = m < args.m && k < present ? args.x[m * k_all + k0 + k] : 0.0F;
    }
    __syncthreads();
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
      if (args.m <= 8) return launch_few<kType, 4>(args, stream);
      const dim3 grid(ceil_div(args.w.rows, kTileRows), ceil_div(args.m, kTileColumns));
      tiled_rows<kType><<<grid, 256, 0, stream>>>(args);
    }
  });
}

}  // namespace assay::cuda
