// Runs CUDA kernels on the CPU, so that their arithmetic and the way their threads wait for one
// another are tested without a GPU. A thread is a fiber, a block an OS thread; shuffles and
// barriers meet as they do on the device, bulk copies arrive late and out of order. It knows
// nothing of caches, memory order or timing, and says nothing about them.
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_runtime.h>
#include <ucontext.h>

#include <atomic>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <functional>
#include <thread>
#include <vector>

#undef __shared__
#define __shared__ static thread_local
#undef __launch_bounds__
#define __launch_bounds__(...)

namespace emulator {

struct Meeting {
  int arrived = 0;
  unsigned epoch = 0;
};
struct Warp {
  Meeting meeting;
  std::uint64_t values[2][32];
};
struct Copy {
  void* to;
  const void* from;
  std::uint32_t bytes;
  std::uint64_t* barrier;
  int rounds_left;
};
struct Fiber {
  ucontext_t context;
  std::vector<char> stack;
  bool done = false;
};

/// Blocks that see one another's shared memory.
struct Cluster {
  int size = 1;
  std::atomic<unsigned> arrived{0};
  std::vector<std::uint8_t*> shared;
};

struct Block {
  std::vector<Fiber> fibers;
  std::vector<Warp> warps;
  Meeting barrier;
  std::deque<Copy> copies;
  std::vector<std::uint8_t> memory;
  std::uint8_t* shared = nullptr;
  const std::function<void()>* kernel = nullptr;
  Cluster* cluster = nullptr;
  unsigned cluster_target = 0;
  ucontext_t scheduler;
  int current = 0;
  std::uint32_t random = 1;
};

inline thread_local Block* block = nullptr;
inline thread_local uint3 thread_index;
inline thread_local uint3 block_index;
inline thread_local dim3 block_size;
inline thread_local dim3 grid_size;

[[noreturn]] inline void fail(const char* what) {
  std::fprintf(stderr, "emulated kernel: %s\n", what);
  std::abort();
}

inline void yield() {
  Block* b = block;
  swapcontext(&b->fibers[static_cast<std::size_t>(b->current)].context, &b->scheduler);
}
inline int lane() {
  return block->current % 32;
}
inline void meet(Meeting& meeting, int n) {
  const unsigned epoch = meeting.epoch;
  if (++meeting.arrived == n) {
    meeting.arrived = 0;
    ++meeting.epoch;
  }
  while (meeting.epoch == epoch) yield();
}
/// What each lane of the warp brings; valid until the next but one exchange.
inline const std::uint64_t* exchange(std::uint64_t value) {
  Warp& warp = block->warps[static_cast<std::size_t>(block->current / 32)];
  std::uint64_t* values = warp.values[warp.meeting.epoch & 1];
  values[lane()] = value;
  meet(warp.meeting, 32);
  return values;
}
template <class T>
T shuffle(T value, int from) {
  static_assert(sizeof(T) <= sizeof(std::uint64_t));
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof(T));
  bits = exchange(bits)[from & 31];
  std::memcpy(&value, &bits, sizeof(T));
  return value;
}

// A barrier in shared memory: phase (bit 63), arrivals of a phase, arrivals to come, bytes to come.
inline std::uint64_t make_barrier(std::uint64_t phase, std::uint64_t all, std::uint64_t left,
                                  std::int32_t bytes) {
  return phase << 63 | all << 48 | left << 32 | static_cast<std::uint32_t>(bytes);
}
inline void update_barrier(std::uint64_t* barrier, unsigned arrivals, std::int32_t bytes) {
  std::uint64_t phase = *barrier >> 63;
  const std::uint64_t all = *barrier >> 48 & 0x7fff;
  std::uint64_t left = *barrier >> 32 & 0xffff;
  const std::int32_t to_come = static_cast<std::int32_t>(*barrier) + bytes;
  if (left < arrivals) fail("more arrivals than a barrier expects");
  left -= arrivals;
  if (left == 0 && to_come == 0) {
    phase ^= 1;
    left = all;
  }
  *barrier = make_barrier(phase, all, left, to_come);
}
inline void deliver_copies(Block& b) {
  for (std::size_t n = b.copies.size(); n > 0; --n) {
    Copy copy = b.copies.front();
    b.copies.pop_front();
    if (--copy.rounds_left > 0) {
      b.copies.push_back(copy);
      continue;
    }
    std::memcpy(copy.to, copy.from, copy.bytes);
    update_barrier(copy.barrier, 0, -static_cast<std::int32_t>(copy.bytes));
  }
}

inline void enter_fiber() {
  (*block->kernel)();
  block->fibers[static_cast<std::size_t>(block->current)].done = true;
  yield();
}

