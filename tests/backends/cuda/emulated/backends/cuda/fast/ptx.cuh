// backends/cuda/fast/ptx.cuh for the emulator: this folder stands before the repository's root in
// the include path of the tests here.
#pragma once

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
inline void copy16(void* to, const void* from) {
  if (!is_aligned(to) || !is_aligned(from)) emulator::fail("misaligned copy");
  std::memcpy(to, from, 16);
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

inline void mma_bf16(float* d, const std::uint32_t* a, std::uint32_t b0, std::uint32_t b1) {
  const auto gather = [](std::uint64_t low, std::uint64_t high, std::uint64_t* out) {
    std::memcpy(out, emulator::exchange(high << 32 | low), 32 * sizeof(std::uint64_t));
  };
  std::uint64_t a_low[32];
  std::uint64_t a_high[32];
  std::uint64_t b[32];
  gather(a[0], a[1], a_low);
  gather(a[2], a[3], a_high);
  gather(b0, b1, b);
  const auto element = [](std::uint64_t pair, int odd) {
    return __uint_as_float(static_cast<std::uint32_t>(pair >> 16 * odd & 0xffff) << 16);
  };
  for (int r = 0; r < 4; ++r) {
    const int row = emulator::lane() / 4 * 4;  // of lanes that hold it
    const int column = (emulator::lane() % 4 * 2 + (r & 1)) * 4;
    float sum = 0;
    for (int k = 0; k < 16; ++k) {
      const std::uint64_t of_a = (k < 8 ? a_low : a_high)[row + k % 8 / 2] >> (r >> 1) * 32;
      const std::uint64_t of_b = b[column + k % 8 / 2] >> (k < 8 ? 0 : 32);
      sum += element(of_a, k & 1) * element(of_b, k & 1);
    }
    d[r] += sum;
  }
}

}  // namespace assay::cuda::fast
