// One kernel of the cpu backend as a short benchmark: what `assay gate --self-test` measures a
// host's noise with.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/device.h"
#include "core/error.h"

namespace assay {

class KernelProbe {
 public:
  /// A matrix of 576 x 1536 in Q8_0 (a layer of SmolLM2-135M; it fits in a cache) times a vector,
  /// on one thread. Calibrates how many calls take `seconds`; Error{environment} without the
  /// backend.
  static Result<KernelProbe> create(double seconds);

  /// Seconds that the benchmark's calls take; `slowdown` (0.05) adds as many calls in proportion.
  double run(double slowdown);

  std::int64_t calls() const { return calls_; }
  const std::string& isa() const { return isa_; }

 private:
  double timed(std::int64_t calls);

  std::shared_ptr<std::vector<std::byte>> bytes_;  // the weight borrows them
  std::unique_ptr<Device> device_;
  std::unique_ptr<DeviceWeight> weight_;
  std::unique_ptr<DeviceBuffer> x_;
  std::unique_ptr<DeviceBuffer> y_;
  std::string isa_;
  std::int64_t calls_ = 0;
};

}  // namespace assay
