// The kernels of one instruction-set level. Each is written once over the level's vectors (isa/)
// and compiled in a file of its own with that level's flags; which table runs is decided at run
// time.
//
// Every kernel runs on the calling thread, keeps the order of operations of core/numerics, and so
// gives the same bits as `reference`, whatever the level and whatever range of rows it is given.
#pragma once

#include <cstddef>
#include <cstdint>

#include "backends/common/isa/inline.h"
#include "core/device.h"

namespace assay::host {

/// y[m][n] = sum_k w[n][k] * x[m][k] (+ bias[n]) for the weight's rows [row_begin, row_end).
struct LinearTask {
  TensorType type = TensorType::F32;
  const std::byte* weights = nullptr;  ///< row 0; any alignment
  std::int64_t row_bytes = 0;
  std::int64_t row_begin = 0;
  std::int64_t row_end = 0;
  std::int64_t k = 0;
  const float* x = nullptr;  ///< [m][k]
  std::int64_t m = 0;
  const float* bias = nullptr;  ///< null: none
  float* y = nullptr;           ///< [m][ldy], column n is the weight's row n
  std::int64_t ldy = 0;
  float* scratch = nullptr;  ///< kLinearScratchFloats, 64-byte aligned
};

/// A tile of dequantised weights (it stays in L1 or L2) and the lane sums of one block of outputs.
inline constexpr int kLinearBlockRows = 32;
inline constexpr int kLinearBlockColumns = 96;
inline constexpr std::int64_t kLinearScratchFloats =
    std::int64_t{kLinearBlockRows} * 512 +
    std::int64_t{kLinearBlockRows} * kLinearBlockColumns * 16;

inline constexpr std::int64_t kActivationPadding = 5;

/// The same under exact/1 for quantised weights: activations are integers with factors.
struct ExactLinearTask {
  TensorType type = TensorType::Q8_0;
  const std::byte* weights = nullptr;  ///< row 0; any alignment
  std::int64_t row_bytes = 0;
  std::int64_t row_begin = 0;
  std::int64_t row_end = 0;
  std::int64_t k = 0;
  /// m rows as quant::ActivationLayout(k, the type's block) has them, one after the other;
  /// kActivationPadding rows more may be read, and play no part.
  const std::byte* activations = nullptr;
  std::int64_t m = 0;
  const float* bias = nullptr;  ///< null: none
  float* y = nullptr;           ///< [m][ldy], column n is the weight's row n
  std::int64_t ldy = 0;
  float* scratch = nullptr;  ///< 2 * m
};

/// Queries of one sequence that share a key-value head: one block of rows times one group of heads.
struct AttentionTask {
  const float* q = nullptr;  ///< first query; head h of row r at q + r * q_stride + h * head_dim
  float* out = nullptr;      ///< same shape and stride
  std::int64_t q_stride = 0;
  std::int32_t n_rows = 0;          ///< at most kAttentionRows
  std::int32_t n_heads = 0;         ///< query heads of this group
  std::int32_t first_position = 0;  ///< of row 0; row r sees positions [0, first_position + r]
  std::int64_t head_dim = 0;
  const std::int32_t* pages = nullptr;
  /// K and V of page 0 for this layer and head, and the bytes from one page to the next. K is
  /// [head_dim][64 positions], V is [64 positions][head_dim].
  const std::byte* keys = nullptr;
  const std::byte* values = nullptr;
  std::int64_t page_stride = 0;
  KvType kv_type = KvType::f16;
  float* scratch = nullptr;  ///< AttentionScratch::floats(n_heads), 64-byte aligned
};

inline constexpr int kAttentionRows = 16;

/// How attention divides its scratch: fp32 K and V of one page, and for every row and head the
/// running output with its max and sum.
struct AttentionScratch {
  std::int64_t padded_dim;  ///< head_dim rounded up to whole vectors
  explicit ASSAY_INLINE constexpr AttentionScratch(std::int64_t head_dim)
      : padded_dim((head_dim + 15) / 16 * 16) {}
  ASSAY_INLINE constexpr std::int64_t page_floats() const { return kKvPageTokens * padded_dim; }
  /// Output, then max and sum.
  ASSAY_INLINE constexpr std::int64_t state_floats() const { return padded_dim + 16; }
  ASSAY_INLINE constexpr std::int64_t floats(std::int64_t n_heads) const {
    return 2 * page_floats() + kAttentionRows * n_heads * state_floats() + padded_dim;
  }
};

struct KernelTable {
  const char* isa = "";  ///< of the level; set by the file that holds the kernels

  void (*linear)(const LinearTask& task) = nullptr;
  void (*exact_linear)(const ExactLinearTask& task) = nullptr;
  // Weights repacked for exact_packed (isa/packed_format.h); packed_rows == 0: this level has none.
  int packed_rows = 0;  ///< side by side in a group; a weight's last group is filled up with zeros
  /// Up to packed_rows rows of n elements, from the file's layout to packed_rows times their bytes.
  void (*pack)(TensorType type, const std::byte* rows, std::int64_t row_bytes, int n_rows,
               std::int64_t n, std::byte* out) = nullptr;
  /// task.weights: packed groups; row_begin is the first row of one.
  void (*exact_packed)(const ExactLinearTask& task) = nullptr;
  void (*dequantize_packed)(TensorType type, const std::byte* group, int row, float* out,
                            std::int64_t n) = nullptr;

  /// One row of n activations in blocks, as quant::ActivationLayout(n, block) has it.
  void (*quantize)(const float* x, std::int64_t n, int block, std::byte* row) = nullptr;
  /// out[0..n) of the elements at `bytes`; n is a whole number of blocks.
  void (*dequantize)(TensorType type, const std::byte* bytes, float* out, std::int64_t n) = nullptr;
  void (*rms_norm)(const float* x, const float* gain, float eps, std::int64_t n,
                   float* out) = nullptr;
  void (*swiglu)(const float* gate, const float* up, float* out, std::int64_t n) = nullptr;
  void (*exp)(const float* x, float* out, std::int64_t n) = nullptr;
  void (*add)(const float* x, float* inout, std::int64_t n) = nullptr;
  /// One head [2 * half_dim] in place.
  void (*rotate)(float* head, const float* cos, const float* sin, std::int64_t half_dim,
                 bool interleaved) = nullptr;
  void (*to_half)(const float* x, void* out, std::int64_t n) = nullptr;
  void (*attention)(const AttentionTask& task) = nullptr;
};

}  // namespace assay::host
