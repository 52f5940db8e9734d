// Kernels that work row by row: embedding, norm, RoPE, SwiGLU, sums, and rows quantised to 8 bits.
#include "backends/cuda/kernels/formats.cuh"
#include "backends/cuda/kernels/launch.h"
#include "core/numerics/functions.h"
#include "core/numerics/norm.h"
#include "core/quant/exact_dot.h"

namespace assay::cuda {
namespace {

namespace num = ::assay::numerics;

constexpr int kThreads = 256;

constexpr unsigned blocks_for(std::int64_t n, int threads) {
  return static_cast<unsigned>((n + threads - 1) / threads);
}

template <TensorType kType>
__global__ void embed_float(WeightPlanes table, const std::int32_t* ids, std::int64_t n,
                            float* out) {
  const std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (i >= n * table.cols) return;
  const std::int64_t k = i % table.cols;
  out[i] = float_element<kType>(table, ids[i / table.cols], k);
}

/// A thread a piece of 32 elements: factor * group_scale * integer - minimum, as quant::dequantize.
template <TensorType kType>
__global__ void embed_blocks(WeightPlanes table, const std::int32_t* ids, std::int64_t n,
                             float* out) {
  using F = Format<kType>;
  const std::int64_t pieces = table.cols / kPieceElements;
  const std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (i >= n * pieces) return;
  const std::int64_t row = ids[i / pieces];
  const std::int64_t piece = i % pieces;
  const auto values = F::load(table, row, piece, WholePiece());
  const auto factors = F::factors(table, row, piece * kPieceElements / F::kElements);
  float* to = out + i * kPieceElements;
  for (int e = 0; e < kPieceElements; ++e) {
    const int group = F::kGroups == 2 ? e / 16 : 0;
    const int q = static_cast<std::int8_t>(values.q[e / 4] >> (e % 4 * 8)) - F::kOffset;
    const float scale = factors.scale * static_cast<float>(values.scale[group]);
    const float product = scale * static_cast<float>(q);
    if constexpr (F::kHasMinimum) {
      to[e] = product - factors.minimum * static_cast<float>(values.minimum[group]);
    } else {
      to[e] = product;
    }
  }
}

/// Sixteen threads a chunk of 512; then sixteen add the chunks in ascending order and fold.
__global__ void rms_norm_rows(const float* x, const float* gain, float eps, std::int64_t cols,
                              float* out) {
  extern __shared__ float partial[];  // [chunks][16], then the scale
  x += std::int64_t{blockIdx.x} * cols;
  out += std::int64_t{blockIdx.x} * cols;
  const int chunks = static_cast<int>((cols + num::kChunkElements - 1) / num::kChunkElements);
  const int lane = static_cast<int>(threadIdx.x) % num::kLanes;
  for (int chunk = static_cast<int>(threadIdx.x) / num::kLanes; chunk < chunks;
       chunk += static_cast<int>(blockDim.x) / num::kLanes) {
    const std::int64_t start = std::int64_t{chunk} * num::kChunkElements;
    const std::int64_t end = min(start + num::kChunkElements, cols);
    float sum = 0;
    for (std::int64_t k = start + lane; k < end; k += num::kLanes) sum = num::fma(x[k], x[k], sum);
    partial[chunk * num::kLanes + lane] = sum;
  }
  __syncthreads();
  if (threadIdx.x < 32) {
    float total = 0;
    for (int chunk = 0; chunk < chunks; ++chunk) total += partial[chunk * num::kLanes + lane];
    for (int width = num::kLanes / 2; width > 0; width /= 2) {
      total += __shfl_xor_sync(0xffffffffU, total, width);
    }
    const float mean = total / static_cast<float>(cols);
    if (threadIdx.x == 0) partial[chunks * num::kLanes] = num::reciprocal_sqrt(mean + eps);
  }
  __syncthreads();
  const float scale = partial[chunks * num::kLanes];
  for (std::int64_t i = threadIdx.x; i < cols; i += blockDim.x) out[i] = (x[i] * scale) * gain[i];
}

__global__ void rope_rows(RopeArgs args) {
  const std::int64_t pairs = args.cols / 2;
  const std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (i >= args.rows * pairs) return;
  const std::int64_t row = i / pairs;
  const std::int64_t head = i % pairs / args.half_dim;
  const std::int64_t pair = i % args.half_dim;
  const std::int64_t step = args.interleaved ? 2 : 1;
  const std::int64_t distance = args.interleaved ? 1 : args.half_dim;
  float* a = args.x + row * args.cols + head * 2 * args.half_dim + pair * step;
  float* b = a + distance;
  const std::int64_t at = args.positions[row] * args.half_dim + pair;
  const float cos = args.cos[at];
  const float sin = args.sin[at];
  const float x = *a;
  const float y = *b;
  *a = num::fma(x, cos, -(y * sin));
  *b = num::fma(y, cos, x * sin);
}

__global__ void swiglu_elements(const float* gate, const float* up, std::int64_t n, float* out) {
  const std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (i < n) out[i] = num::swiglu(gate[i], up[i]);
}

__global__ void add_elements(const float* x, std::int64_t n, float* inout) {
  const std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (i < n) inout[i] += x[i];
}

__global__ void gather(const float* x, const std::int32_t* rows, std::int64_t n, std::int64_t cols,
                       float* out) {
  const std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (i < n * cols) out[i] = x[rows[i / cols] * cols + i % cols];
}

/// A warp a block of kBlock activations: quant::quantize_block, and the sums of 16.
template <int kBlock>
__global__ void quantize_blocks(const float* x, std::int64_t rows, std::int64_t cols,
                                std::uint8_t* out) {
  constexpr int kEach = kBlock / 32;  // consecutive elements of a thread: 1 or 8
  const quant::ActivationLayout layout(cols, kBlock);
  const std::int64_t warp = (std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x) / 32;
  const std::int64_t blocks = cols / kBlock;
  if (warp >= rows * blocks) return;
  const int lane = static_cast<int>(threadIdx.x) % 32;
  const std::int64_t first = warp % blocks * kBlock + lane * kEach;
  const float* from = x + warp / blocks * cols + first;
  std::uint8_t* row = out + warp / blocks * layout.bytes();

  float value[kEach];
  std::uint32_t largest = 0;
  for (int i = 0; i < kEach; ++i) {
    value[i] = from[i];
    largest = max(largest, num::bits_of(value[i]) & 0x7fffffffU);
  }
  for (int width = 16; width > 0; width /= 2) {
    largest = max(largest, __shfl_xor_sync(0xffffffffU, largest, width));
  }
  const float amax = num::float_of(largest);
  const bool infinite = largest >= 0x7f800000U;
  const bool empty = infinite || amax < quant::kSmallestAmax;
  const float factor = amax / 127.0F;
  const float inverse = 1.0F / factor;
  int sum = 0;
  std::uint32_t packed[kEach == 8 ? 2 : 1] = {};
  for (int i = 0; i < kEach; ++i) {
    const float rounded = quant::round_to_even(value[i] * inverse);
    const float limited = rounded > 127.0F ? 127.0F : rounded < -127.0F ? -127.0F : rounded;
    const int integer = empty ? 0 : static_cast<int>(limited);
    sum += integer;
    packed[i / 4] |= (static_cast<std::uint32_t>(integer) & 0xffU) << (i % 4 * 8);
  }
  if constexpr (kEach == 8) {
    *reinterpret_cast<uint2*>(row + first) = make_uint2(packed[0], packed[1]);
    sum += __shfl_xor_sync(0xffffffffU, sum, 1);
  } else {
    row[first] = static_cast<std::uint8_t>(packed[0]);
    for (int width = 8; width > 0; width /= 2) sum += __shfl_xor_sync(0xffffffffU, sum, width);
  }
  if (lane % (16 / kEach) == 0) {
    reinterpret_cast<std::int16_t*>(row + layout.sums_at())[first / quant::kSumElements] =
        static_cast<std::int16_t>(sum);
  }
  if (lane == 0) {
    reinterpret_cast<float*>(row + layout.factors_at())[warp % blocks] =
        infinite ? num::float_of(0x7fc00000U)
        : empty  ? 0.0F
                 : factor;
  }
}

/// Eight independent loads a thread before the first use.
__global__ void __launch_bounds__(512)
    read_words(const uint4* data, std::int64_t n, std::uint32_t* sink) {
  constexpr int kEach = 8;
  std::uint32_t all = 0;
  const std::int64_t stride = std::int64_t{gridDim.x} * blockDim.x;
  for (std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x; i < n;
       i += kEach * stride) {
    uint4 words[kEach] = {};
#pragma unroll
    for (int j = 0; j < kEach; ++j) {
      if (i + j * stride < n) words[j] = __ldg(data + i + j * stride);
    }
#pragma unroll
    for (int j = 0; j < kEach; ++j) all ^= words[j].x ^ words[j].y ^ words[j].z ^ words[j].w;
  }
  if (all == 0x5a17c0deU) *sink = all;  // so that nothing is left out
}

}  // namespace

void read_flat(const std::uint8_t* data, std::int64_t bytes, int multiprocessors,
               std::uint32_t* sink, cudaStream_t stream) {
  read_words<<<static_cast<unsigned>(4 * multiprocessors), 512, 0, stream>>>(
      reinterpret_cast<const uint4*>(data), bytes / 16, sink);
}

void embed(const WeightPlanes& table, const std::int32_t* ids, std::int64_t n, float* out,
           cudaStream_t stream) {
  visit_type(table.type, [&]<TensorType kType>() {
    if constexpr (kType == TensorType::F32 || kType == TensorType::F16 ||
                  kType == TensorType::BF16) {
      embed_float<kType>
          <<<blocks_for(n * table.cols, kThreads), kThreads, 0, stream>>>(table, ids, n, out);
    } else {
      embed_blocks<kType>
          <<<blocks_for(n * table.cols / kPieceElements, kThreads), kThreads, 0, stream>>>(
              table, ids, n, out);
    }
  });
}

void rms_norm(const float* x, const float* gain, float eps, std::int64_t rows, std::int64_t cols,
              float* out, cudaStream_t stream) {
  const std::int64_t chunks = (cols + num::kChunkElements - 1) / num::kChunkElements;
  const int threads = chunks <= 2 ? 128 : chunks <= 16 ? 256 : 512;
  const std::size_t shared = static_cast<std::size_t>(chunks * num::kLanes + 1) * sizeof(float);
  rms_norm_rows<<<static_cast<unsigned>(rows), threads, shared, stream>>>(x, gain, eps, cols, out);
}

void rope(const RopeArgs& args, cudaStream_t stream) {
  rope_rows<<<blocks_for(args.rows * args.cols / 2, kThreads), kThreads, 0, stream>>>(args);
}

void swiglu(const float* gate, const float* up, std::int64_t n, float* out, cudaStream_t stream) {
  swiglu_elements<<<blocks_for(n, kThreads), kThreads, 0, stream>>>(gate, up, n, out);
}

void add(const float* x, std::int64_t n, float* inout, cudaStream_t stream) {
  add_elements<<<blocks_for(n, kThreads), kThreads, 0, stream>>>(x, n, inout);
}

void gather_rows(const float* x, const std::int32_t* rows, std::int64_t n, std::int64_t cols,
                 float* out, cudaStream_t stream) {
  gather<<<blocks_for(n * cols, kThreads), kThreads, 0, stream>>>(x, rows, n, cols, out);
}

void quantize_rows(const float* x, std::int64_t rows, std::int64_t cols, int block,
                   std::uint8_t* out, cudaStream_t stream) {
  const unsigned grid = blocks_for(rows * (cols / block) * 32, kThreads);
  if (block == 32) {
    quantize_blocks<32><<<grid, kThreads, 0, stream>>>(x, rows, cols, out);
  } else {
    quantize_blocks<256><<<grid, kThreads, 0, stream>>>(x, rows, cols, out);
  }
}

cudaError_t probe_kernels() {
  cudaFuncAttributes attributes;
  return cudaFuncGetAttributes(&attributes, add_elements);
}

}  // namespace assay::cuda
