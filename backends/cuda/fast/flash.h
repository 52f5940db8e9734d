// Attention under `fast`: products on tensor cores in fp16, softmax online in fp32. Keys and values
// are read once for the queries that share them: of a prompt's rows, of a group's heads. A row's
// result depends on its own position and pages alone.
#pragma once

#include <cuda_runtime_api.h>

#include <algorithm>
#include <cstdint>

#include "backends/cuda/kernels/launch.h"
#include "core/numerics/attention.h"

namespace assay::cuda::fast {

/// Queries in fp16, times head_dim^-1/2 log2 e: scores are powers of two.
ASSAY_HD inline float flash_scale(std::int64_t head_dim) {
  constexpr float kLog2E = 1.44269504F;
  return numerics::attention_scale(head_dim) * kLog2E;
}

/// What `linear` left, and what becomes of it: norm of heads, RoPE, append to the cache.
struct HeadsArgs {
  KvView kv;  ///< fp16; head_dim 64 or 128
  std::int32_t n_heads = 0;
  const float* qkv = nullptr;     ///< [rows][(n_heads + 2 n_kv_heads) * head_dim]
  const float* q_norm = nullptr;  ///< [head_dim] or null
  const float* k_norm = nullptr;
  float eps = 0;
  const float* rope_cos = nullptr;  ///< [positions][head_dim / 2]
  const float* rope_sin = nullptr;
  bool interleaved = false;
  const std::int32_t* positions = nullptr;  ///< [rows]
  const std::int32_t* pages = nullptr;
  std::uint16_t* q = nullptr;  ///< prompts: [rows][n_heads * head_dim] in fp16, scaled
};
/// Rows of one prompt; from sm_90 on.
void prepare_heads(const HeadsArgs& args, std::int32_t rows, cudaStream_t stream);

struct FlashArgs {
  KvView kv;  ///< fp16; head_dim 64 or 128
  std::int32_t n_heads = 0;
  const std::uint16_t* q = nullptr;
  const std::int32_t* pages = nullptr;
  float* out = nullptr;               ///< [rows][n_heads * head_dim]; or null
  std::uint16_t* out_bf16 = nullptr;  ///< the same rounded, permuted within 64; or null
};
inline bool flash_serves(const KvView& kv, std::int64_t n_heads) {
  return kv.type == KvType::f16 && (kv.head_dim == 64 || kv.head_dim == 128) &&
         n_heads % kv.n_kv_heads == 0;
}

/// Queries (rows times heads of a group) of a block.
inline constexpr int kFlashQueries = 128;
/// Rows of a tile: at least one, and all heads of the group.
constexpr std::int32_t flash_rows_of_tile(std::int64_t group) {
  return group < kFlashQueries ? static_cast<std::int32_t>(kFlashQueries / group) : 1;
}
/// Rows of prompts, tile by tile; beside: after a kernel that lets this one start before its end.
void flash_prefill(const FlashArgs& args, const AttentionTile* tiles, std::int32_t n_tiles,
                   bool beside, cudaStream_t stream);
/// Queries of `linear` and `rope`, as the above want them.
void scale_queries(const float* q, std::int64_t n, float scale, std::uint16_t* out,
                   cudaStream_t stream);

/// Pages of one part of a row's positions in decode: few, so that even a few rows find all of the
/// GPU, until there are many; at most kFlashMostParts parts.
inline constexpr int kFlashMostParts = 512;
ASSAY_HD inline int flash_part_pages(int n_pages) {
  constexpr int kFewPages = 16;
  constexpr int kOfMany = 8;
  if (n_pages <= kFewPages) return 4;
  if (n_pages <= kOfMany * kFlashMostParts) return kOfMany;
  return (n_pages + kFlashMostParts - 1) / kFlashMostParts;
}
ASSAY_HD inline int flash_parts(int n_pages) {
  return (n_pages + flash_part_pages(n_pages) - 1) / flash_part_pages(n_pages);
}
/// Of any row that has up to n_pages.
inline int flash_most_parts(int n_pages) {
  constexpr int kOfFew = 4;
  return std::max(kOfFew, std::min((n_pages + 7) / 8, kFlashMostParts));
}
inline constexpr int kMaxDecodeHeads = 8;  ///< of a group
struct FlashDecodeArgs {
  HeadsArgs heads;  ///< positions: a row below 0 is none; pages: row r's begin at r * pages_stride
  std::int32_t pages_stride = 0;      ///< at least the pages of every row
  std::uint16_t* out_bf16 = nullptr;  ///< [rows][n_heads * head_dim], permuted within 64
  float* parts = nullptr;             ///< flash_parts_floats
  std::int32_t* arrivals = nullptr;   ///< [rows * n_kv_heads], zero before and after
};
inline std::int64_t flash_parts_floats(std::int64_t rows, std::int64_t n_heads,
                                       std::int64_t head_dim, std::int64_t max_pages) {
  return rows * n_heads * flash_most_parts(static_cast<int>(max_pages)) * (head_dim + 2);
}
/// Rows of one sequence each: norm, RoPE, append and attention. From sm_90 on.
void flash_decode(const FlashDecodeArgs& args, std::int32_t rows, cudaStream_t stream);

}  // namespace assay::cuda::fast
