// What CudaDevice hands out or keeps.
#pragma once

#include <cstdint>
#include <vector>

#include "backends/cuda/kernels/draw.h"
#include "backends/cuda/runtime.h"
#include "core/device.h"
#include "core/numerics/sampler.h"

namespace assay::cuda {

class CudaBuffer final : public DeviceBuffer {
 public:
  CudaBuffer(std::int64_t floats, MemoryMeter& meter)
      : floats_(floats), memory_(floats * std::int64_t{sizeof(float)}, "activations", meter) {}
  float* data() override { return memory_.as<float>(); }
  std::int64_t floats() const override { return floats_; }

 private:
  std::int64_t floats_;
  DeviceMemory memory_;
};

/// The host's table of sines and cosines, copied once.
struct DeviceRope {
  std::vector<double> inv_freq;
  std::int64_t positions = 0;
  DeviceMemory cos;
  DeviceMemory sin;
};

inline DrawParameters parameters_of(const numerics::DrawRequest& request) {
  const Sampling& s = request.sampling;
  ASSAY_ASSERT(s.greedy() || (s.temperature >= numerics::kMinTemperature && s.top_p > 0 &&
                              s.min_p >= 0 && s.min_p <= 1 && s.top_k >= 0));
  return {.temperature = s.temperature,
          .top_p = s.top_p < 1 ? numerics::probability_units(s.top_p) : 0,
          .min_p = numerics::probability_units(s.min_p),
          .seed = request.seed,
          .top_k = s.top_k,
          .index = static_cast<std::uint32_t>(request.index),
          .all_of_p = s.top_p >= 1};
}

}  // namespace assay::cuda
