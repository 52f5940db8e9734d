// Many rows under `fast`, for bf16 weights: decode of any number of sequences, and chunks of
// prompts. Tensor cores, seven or eight kernels a layer. A row's result does not depend on the
// others.
#pragma once

#include <cuda_runtime_api.h>

#include <compare>
#include <cstdint>
#include <map>

#include "backends/cuda/fast/batch_gemm.h"
#include "backends/cuda/fast/engine.h"
#include "backends/cuda/fast/flash.h"
#include "core/device.h"

namespace assay::cuda::fast {

/// Inputs in device memory.
struct BatchInputs {
  std::int32_t* ids = nullptr;        ///< [rows]
  std::int32_t* positions = nullptr;  ///< [rows]; below 0: a row that is none
  std::int32_t* pages = nullptr;      ///< decode: [rows][pages of StepShape]; else of the prompt
  AttentionTile* tiles = nullptr;     ///< of a prompt's rows (flash_rows_of_tile)
};

/// What a decode step is rounded up to, so that few graphs serve all.
struct StepShape {
  std::int32_t rows = 0;
  std::int32_t pages = 0;
  auto operator<=>(const StepShape&) const = default;
};

/// What an engine is made for.
struct BatchLimits {
  std::int32_t rows = 0;         ///< of a decode step; 0: prompts alone
  std::int32_t prompt_rows = 0;  ///< of a prompt's chunk; 0: decode alone
  std::int32_t pages = 0;        ///< of a sequence
};

class BatchEngine {
 public:
  static bool serves(const EngineModel& model);
  static std::int64_t bytes(const ModelConfig& config, const BatchLimits& limits);

  /// tiles: on sm_90, where products come tile by tile (tile_gemm.h).
  BatchEngine(EngineModel model, const BatchLimits& limits, int multiprocessors, bool tiles,
              cudaStream_t stream, MemoryMeter& meter);
  ~BatchEngine();
  BatchEngine(const BatchEngine&) = delete;
  BatchEngine& operator=(const BatchEngine&) = delete;

  const BatchLimits& limits() const { return limits_; }
  const BatchInputs& inputs() const { return inputs_; }
  /// [rows][vocab] of the last step.
  float* logits() const { return logits_; }
  StepShape shape_for(std::int32_t rows, std::int32_t pages) const;
  /// Queues a decode step.
  void step(const StepShape& shape);
  /// Queues a chunk of a prompt: residual [rows][hidden] behind the last layer.
  void prefill(std::int32_t rows, std::int32_t n_tiles, float* residual);

 private:
  BatchEngine(const ModelConfig& config, const BatchLimits& limits);
  /// A pass over the layers.
  struct Pass {
    Phase phase = Phase::decode;
    std::int32_t rows = 0;
    std::int32_t pages_stride = 0;  ///< of decode
    std::int32_t n_tiles = 0;       ///< of a prompt
    float* residual = nullptr;
  };
  std::int64_t carve(std::uint8_t* base);
  void queue_layers(const Pass& pass);
  void attend(const Pass& pass, const EngineLayer& layer, std::int32_t index);
  void attend_decode(const Pass& pass, const HeadsArgs& heads);
  void gemm(const Pass& pass, GemmKind kind, GemmArgs args, const std::uint16_t* x);
  void normalise(const Pass& pass, const float* gain);
  void queue_step(const StepShape& shape);

  EngineModel model_;
  BatchLimits limits_;
  int multiprocessors_ = 0;
  bool tiles_ = false;
  cudaStream_t stream_ = nullptr;
  DeviceMemory memory_;
  BatchInputs inputs_;
  float* residual_ = nullptr;
  std::uint16_t* normed_ = nullptr;
  float* qkv_ = nullptr;
  std::uint16_t* queries_ = nullptr;
  std::uint16_t* attended_ = nullptr;
  std::uint16_t* ffn_ = nullptr;
  float* logits_ = nullptr;
  float* parts_ = nullptr;
  std::int64_t parts_floats_ = 0;
  std::int32_t* arrivals_ = nullptr;
  std::map<StepShape, cudaGraphExec_t> graphs_;
};

}  // namespace assay::cuda::fast
