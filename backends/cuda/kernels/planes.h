// How a weight lies in device memory: the fields of its file's blocks, each in a plane of its own
// [row][block][bytes of the field], so that a warp's loads are aligned and contiguous. The bytes
// are the file's, only moved (backends/cuda/layout.h moves them).
#pragma once

#include <cstdint>

#include "core/types.h"

namespace assay::cuda {

inline constexpr int kMaxPlanes = 4;
/// Elements within which a row of 16-bit floats is permuted, when its length is a multiple: vector
/// j (0..7) of 16 bytes holds k = 16 s + 2 j + e, s 0..3, e 0..1. So the thread that owns lanes 2j
/// and 2j + 1 of exact/1's sixteen finds their elements side by side.
inline constexpr int kPermutedElements = 64;

struct WeightPlanes {
  TensorType type = TensorType::F32;
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  const std::uint8_t* plane[kMaxPlanes] = {};
  bool permuted = false;  ///< 16-bit floats
};

/// Where element k of a row lies after the permutation.
constexpr std::int64_t permuted_index(std::int64_t k) {
  const std::int64_t within = k % kPermutedElements;
  return k - within + within % 16 / 2 * 8 + within / 16 * 2 + within % 2;
}

}  // namespace assay::cuda
