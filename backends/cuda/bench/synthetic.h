// Random weights in device memory, for measuring and checking kernels without a model file.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "backends/cuda/fast/engine.h"
#include "backends/cuda/kernels/planes.h"
#include "core/model_config.h"

namespace assay::cuda::bench {

/// Ends the program with a line if a call failed.
void check(cudaError_t status, const char* what);

/// Elements of a block and bytes of each of its planes.
struct PlaneSizes {
  int elements = 1;
  std::vector<int> bytes;
};
PlaneSizes plane_sizes(TensorType type);

/// Owns what it made.
class Synthetic {
 public:
  Synthetic() = default;
  ~Synthetic();
  Synthetic(const Synthetic&) = delete;
  Synthetic& operator=(const Synthetic&) = delete;

  WeightPlanes matrix(TensorType type, std::int64_t rows, std::int64_t cols);
  float* vector(std::int64_t n, float low, float high);
  void* bytes(std::int64_t n);
  std::int64_t weight_bytes() const { return weight_bytes_; }

 private:
  std::vector<void*> allocations_;
  std::int64_t weight_bytes_ = 0;
  std::uint64_t seed_ = 1;
};

/// Qwen2.5-1.5B's shape.
ModelConfig qwen2_1_5b();
/// `ffn_down` and the head may have a type of their own, as in Q4_K_M.
struct ModelTypes {
  TensorType most = TensorType::BF16;
  TensorType down = TensorType::BF16;
  TensorType head = TensorType::BF16;
};
/// With KV pages of random keys and values for `rows` sequences of `max_pages` pages each.
fast::EngineModel synthetic_model(const ModelConfig& config, const ModelTypes& types, int rows,
                                  int max_pages, Synthetic& memory);

/// Seconds to read as many bytes once: the bandwidth beside which others are measured.
double flat_read_seconds(const Synthetic& memory, cudaStream_t stream);

}  // namespace assay::cuda::bench
