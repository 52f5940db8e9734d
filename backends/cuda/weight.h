// A weight in device memory.
#pragma once

#include "backends/cuda/kernels/planes.h"
#include "backends/cuda/runtime.h"
#include "core/device.h"

namespace assay::cuda {

class CudaWeight final : public DeviceWeight {
 public:
  /// Copies the view's bytes over, in slices; the host's are not needed afterwards.
  CudaWeight(const WeightView& view, const Stream& stream, MemoryMeter& meter);
  std::int64_t rows() const override { return planes_.rows; }
  std::int64_t cols() const override { return planes_.cols; }
  TensorType type() const override { return planes_.type; }
  bool borrows() const override { return false; }

  const WeightPlanes& planes() const { return planes_; }
  /// fp32; of a weight with one row (a gain or bias).
  const float* vector() const;

 private:
  WeightPlanes planes_;
  DeviceMemory memory_;
  DeviceMemory vector_;  ///< of one row that is not F32
};

/// Bytes of a weight on the device.
std::int64_t device_bytes(TensorType type, std::int64_t rows, std::int64_t cols);

}  // namespace assay::cuda
