#include "backends/cuda/bench/synthetic.h"

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "core/numerics/rope.h"

namespace assay::cuda::bench {
namespace {

__device__ std::uint64_t scramble(std::uint64_t x) {
  x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ x >> 27) * 0x94d049bb133111ebULL;
  return x ^ x >> 31;
}
__device__ float uniform(std::uint64_t seed, std::int64_t i) {
  return static_cast<float>(scramble(seed * 0x9e3779b97f4a7c15ULL + i) >> 40) * 0x1p-24F;
}

enum class Fill { bytes, bf16, half_scales, k_header, floats };

__global__ void fill(Fill what, std::uint8_t* out, std::int64_t n, std::uint64_t seed, float low,
                     float high) {
  const std::int64_t stride = std::int64_t{gridDim.x} * blockDim.x;
  for (std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x; i < n; i += stride) {
    const float value = low + (high - low) * uniform(seed, i);
    switch (what) {
      case Fill::bytes:
        out[i] = static_cast<std::uint8_t>(scramble(seed + i));
        break;
      case Fill::bf16:
        reinterpret_cast<__nv_bfloat16*>(out)[i] = __float2bfloat16_rn(value);
        break;
      case Fill::half_scales:
        reinterpret_cast<__half*>(out)[i] = __float2half_rn(value);
        break;
      case Fill::floats:
        reinterpret_cast<float*>(out)[i] = value;
        break;
      case Fill::k_header: {
        auto* header = reinterpret_cast<__half*>(out + i * 16);
        header[0] = __float2half_rn(value);
        header[1] = __float2half_rn(value * 7.0F);
        for (int b = 4; b < 16; ++b) {
          out[i * 16 + b] = static_cast<std::uint8_t>(scramble(seed + i * 16 + b));
        }
        break;
      }
    }
  }
}

/// Reads everything with 16-byte loads; nothing is written, but the compiler cannot know.
__global__ void __launch_bounds__(512) read_flat(const int4* from, std::int64_t n, int* out) {
  const std::int64_t stride = std::int64_t{gridDim.x} * blockDim.x;
  std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  int sum = 0;
  for (; i + 7 * stride < n; i += 8 * stride) {
    int4 v[8];
#pragma unroll
    for (int u = 0; u < 8; ++u) v[u] = __ldcs(from + i + u * stride);
#pragma unroll
    for (int u = 0; u < 8; ++u) sum += v[u].x ^ v[u].y ^ v[u].z ^ v[u].w;
  }
  for (; i < n; i += stride) sum += __ldcs(from + i).x;
  if (sum == 0x12345678) *out = sum;
}

struct PlaneFill {
  Fill fill;
  float low, high;
};
PlaneFill plane_fill(TensorType type, int plane) {
  switch (type) {
    case TensorType::BF16:
      return {Fill::bf16, -0.045F, 0.045F};
    case TensorType::Q8_0:
      return plane == 0 ? PlaneFill{Fill::bytes, 0, 0} : PlaneFill{Fill::half_scales, 2e-4F, 5e-4F};
    case TensorType::Q4_K:
      return plane == 0 ? PlaneFill{Fill::bytes, 0, 0} : PlaneFill{Fill::k_header, 1e-4F, 2e-4F};
    default:
      return plane < 3 ? PlaneFill{Fill::bytes, 0, 0} : PlaneFill{Fill::half_scales, 1e-5F, 4e-5F};
  }
}

}  // namespace

void check(cudaError_t status, const char* what) {
  if (status == cudaSuccess) return;
  std::fprintf(stderr, "%s: %s\n", what, cudaGetErrorString(status));
  std::exit(3);
}

PlaneSizes plane_sizes(TensorType type) {
  switch (type) {
    case TensorType::Q8_0:
      return {32, {32, 2}};
    case TensorType::Q4_K:
      return {256, {128, 16}};
    case TensorType::Q6_K:
      return {256, {128, 64, 16, 2}};
    default:
      return {1, {2}};
  }
}

Synthetic::~Synthetic() {
  for (void* p : allocations_) cudaFree(p);
}

void* Synthetic::bytes(std::int64_t n) {
  void* out = nullptr;
  check(cudaMalloc(&out, static_cast<std::size_t>(n)), "cudaMalloc");
  allocations_.push_back(out);
  return out;
}

WeightPlanes Synthetic::matrix(TensorType type, std::int64_t rows, std::int64_t cols) {
  const PlaneSizes sizes = plane_sizes(type);
  WeightPlanes w;
  w.type = type;
  w.rows = rows;
  w.cols = cols;
  w.permuted = type == TensorType::BF16;
  for (std::size_t p = 0; p < sizes.bytes.size(); ++p) {
    const std::int64_t blocks = rows * (cols / sizes.elements);
    const std::int64_t n = blocks * sizes.bytes[p];
    auto* plane = static_cast<std::uint8_t*>(bytes((n + 255) / 256 * 256 + 256));
    const PlaneFill f = plane_fill(type, static_cast<int>(p));
    const std::int64_t units = f.fill == Fill::bytes      ? n
                               : f.fill == Fill::k_header ? n / 16
                                                          : n / 2;
    fill<<<1024, 256>>>(f.fill, plane, units, seed_++ << 32, f.low, f.high);
    w.plane[p] = plane;
    weight_bytes_ += n;
  }
  return w;
}

