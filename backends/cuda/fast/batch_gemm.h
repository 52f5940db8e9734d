// Many rows of bf16 activations times bf16 weights on tensor cores, for decode under `fast`: one
// kernel family, whose order of sums for a row does not depend on the other rows.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

namespace assay::cuda::fast {

enum class GemmKind {
  store,     ///< y = x w' + bias, the parts' columns one after the other (q, k, v)
  residual,  ///< y += x w'
  swiglu     ///< parts 0 and 1 are gate and up: h = silu(x gate') * (x up'), in bf16
};

/// Rows [rows, k] in bf16, permuted within 64 elements.
struct GemmPart {
  const std::uint16_t* w = nullptr;
  std::int32_t rows = 0;
  const float* bias = nullptr;
};

struct GemmArgs {
  GemmPart part[3];
  std::int32_t n_parts = 1;
  std::int32_t k = 0;                ///< a multiple of 64
  std::int32_t m = 0;                ///< rows of x
  const std::uint16_t* x = nullptr;  ///< [m][k] in bf16, permuted likewise
  float* y = nullptr;                ///< [m][all rows of the parts]
  std::uint16_t* h = nullptr;        ///< swiglu: [m][rows of gate], permuted; rows a multiple of 64
};

/// The order of sums depends on the parts' shape and `multiprocessors` alone.
void batch_gemm(GemmKind kind, const GemmArgs& args, int multiprocessors, cudaStream_t stream);

/// RMSNorm of rows, rounded to bf16 and permuted: out [m][n], n a multiple of 64.
void batch_norm(const float* x, const float* gain, float eps, std::int32_t m, std::int32_t n,
                std::uint16_t* out, cudaStream_t stream);

}  // namespace assay::cuda::fast
