// The forward pass of decode in few kernels: five a layer, captured in a CUDA graph.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "backends/cuda/fast/attention.h"
#include "backends/cuda/fast/gemv.h"
#include "backends/cuda/fast/persistent.h"
#include "backends/cuda/kernels/planes.h"
#include "backends/cuda/runtime.h"
#include "core/model_config.h"

namespace assay::cuda::fast {

/// One layer's weights in device memory; borrowed. Norms and biases are fp32.
struct EngineLayer {
  const float* attn_norm = nullptr;
  WeightPlanes q, k, v;
  const float* q_bias = nullptr;
  const float* k_bias = nullptr;
  const float* v_bias = nullptr;
  const float* q_norm = nullptr;
  const float* k_norm = nullptr;
  WeightPlanes attn_out;
  const float* ffn_norm = nullptr;
  WeightPlanes gate, up, down;
};

struct EngineModel {
  ModelConfig config;
  WeightPlanes embedding;
  std::vector<EngineLayer> layers;
  const float* final_norm = nullptr;
  WeightPlanes head;  ///< the embedding where tied
  const float* rope_cos = nullptr;
  const float* rope_sin = nullptr;
  KvPages kv;
};

/// What a step reads, in device memory at addresses that never change.
struct StepInputs {
  std::int32_t* ids = nullptr;        ///< [1]
  std::int32_t* positions = nullptr;  ///< [1], behind ids: one copy brings both
  std::int32_t* pages = nullptr;      ///< [max_pages]
};

/// Decode of one sequence under exact/1. One thread at a time; throws Error{environment}.
class DecodeEngine {
 public:
  /// Whether every weight has a type and shape that the kernels serve.
  static bool serves(const EngineModel& model, int multiprocessors);
  /// Bytes it takes.
  static std::int64_t bytes(const ModelConfig& config, std::int32_t max_pages);

  /// one_kernel: a step is one kernel where the model's types allow it, else five a layer.
  DecodeEngine(EngineModel model, std::int32_t max_pages, cudaStream_t stream, MemoryMeter& meter,
               bool one_kernel = true);
  ~DecodeEngine();
  DecodeEngine(const DecodeEngine&) = delete;
  DecodeEngine& operator=(const DecodeEngine&) = delete;

  const StepInputs& inputs() const { return inputs_; }
  float* logits() const { return logits_; }
  HeadResult* result() const { return result_; }

  /// Queues one step for a row at `position`, which the inputs say too. advance: the token chosen
  /// greedily becomes the next step's input.
  void step(std::int32_t position, bool advance);

 private:
  DecodeEngine(const ModelConfig& config, std::int32_t max_pages) : max_pages_(max_pages) {
    model_.config = config;
  }
  std::int64_t carve(std::uint8_t* base);
  void queue(std::int32_t n_splits, bool advance);
  void queue_layer(const EngineLayer& layer, std::int32_t index, std::int32_t n_splits);
  void queue_qkv(const EngineLayer& layer);
  AttentionArgs attention_args(const EngineLayer& layer, std::int32_t index) const;
  void plan_one_kernel();
  void queue_advance();

  EngineModel model_;
  std::int32_t max_pages_;
  cudaStream_t stream_ = nullptr;
  int blocks_ = 0;
  DeviceMemory memory_;
  StepInputs inputs_;
  float* residual_ = nullptr;
  float* qkv_ = nullptr;
  float* exchange_ = nullptr;
  std::int64_t exchange_floats_ = 0;
  LayerAt* layers_ = nullptr;
  float* attended_ = nullptr;
  float* ffn_ = nullptr;
  float* parts_ = nullptr;
  float* logits_ = nullptr;
  std::int32_t* arrivals_ = nullptr;
  HeadResult* result_ = nullptr;
  std::optional<StepTypes> one_kernel_;
  std::unique_ptr<StepParams> params_;
  std::map<std::pair<std::int32_t, bool>, cudaGraphExec_t> graphs_;
};

}  // namespace assay::cuda::fast
