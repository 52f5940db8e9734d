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

/// The same for rows of a batch under `fast`.
constexpr std::int64_t batch_scratch_bytes(std::int64_t max_rows, std::int64_t widest) {
  return (std::int64_t{160} << 20) + max_rows * (widest * 4 + (std::int64_t{256} << 10));
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
