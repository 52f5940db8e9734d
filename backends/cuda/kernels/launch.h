// The kernels of this backend as functions of the host: each queues its work on `stream` and
// returns. What they compute, to the bit, is core/numerics and core/quant. Errors are found by the
// caller (cudaGetLastError).
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include "backends/cuda/kernels/planes.h"
#include "core/types.h"

namespace assay::cuda {

// Rows of activations, fp32 [rows][cols] at any multiple of 4 bytes.

void embed(const WeightPlanes& table, const std::int32_t* ids, std::int64_t n, float* out,
           cudaStream_t stream);
void rms_norm(const float* x, const float* gain, float eps, std::int64_t rows, std::int64_t cols,
              float* out, cudaStream_t stream);

struct RopeArgs {
  float* x;  ///< [rows][cols]
  std::int64_t rows;
  std::int64_t cols;
  std::int64_t half_dim;
  const std::int32_t* positions;  ///< [rows]
  const float* cos;               ///< [positions][half_dim]
  const float* sin;
  bool interleaved;
};
void rope(const RopeArgs& args, cudaStream_t stream);
void swiglu(const float* gate, const float* up, std::int64_t n, float* out, cudaStream_t stream);
void add(const float* x, std::int64_t n, float* inout, cudaStream_t stream);
void gather_rows(const float* x, const std::int32_t* rows, std::int64_t n, std::int64_t cols,
                 float* out, cudaStream_t stream);

// Matrices.

/// Rows of activations as quant::ActivationLayout(cols, block) lays them out, at `out`.
void quantize_rows(const float* x, std::int64_t rows, std::int64_t cols, int block,
                   std::uint8_t* out, cudaStream_t stream);

struct LinearArgs {
  WeightPlanes w;
  const float* bias;              ///< [w.rows] or null
  const float* x;                 ///< [m][w.cols]; of float weights
  const std::uint8_t* quantised;  ///< [m] rows of quantize_rows; of quantised weights
  std::int64_t m;
  float* y;  ///< [m][w.rows]
};
/// Float weights: 16 lanes of fma a chunk (numerics/dot.h).
void linear_float(const LinearArgs& args, cudaStream_t stream);
/// Quantised weights: integer dot products (quant/exact_dot.h).
void linear_integer(const LinearArgs& args, cudaStream_t stream);
/// The same on tensor cores, whose tiles have 8 rows of activations.
void linear_mma(const LinearArgs& args, cudaStream_t stream);
inline constexpr std::int64_t kFewestColumnsOfMma = 4;

/// `fast` for permuted BF16 weights: activations rounded to bf16 (round_rows, at args.quantised),
/// products on tensor cores, sums in fp32 whose order depends on K alone: a row's result is the
/// same in any batch.
void linear_bf16(const LinearArgs& args, cudaStream_t stream);
/// Rows of activations in bf16, permuted like the weights; cols is a multiple of 64.
void round_rows(const float* x, std::int64_t rows, std::int64_t cols, std::uint16_t* out,
                cudaStream_t stream);

// Keys and values. A page holds [layer][kv_head][K, V][64 positions][head_dim].

struct KvView {
  std::uint8_t* pages;
  std::int64_t page_bytes;    ///< of all layers
  std::int64_t layer_offset;  ///< of this layer within a page
  std::int32_t n_kv_heads;
  std::int32_t head_dim;
  KvType type;
};

struct KvStoreArgs {
  KvView kv;
  const float* k;  ///< [rows][n_kv_heads * head_dim]
  const float* v;
  std::int64_t rows;
  const std::int32_t* row_pages;  ///< [rows] the page that holds the row's position
  const std::int32_t* positions;  ///< [rows]
};
void kv_store(const KvStoreArgs& args, cudaStream_t stream);

/// Consecutive rows of one sequence that a block attends with together.
struct AttentionTile {
  std::int32_t first_row;
  std::int32_t n_rows;
  std::int32_t first_position;
  std::int32_t first_page;  ///< of the sequence, in the list of pages
};

/// Queries (rows times heads of a group) of one block.
inline constexpr int kTileQueries = 16;
inline constexpr std::int32_t kMaxHeadDim = 256;

struct AttentionArgs {
  KvView kv;
  const AttentionTile* tiles;
  std::int32_t n_tiles;
  const std::int32_t* pages;      ///< of all sequences, one after the other
  const std::int32_t* positions;  ///< [rows]
  std::int32_t rows;
  std::int32_t n_heads;
  std::int32_t max_splits;  ///< of any row
  const float* q;           ///< [rows][n_heads * head_dim]
  float* out;
  float* partial;               ///< scratch of partial_floats
  std::int64_t partial_floats;  ///< at least attention_floats(rows, n_heads, head_dim, 1)
};
/// Floats of scratch for `splits` splits at a time.
constexpr std::int64_t attention_floats(std::int64_t rows, std::int64_t n_heads,
                                        std::int64_t head_dim, std::int64_t splits) {
  return rows * n_heads * (splits * (head_dim + 2) + 2);
}
void attention(const AttentionArgs& args, cudaStream_t stream);

/// Reads `bytes` (a multiple of 16) once, as fast as it goes; `sink` [1] is not written in
/// practice.
void read_flat(const std::uint8_t* data, std::int64_t bytes, int multiprocessors,
               std::uint32_t* sink, cudaStream_t stream);

/// Whether this build's kernels run on the current device; cudaErrorNoKernelImageForDevice if not.
cudaError_t probe_kernels();

}  // namespace assay::cuda
