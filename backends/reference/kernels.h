// The oracle's kernels as plain functions over plain pointers. kernels.cpp is scalar source that is
// compiled once per x86-64 level (fma becomes one instruction, the 16 lanes become vectors); the
// bits are the same at each (tests/backends/reference).
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/types.h"

namespace assay::reference {

/// y[r][n] = bias[n] + sum_k w[n][k] * x[r][k]; `f32` semantics, or exact/1 of quantised weights.
struct LinearArgs {
  TensorType type;
  const std::byte* weights;  ///< [n_out] rows of row_bytes
  std::int64_t row_bytes;
  std::int64_t n_out;
  std::int64_t n_in;
  const float* bias;  ///< [n_out] or null
  const float* x;     ///< [n_rows, n_in]
  std::int64_t n_rows;
  float* y;                ///< [n_rows, n_out]
  float* weight_row;       ///< scratch [n_in]; f32 alone
  std::byte* activations;  ///< scratch [n_rows], ActivationLayout(n_in, block).bytes() each; exact
  std::int8_t* integers;   ///< scratch [n_in]; exact alone
};

/// Keys and values of one layer, of `type`: [page][kv_head], each K as [head_dim][64 positions] and
/// V as [64 positions][head_dim].
struct LayerCache {
  std::byte* data;
  KvType type;
  std::int64_t n_kv_heads;
  std::int64_t head_dim;
};

/// Stores one position's k and v, [n_kv_heads * head_dim] each.
struct StoreArgs {
  LayerCache cache;
  std::int32_t page;
  std::int64_t slot;  ///< position within the page
  const float* k;
  const float* v;
};

/// Rows of a tile share the conversion of keys and values to fp32.
inline constexpr std::int64_t kAttentionTile = 16;

/// The maximum and sum of one (row, head) so far.
struct RowState {
  float max;
  float sum;
};

/// Causal attention of a tile of consecutive rows of one sequence.
struct AttentionArgs {
  LayerCache cache;
  const std::int32_t* pages;    ///< of the sequence, in order
  std::int64_t n_rows;          ///< at most kAttentionTile
  std::int64_t first_position;  ///< of row 0
  std::int64_t n_heads;
  const float* q;  ///< [n_rows, n_heads * head_dim]
  float* out;      ///< likewise
  // Scratch.
  float* k_by_dim;   ///< [head_dim][64]
  float* v;          ///< [64][head_dim]
  float* next;       ///< [head_dim]
  RowState* states;  ///< [n_rows * heads of a group]
};

struct Kernels {
  const char* level;  ///< "baseline", "x86-64-v3", "x86-64-v4"
  void (*dequantize_row)(TensorType type, const std::byte* row, float* out, std::int64_t n);
  void (*rms_norm)(const float* x, const float* gain, float eps, std::int64_t n, float* out);
  void (*linear)(const LinearArgs& args);
  void (*linear_exact)(const LinearArgs& args);
  void (*rotate_head)(float* head, const float* cos, const float* sin, std::int64_t half_dim,
                      bool interleaved);
  void (*store)(const StoreArgs& args);
  void (*attention)(const AttentionArgs& args);
  void (*swiglu)(const float* gate, const float* up, std::int64_t n, float* out);
  void (*add)(const float* x, std::int64_t n, float* inout);
};

// Defined for the levels that are built (CMakeLists.txt).
namespace baseline {
extern const Kernels kKernels;
}
namespace x86_64_v3 {
extern const Kernels kKernels;
}
namespace x86_64_v4 {
extern const Kernels kKernels;
}

}  // namespace assay::reference
