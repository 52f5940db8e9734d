// One step of decode for one sequence in one kernel, in exact/1.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include "backends/cuda/fast/attention.h"
#include "backends/cuda/fast/gemv.h"
#include "core/model_config.h"

namespace assay::cuda::fast {

inline constexpr int kMaxLayers = 64;

struct MatrixAt {
  const std::uint8_t* plane[kMaxPlanes] = {};
  std::int32_t type = 0;  ///< 0 or 1: which of the kernel's two types
};

/// Of a layer; the rows of gate and up that belong together are taken together.
enum MatrixOfLayer : std::uint16_t { kQ, kK, kV, kAttnOut, kGate, kUp, kFfnDown, kMatrices };

struct alignas(16) LayerAt {
  MatrixAt matrix[kMatrices];
  const float* bias[3] = {};
  const float* attn_norm = nullptr;
  const float* ffn_norm = nullptr;
  const float* q_norm = nullptr;
  const float* k_norm = nullptr;
};

/// What the work of a layer is cut into, and the head behind the last one.
enum Part : std::int32_t { kQkv, kOut, kGateUp, kDown, kHead, kParts };

/// Up to so many splits of attention are merged by each block when it takes the outputs as its
/// input; beyond, by the block that comes last.
inline constexpr int kMergedByAll = 16;

/// Where the vectors of a layer lie in the memory that blocks exchange them by (exchange.cuh), in
/// floats, each at a multiple of four.
struct ExchangeLayout {
  std::int32_t qkv = 0;
  std::int32_t parts = 0;     ///< [n_heads][kMergedByAll][part_floats]: max, sum, 2 unused, outputs
  std::int32_t attended = 0;  ///< where the parts are not merged by all
  std::int32_t middle = 0;    ///< the residual behind attention
  std::int32_t ffn = 0;
  std::int32_t residual = 0;  ///< behind the layer
  std::int32_t floats = 0;    ///< of a layer

  static constexpr std::int32_t part_floats(std::int32_t head_dim) { return head_dim + 4; }
};
inline ExchangeLayout exchange_layout(const ModelConfig& c) {
  ExchangeLayout out;
  const auto take = [&](std::int64_t floats) {
    const std::int32_t at = out.floats;
    out.floats += static_cast<std::int32_t>((floats + 3) / 4 * 4);
    return at;
  };
  const auto head_dim = static_cast<std::int32_t>(c.head_dim);
  out.qkv = take((c.n_heads + 2 * c.n_kv_heads) * c.head_dim);
  out.parts = take(c.n_heads * kMergedByAll * ExchangeLayout::part_floats(head_dim));
  out.attended = take(c.n_heads * c.head_dim);
  out.middle = take(c.hidden);
  out.ffn = take(c.ffn);
  out.residual = take(c.hidden);
  return out;
}

/// Chunks of an item: all of a row that has no more than this, else kChunksOfPart.
inline constexpr std::int32_t kChunksOfWhole = 4;
inline constexpr std::int32_t kChunksOfPart = 3;
inline constexpr std::int32_t kMaxSlots = 32;

struct StepParams {
  const LayerAt* layers = nullptr;  ///< in device memory; behind the last: the head as matrix 0
  bool has_second = false;          ///< whether a matrix has the kernel's second type
  const float* final_norm = nullptr;
  std::int32_t n_layers = 0;
  std::int32_t qkv_rows[3] = {};
  std::int32_t k[kParts] = {};
  std::int32_t groups[kParts] = {};    ///< of rows, in the whole matrix
  std::int32_t input_at[kParts] = {};  ///< bytes behind the ring
  std::int32_t norm_at[kParts] = {};
  std::int32_t slot_bytes = 0;
  std::int32_t n_slots = 0;
  std::int32_t split_at = 0;  ///< bytes behind the ring: a split of attention
  std::int32_t layers_at = 0;
  std::int32_t items_at = 0;
  float eps = 0;
  std::int32_t n_splits = 0;
  AttentionArgs attention;          ///< layer, norms, qkv and out are the kernel's
  const float* residual = nullptr;  ///< the token's embedding
  float* exchange = nullptr;        ///< [n_layers][at.floats], every bit set before the step
  ExchangeLayout at;
  float* logits = nullptr;
  HeadResult* result = nullptr;  ///< zeroed before
};

/// A pair of types that one kernel serves.
enum class StepTypes { bf16, q8_0, q4_k_q6_k };

/// Queues the step. params.k, groups' rows and pointers are set; the rest is filled in here.
/// Nothing but this kernel may run on the device meanwhile: its blocks wait for one another.
void queue_step(StepTypes types, StepParams params, int blocks, cudaStream_t stream);

/// Whether the shared memory suffices.
bool step_fits(StepTypes types, const StepParams& params, int blocks);

}  // namespace assay::cuda::fast
