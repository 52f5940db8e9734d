// backends/cuda/fast/ptx.cuh for the emulator: this folder stands before the repository's root in
// the include path of the tests here.
#pragma once

#include "backends/cuda/fast/tensor_map.cuh"
#include "tests/backends/cuda/emulated/emulator.h"

#define ASSAY_DYNAMIC_SHARED(name) std::uint8_t* name = emulator::block->shared

namespace assay::cuda::fast {

inline constexpr unsigned kMostLoads = 1U << 31;  // blocks share the cores with whatever runs

inline void barrier_init(std::uint64_t* barrier, int arrivals) {
  const auto n = static_cast<std::uint64_t>(arrivals);
  *barrier = emulator::make_barrier(0, n, n, 0);
}
inline void barrier_init_fence() {}
inline void barrier_expect(std::uint64_t* barrier, std::uint32_t bytes) {
  const std::uint64_t high = *barrier & 0xffffffff00000000ULL;
  *barrier = high | (static_cast<std::uint32_t>(*barrier) + bytes);
  emulator::update_barrier(barrier, 1, 0);
}
inline void barrier_arrive(std::uint64_t* barrier) {
  emulator::update_barrier(barrier, 1, 0);
}
inline std::uint32_t shared_address(const void* pointer) {
  return static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(pointer));
}
inline void barrier_wait(std::uint64_t* barrier, std::uint32_t parity) {
  while (*barrier >> 63 == (parity & 1)) emulator::yield();
}

inline bool is_aligned(const void* at) {
  return reinterpret_cast<std::uintptr_t>(at) % 16 == 0;
}
inline void bulk_copy(void* to, const void* from, std::uint32_t bytes, std::uint64_t* barrier) {
  if (bytes % 16 != 0 || !is_aligned(to) || !is_aligned(from)) emulator::fail("misaligned copy");
  emulator::Block& b = *emulator::block;
  b.random = b.random * 1664525U + 1013904223U;
  b.copies.push_back({to, from, bytes, barrier, 1 + static_cast<int>(b.random >> 24) % 7});
}
/// At once: rows of 128 bytes whose pieces are exchanged, zeros beyond the matrix.
inline void tensor_copy(void* to, const TensorMap* map, int column, int row,
                        std::uint64_t* barrier) {
  for (int r = 0; r < map->box_rows; ++r) {
    for (int piece = 0; piece < 8; ++piece) {
      const auto at =
          reinterpret_cast<std::uintptr_t>(to) + static_cast<unsigned>(r * 128 + piece * 16);
      auto* place = reinterpret_cast<void*>(at ^ (at >> 3 & 0x70));
      const std::uint16_t* from = map->data + (row + r) * map->cols + column + piece * 8;
      row + r < map->rows ? std::memcpy(place, from, 16) : std::memset(place, 0, 16);
    }
  }
  emulator::update_barrier(barrier, 0, -map->box_rows * 128);
}
inline void copy16(void* to, const void* from) {
  if (!is_aligned(to) || !is_aligned(from)) emulator::fail("misaligned copy");
  std::memcpy(to, from, 16);
}
inline void copy16_or_zero(void* to, const void* from, bool present) {
  present ? copy16(to, from) : static_cast<void>(std::memset(to, 0, 16));
}
inline void copy4(void* to, const void* from) {
  std::memcpy(to, from, 4);
}
inline void copy_commit() {}
template <int kLeft>
void copy_wait() {}

inline float load_one_shared_by_all(const float* at) {
  return __uint_as_float(
      __atomic_load_n(reinterpret_cast<const std::uint32_t*>(at), __ATOMIC_RELAXED));
}
inline float4 load_shared_by_all(const float* at) {
  if (!is_aligned(at)) emulator::fail("misaligned load");
  const float4 v{load_one_shared_by_all(at), load_one_shared_by_all(at + 1),
                 load_one_shared_by_all(at + 2), load_one_shared_by_all(at + 3)};
  std::this_thread::yield();
  emulator::yield();
  return v;
}
inline void store_for_all(float* at, float value) {
  __atomic_store_n(reinterpret_cast<std::uint32_t*>(at), __float_as_uint(value), __ATOMIC_RELAXED);
}
inline void store_two_for_all(float* at, float first, float second) {
  store_for_all(at, first);
  store_for_all(at + 1, second);
}
inline float4 load_constant_now(const float* at) {
  if (!is_aligned(at)) emulator::fail("misaligned load");
  return *reinterpret_cast<const float4*>(at);
}
inline std::uint32_t sum_of_warp(std::uint32_t value) {
  std::uint64_t sum = 0;
  const std::uint64_t* values = emulator::exchange(value);
  for (int i = 0; i < 32; ++i) sum += values[i];
  return static_cast<std::uint32_t>(sum);
}
inline void fence_before_bulk_copy() {}

