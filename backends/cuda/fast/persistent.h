// One step of decode for one sequence in one kernel, in exact/1.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include "backends/cuda/fast/attention.h"
#include "backends/cuda/fast/gemv.h"

namespace assay::cuda::fast {

inline constexpr int kMaxLayers = 64;

struct MatrixAt {
  const std::uint8_t* plane[kMaxPlanes] = {};
  std::int32_t type = 0;  ///< 0 or 1: which of the kernel's two types
};

struct LayerAt {
  MatrixAt qkv[3], out, gate, up, down;
  const float* bias[3] = {};
  const float* attn_norm = nullptr;
  const float* ffn_norm = nullptr;
  const float* q_norm = nullptr;
  const float* k_norm = nullptr;
};

/// What the work of a layer is cut into, and the head behind the last one.
enum Part : std::int32_t { kQkv, kOut, kGateUp, kDown, kHead, kParts };

struct StepParams {
  LayerAt layer[kMaxLayers];
  MatrixAt head;
  const float* final_norm = nullptr;
  std::int32_t n_layers = 0;
  std::int32_t qkv_rows[3] = {};
  std::int32_t k[kParts] = {};
  std::int32_t groups[kParts] = {};    ///< of rows, in the whole matrix
  std::int32_t input_at[kParts] = {};  ///< bytes behind the ring
  std::int32_t norm_at[kParts] = {};
  std::int32_t ring_bytes = 0;
  float eps = 0;
  std::int32_t n_splits = 0;
  AttentionArgs attention;  ///< layer and norms are the kernel's
  float* residual = nullptr;
  float* qkv = nullptr;
  float* ffn = nullptr;
  float* logits = nullptr;
  HeadResult* result = nullptr;  ///< zeroed before
  unsigned* barrier = nullptr;   ///< zeroed before
};

/// A pair of types that one kernel serves.
enum class StepTypes { bf16, q8_0, q4_k_q6_k };

/// Queues the step. params.k, groups' rows and pointers are set; the rest is filled in here.
/// Nothing but this kernel may run on the device meanwhile: its blocks wait for one another.
void queue_step(StepTypes types, StepParams params, int blocks, cudaStream_t stream);

/// Whether the shared memory suffices.
bool step_fits(StepTypes types, const StepParams& params, int blocks);

}  // namespace assay::cuda::fast
