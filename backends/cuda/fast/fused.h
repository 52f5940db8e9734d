// The decode engine as the FusedForward of a CUDA device.
#pragma once

#include <memory>

#include "backends/cuda/runtime.h"
#include "core/fused.h"

namespace assay::cuda::fast {

/// The host's tables of sines and cosines on the device.
struct RopeOnDevice {
  const float* cos = nullptr;
  const float* sin = nullptr;
};

/// Memory it may take, part of the device's plan.
inline constexpr std::int64_t kFusedScratch = std::int64_t{16} << 20;

/// Null where the GPU, the model's shape or a weight's type is none that the engine serves.
std::shared_ptr<FusedForward> make_fused(const FusedParts& parts, const RopeOnDevice& rope,
                                         const GpuInfo& gpu, const Stream& stream,
                                         MemoryMeter& meter);

}  // namespace assay::cuda::fast
