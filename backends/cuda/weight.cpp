#include "backends/cuda/weight.h"

#include <algorithm>
#include <string>
#include <vector>

#include "backends/cuda/layout.h"
#include "core/quant/dequantize.h"

namespace assay::cuda {
namespace {

/// Of the host at once.
constexpr std::int64_t kSliceBytes = std::int64_t{32} << 20;
/// Behind the last plane: kernels read whole vectors of 16 bytes.
constexpr std::int64_t kSlackBytes = 256;

}  // namespace

CudaWeight::CudaWeight(const WeightView& view, const Stream& stream, MemoryMeter& meter) {
  const std::int64_t row = row_bytes(view.type, view.cols);
  ASSAY_ASSERT(std::ssize(view.bytes) == view.rows * row);
  const PlaneLayout layout = plane_layout(view.type, view.rows, view.cols);
  memory_ = DeviceMemory(layout.bytes + kSlackBytes, view.name, meter);
  planes_ = {.type = view.type, .rows = view.rows, .cols = view.cols, .permuted = layout.permuted};
  const std::span<const BlockField> fields = block_fields(view.type);
  for (std::size_t p = 0; p < fields.size(); ++p) {
    planes_.plane[p] = memory_.data() + layout.offsets[p];
  }
  const std::int64_t step = std::clamp<std::int64_t>(kSliceBytes / row, 1, view.rows);
  const std::int64_t blocks_of_row = row / block_layout(view.type).bytes;
  std::vector<std::byte> slice(
      static_cast<std::size_t>(plane_layout(view.type, step, view.cols).bytes));
  for (std::int64_t first = 0; first < view.rows; first += step) {
    const std::int64_t count = std::min(step, view.rows - first);
    pack_rows(view, first, count, slice);
    const PlaneLayout of_slice = plane_layout(view.type, count, view.cols);
    for (std::size_t p = 0; p < fields.size(); ++p) {
      const std::int64_t bytes_of_row = blocks_of_row * fields[p].bytes;
      check(cudaMemcpyAsync(memory_.data() + layout.offsets[p] + first * bytes_of_row,
                            slice.data() + of_slice.offsets[p],
                            static_cast<std::size_t>(count * bytes_of_row), cudaMemcpyHostToDevice,
                            stream.get()),
            std::string("copying ") + std::string(view.name) + " to the GPU");
    }
    stream.wait();
  }
  if (view.rows != 1 || view.type == TensorType::F32) return;
  std::vector<float> values(static_cast<std::size_t>(view.cols));
  quant::dequantize_row(view.type, view.bytes.data(), values.data(), view.cols);
  vector_ = DeviceMemory(view.cols * std::int64_t{sizeof(float)}, view.name, meter);
  check(cudaMemcpy(vector_.data(), values.data(), values.size() * sizeof(float),
                   cudaMemcpyHostToDevice),
        "copying a vector to the GPU");
}

const float* CudaWeight::vector() const {
  ASSAY_ASSERT(planes_.rows == 1);
  return vector_.data() != nullptr ? vector_.as<const float>()
                                   : reinterpret_cast<const float*>(planes_.plane[0]);
}

std::int64_t device_bytes(TensorType type, std::int64_t rows, std::int64_t cols) {
  return plane_layout(type, rows, cols).bytes;
}

}  // namespace assay::cuda
