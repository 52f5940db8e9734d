// What the copy engine needs to know of a matrix that it takes rectangles of.
#pragma once

#include <cuda.h>
#include <cuda_runtime_api.h>

#include <cstdint>

#include "backends/cuda/runtime.h"

namespace assay::cuda::fast {

using TensorMap = CUtensorMap;

inline constexpr int kBoxColumns = 64;  ///< 128 bytes: what one swizzle covers

/// Rows [rows, cols] of 16 bits; a copy takes box_rows rows of 64 columns, 16-byte pieces exchanged
/// by row modulo 8 (128-byte swizzle), zeros beyond the last row. The driver's function is asked
/// for by name: nothing links the driver.
inline TensorMap make_tensor_map(const std::uint16_t* data, std::int64_t rows, std::int64_t cols,
                                 int box_rows) {
  using Encode = decltype(&cuTensorMapEncodeTiled);
  static const Encode encode = [] {
    void* function = nullptr;
    cudaDriverEntryPointQueryResult found{};
    check(cudaGetDriverEntryPointByVersion("cuTensorMapEncodeTiled", &function, 12000,
                                           cudaEnableDefault, &found),
          "asking the driver for tensor maps");
    return reinterpret_cast<Encode>(function);
  }();
  TensorMap map{};
  const cuuint64_t sizes[2] = {static_cast<cuuint64_t>(cols), static_cast<cuuint64_t>(rows)};
  const cuuint64_t strides[1] = {static_cast<cuuint64_t>(cols) * 2};
  const cuuint32_t box[2] = {kBoxColumns, static_cast<cuuint32_t>(box_rows)};
  const cuuint32_t steps[2] = {1, 1};
  const CUresult status =
      encode == nullptr
          ? CUDA_ERROR_NOT_FOUND
          : encode(&map, CU_TENSOR_MAP_DATA_TYPE_BFLOAT16, 2, const_cast<std::uint16_t*>(data),
                   sizes, strides, box, steps, CU_TENSOR_MAP_INTERLEAVE_NONE,
                   CU_TENSOR_MAP_SWIZZLE_128B, CU_TENSOR_MAP_L2_PROMOTION_L2_256B,
                   CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE);
  check(status == CUDA_SUCCESS ? cudaSuccess : cudaErrorNotSupported, "describing a matrix");
  return map;
}

}  // namespace assay::cuda::fast
