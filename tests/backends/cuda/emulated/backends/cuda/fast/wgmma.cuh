// backends/cuda/fast/wgmma.cuh for the emulator: every thread computes its own elements.
#pragma once

#include "backends/cuda/fast/ptx.cuh"

namespace assay::cuda::fast {

inline void products_fence() {}
inline void products_commit() {}
template <int kLeft>
void products_wait() {}

/// The element of a tile whose row 0 begins at `tile`, a place in its first eight rows.
inline float tile_element(const std::uint8_t* tile, int row, int k) {
  const auto at = reinterpret_cast<std::uintptr_t>(tile) + static_cast<unsigned>(row * 128 + k * 2);
  std::uint16_t bits;
  std::memcpy(&bits, reinterpret_cast<const void*>(at ^ (at >> 3 & 0x70)), 2);
  return __uint_as_float(static_cast<std::uint32_t>(bits) << 16);
}

template <int kColumns>
void multiply_64(float (&d)[kColumns / 2], const std::uint8_t* a, const std::uint8_t* b) {
  const int warp = static_cast<int>(threadIdx.x) / 32 % 4;
  const int lane = emulator::lane();
  for (int i = 0; i < kColumns / 2; ++i) {
    const int row = warp * 16 + lane / 4 + (i >> 1 & 1) * 8;
    const int column = i / 4 * 8 + lane % 4 * 2 + (i & 1);
    float sum = 0;
    for (int k = 0; k < 16; ++k) sum += tile_element(a, row, k) * tile_element(b, column, k);
    d[i] += sum;
  }
}

}  // namespace assay::cuda::fast