inline int dot_unsigned(std::uint32_t a, std::uint32_t b, int sum) {
  for (int i = 0; i < 4; ++i) {
    sum += static_cast<std::uint8_t>(a >> 8 * i) * static_cast<std::int8_t>(b >> 8 * i);
  }
  return sum;
}

inline void let_next_kernel_start() {}
inline void wait_for_previous_kernel() {}

inline int cluster_rank() {
  return static_cast<int>(blockIdx.x) % emulator::block->cluster->size;
}
inline void cluster_sync() {
  emulator::Block& b = *emulator::block;
  __syncthreads();
  if (threadIdx.x == 0) {
    b.cluster_target += static_cast<unsigned>(b.cluster->size);
    ++b.cluster->arrived;
    while (b.cluster->arrived < b.cluster_target) {
      std::this_thread::yield();
      emulator::yield();
    }
  }
  __syncthreads();
}
inline float load_of_peer(const float* own, int rank) {
  const emulator::Block& b = *emulator::block;
  const auto offset = reinterpret_cast<const std::uint8_t*>(own) - b.shared;
  return *reinterpret_cast<const float*>(b.cluster->shared[static_cast<std::size_t>(rank)] +
                                         offset);
}

inline float4 load4_of_peer(const float* own, int rank) {
  return {load_of_peer(own, rank), load_of_peer(own + 1, rank), load_of_peer(own + 2, rank),
          load_of_peer(own + 3, rank)};
}
inline float power_of_two(float x) {
  return std::exp2(x);
}

/// Row r of matrix m is where lane 8 m + r points.
inline std::uint16_t matrix_element(const std::uint64_t* rows, int matrix, int row, int column) {
  return reinterpret_cast<const std::uint16_t*>(rows[matrix * 8 + row])[column];
}
inline void load_matrices(std::uint32_t* out, const void* row, bool transposed = false) {
  if (!is_aligned(row)) emulator::fail("misaligned matrix");
  std::uint64_t rows[32];
  std::memcpy(rows, emulator::exchange(reinterpret_cast<std::uint64_t>(row)), sizeof(rows));
  const int g = emulator::lane() / 4;
  const int t = emulator::lane() % 4 * 2;
  for (int m = 0; m < 4; ++m) {
    const std::uint32_t low =
        transposed ? matrix_element(rows, m, t, g) : matrix_element(rows, m, g, t);
    const std::uint32_t high =
        transposed ? matrix_element(rows, m, t + 1, g) : matrix_element(rows, m, g, t + 1);
    out[m] = low | high << 16;
  }
  emulator::exchange(0);  // all have read before any goes on to write
}
inline void load_matrices_transposed(std::uint32_t* out, const void* row) {
  load_matrices(out, row, true);
}

template <class Element>
void emulate_mma(float* d, const std::uint32_t* a, std::uint32_t b0, std::uint32_t b1,
                 const Element& element) {
  const auto gather = [](std::uint64_t low, std::uint64_t high, std::uint64_t* out) {
    std::memcpy(out, emulator::exchange(high << 32 | low), 32 * sizeof(std::uint64_t));
  };
  std::uint64_t a_low[32];
  std::uint64_t a_high[32];
  std::uint64_t b[32];
  gather(a[0], a[1], a_low);
  gather(a[2], a[3], a_high);
  gather(b0, b1, b);
  for (int r = 0; r < 4; ++r) {
    const int row = emulator::lane() / 4 * 4;  // of lanes that hold it
    const int column = (emulator::lane() % 4 * 2 + (r & 1)) * 4;
    float sum = 0;
    for (int k = 0; k < 16; ++k) {
      const std::uint64_t of_a = (k < 8 ? a_low : a_high)[row + k % 8 / 2] >> (r >> 1) * 32;
      const std::uint64_t of_b = b[column + k % 8 / 2] >> (k < 8 ? 0 : 32);
      sum += element(of_a >> 16 * (k & 1) & 0xffff) * element(of_b >> 16 * (k & 1) & 0xffff);
    }
    d[r] += sum;
  }
}
inline void mma_fp16(float* d, const std::uint32_t* a, std::uint32_t b0, std::uint32_t b1) {
  emulate_mma(d, a, b0, b1, [](std::uint64_t bits) {
    return __half2float(__ushort_as_half(static_cast<std::uint16_t>(bits)));
  });
}
inline void mma_bf16(float* d, const std::uint32_t* a, std::uint32_t b0, std::uint32_t b1) {
  emulate_mma(d, a, b0, b1, [](std::uint64_t bits) {
    return __uint_as_float(static_cast<std::uint32_t>(bits) << 16);
  });
}

}  // namespace assay::cuda::fast
