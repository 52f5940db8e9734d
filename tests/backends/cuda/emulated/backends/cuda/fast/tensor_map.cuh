// backends/cuda/fast/tensor_map.cuh for the emulator.
#pragma once

#include <cstdint>

namespace assay::cuda::fast {

struct TensorMap {
  const std::uint16_t* data;
  std::int64_t rows;
  std::int64_t cols;
  int box_rows;
};

inline constexpr int kBoxColumns = 64;

inline TensorMap make_tensor_map(const std::uint16_t* data, std::int64_t rows, std::int64_t cols,
                                 int box_rows) {
  return {data, rows, cols, box_rows};
}

}  // namespace assay::cuda::fast
