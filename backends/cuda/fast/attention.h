// Attention of decode rows over the paged cache, in exact/1: norm of heads, RoPE, append, splits.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

namespace assay::cuda::fast {

/// Page p of layer l and head h lies at ((p * n_layers + l) * n_kv_heads + h) * 2 * 64 * head_dim:
/// keys as [head_dim / 8][64][8], then values as [64][head_dim], both fp16.
struct KvPages {
  std::uint16_t* data = nullptr;
  std::int32_t n_layers = 0;
  std::int32_t n_kv_heads = 0;
  std::int32_t head_dim = 0;
};

struct AttentionArgs {
  KvPages kv;
  std::int32_t layer = 0;
  std::int32_t n_heads = 0;
  /// [rows][(n_heads + 2 n_kv_heads) * head_dim]: q, k, v as `linear` left them.
  const float* qkv = nullptr;
  const float* q_norm = nullptr;  ///< [head_dim] or null
  const float* k_norm = nullptr;
  float eps = 0;
  const float* rope_cos = nullptr;  ///< [positions][head_dim / 2]
  const float* rope_sin = nullptr;
  bool interleaved = false;
  const std::int32_t* positions = nullptr;  ///< [rows] on the device: of the row itself
  const std::int32_t* pages = nullptr;      ///< [rows][max_pages] on the device
  std::int32_t max_pages = 0;
  float* out = nullptr;              ///< [rows][n_heads * head_dim]
  float* parts = nullptr;            ///< attention_parts_floats
  std::int32_t* arrivals = nullptr;  ///< [rows * n_kv_heads], zero before and after
};

/// Heads of one group of queries at most, and of a head's elements.
inline constexpr int kMaxGroup = 8;
inline constexpr int kMaxHeadDim = 128;

/// Scratch for rows that have up to max_splits pages each.
inline std::int64_t attention_parts_floats(std::int64_t rows, std::int64_t n_heads,
                                           std::int64_t head_dim, std::int64_t max_splits) {
  return rows * n_heads * max_splits * (head_dim + 2);
}

/// n_splits: at least position / 64 + 1 of every row. head_dim 64 or 128.
void attention_decode(const AttentionArgs& args, int rows, int n_splits, cudaStream_t stream);

}  // namespace assay::cuda::fast
