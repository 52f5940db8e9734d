// Drawing tokens from logits where they lie: core/numerics/sampler.h and hash.h, bit for bit.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

namespace assay::cuda {

/// A numerics::DrawRequest as the kernels read it.
struct DrawParameters {
  double temperature;   ///< 0: greedy
  std::uint64_t top_p;  ///< in units of 2^-53
  std::uint64_t min_p;
  std::uint64_t seed;
  std::int64_t top_k;  ///< 0: all
  std::uint32_t index;
  bool all_of_p;  ///< top-p keeps everything
};

/// A numerics::Drawn.
struct DrawResult {
  std::uint64_t hash_a;
  std::uint64_t hash_b;
  std::int64_t non_finite;  ///< index of the first; -1: none
  std::int32_t token;
  float margin;
};

/// Rows whose candidates are collected at once: bounds the scratch.
inline constexpr std::int64_t kDrawRows = 32;
/// Bytes of scratch for rows of `vocab` logits, of which `rows` are drawn in a call.
std::int64_t draw_scratch_bytes(std::int64_t rows, std::int64_t vocab);

struct DrawArgs {
  const float* logits;  ///< [rows][vocab]
  std::int64_t rows;
  std::int64_t vocab;
  const DrawParameters* parameters;  ///< [rows], on the device
  bool any_sampled;                  ///< some row is not greedy
  std::uint8_t* scratch;
  DrawResult* results;  ///< [rows]
};
void draw(const DrawArgs& args, cudaStream_t stream);

}  // namespace assay::cuda
