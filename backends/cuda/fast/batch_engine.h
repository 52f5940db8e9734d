// Decode of any number of sequences under `fast`, for bf16 weights: tensor cores, eight kernels a
// layer. A row's result does not depend on the others.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include "backends/cuda/fast/batch_gemm.h"
#include "backends/cuda/fast/engine.h"

namespace assay::cuda::fast {

/// A step's inputs in device memory.
struct BatchInputs {
  std::int32_t* ids = nullptr;        ///< [max_rows]
  std::int32_t* positions = nullptr;  ///< [max_rows]
  std::int32_t* pages = nullptr;      ///< [rows][n_splits], at most [max_rows][max_pages]
};

class BatchEngine {
 public:
  static bool serves(const EngineModel& model);
  static std::int64_t bytes(const ModelConfig& config, std::int32_t max_rows,
                            std::int32_t max_pages);

  BatchEngine(EngineModel model, std::int32_t max_rows, std::int32_t max_pages, int multiprocessors,
              cudaStream_t stream, MemoryMeter& meter);

  const BatchInputs& inputs() const { return inputs_; }
  /// [rows][vocab] of the last step.
  float* logits() const { return logits_; }
  /// Queues a step; n_splits: pages of the longest row.
  void step(std::int32_t rows, std::int32_t n_splits);

 private:
  BatchEngine(const ModelConfig& config, std::int32_t max_rows, std::int32_t max_pages);
  std::int64_t carve(std::uint8_t* base);
  void attend(const EngineLayer& layer, std::int32_t index, std::int32_t rows,
              std::int32_t n_splits);
  void gemm(GemmKind kind, GemmArgs args, std::int32_t rows, const std::uint16_t* x);
  void normalise(const float* gain, std::int32_t rows);

  EngineModel model_;
  std::int32_t max_rows_;
  std::int32_t max_pages_;
  int multiprocessors_ = 0;
  cudaStream_t stream_ = nullptr;
  DeviceMemory memory_;
  BatchInputs inputs_;
  float* residual_ = nullptr;
  std::uint16_t* normed_ = nullptr;
  float* qkv_ = nullptr;
  float* attended_ = nullptr;
  std::uint16_t* attended_bf16_ = nullptr;
  std::uint16_t* ffn_ = nullptr;
  float* logits_ = nullptr;
  float* parts_ = nullptr;
  std::int64_t parts_floats_ = 0;
  std::int32_t* arrivals_ = nullptr;
};

}  // namespace assay::cuda::fast