inline void run_block(Block& b, int threads, int shared_bytes) {
  constexpr std::size_t kStack = 128 * 1024;
  constexpr std::size_t kAligned = 1024;
  block = &b;
  b.fibers.resize(static_cast<std::size_t>(threads));
  b.warps.resize(static_cast<std::size_t>(threads + 31) / 32);
  b.memory.assign(static_cast<std::size_t>(shared_bytes) + kAligned, 0xcd);
  const auto at = reinterpret_cast<std::uintptr_t>(b.memory.data());
  b.shared = b.memory.data() + (kAligned - at % kAligned) % kAligned;
  b.cluster->shared[block_index.x % static_cast<unsigned>(b.cluster->size)] = b.shared;
  for (Fiber& fiber : b.fibers) {
    fiber.stack.resize(kStack);
    getcontext(&fiber.context);
    fiber.context.uc_stack.ss_sp = fiber.stack.data();
    fiber.context.uc_stack.ss_size = kStack;
    fiber.context.uc_link = nullptr;
    makecontext(&fiber.context, enter_fiber, 0);
  }
  for (int left = threads; left > 0;) {
    for (int i = 0; i < threads; ++i) {
      Fiber& fiber = b.fibers[static_cast<std::size_t>(i)];
      if (fiber.done) continue;
      b.current = i;
      thread_index = {static_cast<unsigned>(i), 0, 0};
      swapcontext(&b.scheduler, &fiber.context);
      if (fiber.done) --left;
    }
    deliver_copies(b);
  }
}

/// All blocks of a row of the grid at once: they may wait for one another.
inline void run(dim3 grid, int threads, int shared_bytes, int cluster_size,
                const std::function<void()>& kernel) {
  for (unsigned z = 0; z < grid.z; ++z) {
    for (unsigned y = 0; y < grid.y; ++y) {
      std::vector<Cluster> clusters(grid.x / static_cast<unsigned>(cluster_size));
      for (Cluster& cluster : clusters) {
        cluster.size = cluster_size;
        cluster.shared.resize(static_cast<std::size_t>(cluster_size));
      }
      std::vector<std::thread> blocks;
      for (unsigned x = 0; x < grid.x; ++x) {
        blocks.emplace_back([&, x] {
          block_index = {x, y, z};
          block_size = dim3(static_cast<unsigned>(threads));
          grid_size = grid;
          Block b;
          b.kernel = &kernel;
          b.cluster = &clusters[x / static_cast<unsigned>(cluster_size)];
          b.random = x + 1;
          run_block(b, threads, shared_bytes);
        });
      }
      for (std::thread& b : blocks) b.join();
    }
  }
}

}  // namespace emulator

#define threadIdx emulator::thread_index
#define blockIdx emulator::block_index
#define blockDim emulator::block_size
#define gridDim emulator::grid_size

template <class T>
T __shfl_sync(unsigned, T value, int from) {
  return emulator::shuffle(value, from);
}
template <class T>
T __shfl_xor_sync(unsigned, T value, int bits) {
  return emulator::shuffle(value, emulator::lane() ^ bits);
}
template <class T>
T __shfl_down_sync(unsigned, T value, int n) {
  return emulator::shuffle(value,
                           emulator::lane() + n < 32 ? emulator::lane() + n : emulator::lane());
}
template <class T>
T __shfl_up_sync(unsigned, T value, int n) {
  return emulator::shuffle(value, emulator::lane() >= n ? emulator::lane() - n : emulator::lane());
}
inline float __expf(float x) {
  return std::exp(x);
}
inline float __fdividef(float a, float b) {
  return a / b;
}
inline void __syncwarp() {
  emulator::exchange(0);
}
inline void __syncthreads() {
  emulator::meet(emulator::block->barrier, static_cast<int>(blockDim.x));
}
inline float __fmaf_rn(float a, float b, float c) {
  return __builtin_fmaf(a, b, c);
}
template <class T>
T __ldg(const T* at) {
  return *at;
}
template <class T>
T __ldcg(const T* at) {
  T value;
  std::memcpy(&value, at, sizeof(T));
  return value;
}
inline int __dp4a(int a, int b, int sum) {
  for (int i = 0; i < 4; ++i) {
    sum += static_cast<std::int8_t>(a >> 8 * i) * static_cast<std::int8_t>(b >> 8 * i);
  }
  return sum;
}
inline float __uint_as_float(unsigned bits) {
  return __builtin_bit_cast(float, bits);
}
inline unsigned __float_as_uint(float value) {
  return __builtin_bit_cast(unsigned, value);
}
template <class T>
T atomicAdd(T* at, T value) {
  return __atomic_fetch_add(at, value, __ATOMIC_SEQ_CST);
}
inline unsigned long long atomicMax(unsigned long long* at, unsigned long long value) {
  unsigned long long old = *at;
  while (old < value &&
         !__atomic_compare_exchange_n(at, &old, value, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
  }
  return old;
}
inline void __threadfence() {
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
}
[[noreturn]] inline void __trap() {
  emulator::fail("trap");
}
template <class T>
T max(T a, T b) {
  return a > b ? a : b;
}
template <class T>
T min(T a, T b) {
  return a < b ? a : b;
}
