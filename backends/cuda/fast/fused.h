// The decode engine as the FusedForward of a CUDA device.
#pragma once

#include <memory>

#include "backends/cuda/cuda_device.h"
#include "backends/cuda/runtime.h"
#include "core/fused.h"

namespace assay::cuda::fast {

/// The host's tables of sines and cosines on the device.
struct RopeOnDevice {
  const float* cos = nullptr;
  const float* sin = nullptr;
};

/// Memory it may take, part of the device's plan.
inline constexpr std::int64_t kFusedScratch = std::int64_t{32} << 20;

/// The same for the rows of a batch or a prompt under `fast`: partial results of attention and
/// tables, the vectors of each row, and logits.
constexpr std::int64_t batch_scratch_bytes(const StepSizes& most) {
  constexpr std::int64_t kFixed = std::int64_t{160} << 20;
  constexpr std::int64_t kRoundedUp = 32;
  return kFixed + (most.rows + kRoundedUp) * 16 * (most.input_width + most.heads_width) +
         (most.head_rows + kRoundedUp) * most.vocab * std::int64_t{sizeof(float)};
}

/// Whether the tile kernels (tile_gemm.h) are for this GPU.
inline bool has_tiles(const GpuInfo& gpu) {
  constexpr int kMajor = 9;
  return gpu.major == kMajor;
}

/// Null where the GPU, the model's shape or a weight's type is none that the engine serves.
/// prompt_rows: of a chunk that it is to take under `fast`; 0: libraries do.
std::shared_ptr<FusedForward> make_fused(const FusedParts& parts, const RopeOnDevice& rope,
                                         Numerics numerics, FusedMode mode,
                                         std::int64_t prompt_rows, const GpuInfo& gpu,
                                         const Stream& stream, MemoryMeter& meter);

}  // namespace assay::cuda::fast