float* Synthetic::vector(std::int64_t n, float low, float high) {
  auto* out = static_cast<std::uint8_t*>(bytes(n * 4));
  fill<<<256, 256>>>(Fill::floats, out, n, seed_++ << 32, low, high);
  return reinterpret_cast<float*>(out);
}

ModelConfig qwen2_1_5b() {
  ModelConfig c;
  c.arch = Arch::qwen2;
  c.n_layers = 28;
  c.hidden = 1536;
  c.n_heads = 12;
  c.n_kv_heads = 2;
  c.head_dim = 128;
  c.ffn = 8960;
  c.vocab = 151936;
  c.max_context = 32768;
  c.rms_eps = 1e-6F;
  c.rope_theta = 1e6;
  c.qkv_bias = true;
  c.tied_embeddings = true;
  return c;
}

fast::EngineModel synthetic_model(const ModelConfig& c, const ModelTypes& types, int rows,
                                  int max_pages, Synthetic& memory) {
  fast::EngineModel m;
  m.config = c;
  m.embedding = m.head = memory.matrix(types.head, c.vocab, c.hidden);
  for (std::int64_t i = 0; i < c.n_layers; ++i) {
    fast::EngineLayer l;
    l.attn_norm = memory.vector(c.hidden, 0.8F, 1.2F);
    l.ffn_norm = memory.vector(c.hidden, 0.8F, 1.2F);
    const std::int64_t q = c.n_heads * c.head_dim;
    const std::int64_t kv = c.n_kv_heads * c.head_dim;
    l.q = memory.matrix(types.most, q, c.hidden);
    l.k = memory.matrix(types.most, kv, c.hidden);
    l.v = memory.matrix(types.most, kv, c.hidden);
    l.q_bias = memory.vector(q, -0.5F, 0.5F);
    l.k_bias = memory.vector(kv, -0.5F, 0.5F);
    l.v_bias = memory.vector(kv, -0.5F, 0.5F);
    l.attn_out = memory.matrix(types.most, c.hidden, q);
    l.gate = memory.matrix(types.most, c.ffn, c.hidden);
    l.up = memory.matrix(types.most, c.ffn, c.hidden);
    l.down = memory.matrix(types.down, c.hidden, c.ffn);
    m.layers.push_back(l);
  }
  m.final_norm = memory.vector(c.hidden, 0.8F, 1.2F);
  const std::int64_t positions = std::int64_t{max_pages} * 64;
  const numerics::RopeTable table(c, positions);
  const auto copy = [&](const float* from) {
    const std::int64_t n = positions * (c.head_dim / 2);
    float* to = memory.vector(n, 0, 0);
    check(cudaMemcpy(to, from, static_cast<std::size_t>(n) * 4, cudaMemcpyHostToDevice), "rope");
    return to;
  };
  m.rope_cos = copy(table.cos_row(0));
  m.rope_sin = copy(table.sin_row(0));
  const std::int64_t page = c.n_layers * c.n_kv_heads * 2 * 64 * c.head_dim;
  const std::int64_t halves = page * rows * max_pages;
  auto* kv = static_cast<std::uint8_t*>(memory.bytes(halves * 2));
  fill<<<1024, 256>>>(Fill::half_scales, kv, halves, 77, -1.0F, 1.0F);
  m.kv = {reinterpret_cast<std::uint16_t*>(kv), static_cast<std::int32_t>(c.n_layers),
          static_cast<std::int32_t>(c.n_kv_heads), static_cast<std::int32_t>(c.head_dim)};
  check(cudaDeviceSynchronize(), "synthetic model");
  return m;
}

double flat_read_seconds(const Synthetic& memory, cudaStream_t stream) {
  const std::int64_t bytes = (memory.weight_bytes() + 255) / 256 * 256;
  void* buffer = nullptr;
  check(cudaMalloc(&buffer, static_cast<std::size_t>(bytes)), "cudaMalloc");
  fill<<<1024, 256>>>(Fill::floats, static_cast<std::uint8_t*>(buffer), bytes / 4, 5, 0, 1);
  check(cudaDeviceSynchronize(), "fill");
  cudaEvent_t start = nullptr;
  cudaEvent_t stop = nullptr;
  cudaEventCreate(&start);
  cudaEventCreate(&stop);
  float best = 1e9F;
  for (const int per_sm : {2, 4}) {
    for (int i = 0; i < 7; ++i) {
      cudaEventRecord(start, stream);
      read_flat<<<132 * per_sm, 512, 0, stream>>>(static_cast<const int4*>(buffer), bytes / 16,
                                                  static_cast<int*>(buffer));
      cudaEventRecord(stop, stream);
      check(cudaEventSynchronize(stop), "flat read");
      float ms = 0;
      cudaEventElapsedTime(&ms, start, stop);
      best = std::min(best, ms);
    }
  }
  cudaEventDestroy(start);
  cudaEventDestroy(stop);
  cudaFree(buffer);
  return best * 1e-3;
}

}  // namespace assay::cuda::bench
