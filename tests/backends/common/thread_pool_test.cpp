#include "backends/common/thread_pool.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <numeric>
#include <stdexcept>
#include <thread>
#include <vector>

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace assay {
namespace {

TEST(ThreadPool, RunsTheBodyOnceOnEveryWorkerAndWaits) {
  for (const int n : {1, 2, 3, 8}) {
    ThreadPool pool(n);
    EXPECT_EQ(pool.size(), n);
    std::vector<int> calls(static_cast<std::size_t>(n));
    // No atomics: TSan would see a worker that is not waited for.
    for (int round = 0; round < 200; ++round) {
      pool.run([&](int worker) { ++calls[static_cast<std::size_t>(worker)]; });
    }
    for (const int count : calls) EXPECT_EQ(count, 200);
  }
}

TEST(ThreadPool, RangesCoverEverythingOnceInMultiplesOfTheGrain) {
  for (const int threads : {1, 3, 5}) {
    ThreadPool pool(threads);
    for (const std::int64_t n : {0, 1, 15, 16, 17, 100, 1000}) {
      for (const std::int64_t grain : {1, 7, 16, 2000}) {
        std::vector<int> touched(static_cast<std::size_t>(n));
        pool.for_ranges(n, grain, [&](std::int64_t begin, std::int64_t end, int worker) {
          EXPECT_LT(begin, end);
          EXPECT_EQ(begin % grain, 0);
          EXPECT_TRUE(end % grain == 0 || end == n);
          EXPECT_LT(worker, threads);
          for (std::int64_t i = begin; i < end; ++i) ++touched[static_cast<std::size_t>(i)];
        });
        EXPECT_EQ(std::accumulate(touched.begin(), touched.end(), std::int64_t{0}), n);
        for (const int count : touched) EXPECT_EQ(count, 1);
      }
    }
  }
}

TEST(ThreadPool, RethrowsAnExceptionOfAnyWorkerAndGoesOn) {
  ThreadPool pool(3);
  for (int thrower = 0; thrower < 3; ++thrower) {
    EXPECT_THROW(pool.run([&](int worker) {
      if (worker == thrower) throw std::runtime_error("worker");
    }),
                 std::runtime_error);
  }
  int calls = 0;
  pool.run([&](int worker) {
    if (worker == 0) ++calls;
  });
  EXPECT_EQ(calls, 1);
}

TEST(ThreadPool, WorksAfterItsWorkersHaveParked) {
  ThreadPool pool(2);
  std::vector<int> calls(2);
  for (int round = 0; round < 3; ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    pool.run([&](int worker) { ++calls[static_cast<std::size_t>(worker)]; });
  }
  EXPECT_EQ(calls, (std::vector<int>{3, 3}));
}

TEST(ThreadPool, CountsAtLeastOneCore) {
  EXPECT_GE(usable_physical_cores(), 1);
  ThreadPool pinned(2, /*pin=*/true);
  int calls = 0;
  pinned.run([&](int worker) {
    if (worker == 0) ++calls;
  });
  EXPECT_EQ(calls, 1);
}

#if defined(__x86_64__) || defined(__aarch64__)
#if defined(__x86_64__)
// Flush to zero, denormals are zero, round towards zero: what a careless caller may leave.
constexpr std::uint64_t kPoisoned = 0x1F80U | 0x8000U | 0x0040U | 0x6000U;
constexpr std::uint64_t kControl = 0xFFC0U;  // without the sticky flags
constexpr std::uint64_t kStandard = 0x1F80U;
std::uint64_t read_environment() {
  return _mm_getcsr();
}
void write_environment(std::uint64_t value) {
  _mm_setcsr(static_cast<unsigned>(value));
}
#else
constexpr std::uint64_t kPoisoned = 1U << 24U | 3U << 22U;  // the same two of FPCR
constexpr std::uint64_t kControl = kPoisoned;
constexpr std::uint64_t kStandard = 0;
std::uint64_t read_environment() {
  std::uint64_t value = 0;
  asm volatile("mrs %0, fpcr" : "=r"(value)::"memory");
  return value;
}
void write_environment(std::uint64_t value) {
  asm volatile("msr fpcr, %0" ::"r"(value) : "memory");
}
#endif

TEST(ThreadPool, SetsTheFloatingPointEnvironmentAndGivesTheCallersBack) {
  const std::uint64_t before = read_environment();
  write_environment(kPoisoned);
  std::vector<std::uint64_t> seen(3);
  {
    ThreadPool pool(3);
    pool.run([&](int worker) { seen[static_cast<std::size_t>(worker)] = read_environment(); });
    pool.for_ranges(1, 1,
                    [&](std::int64_t, std::int64_t, int) { seen.push_back(read_environment()); });
  }
  const std::uint64_t after = read_environment();
  write_environment(before);
  for (const std::uint64_t word : seen) EXPECT_EQ(word & kControl, kStandard);
  EXPECT_EQ(after & kControl, kPoisoned & kControl);
}
#endif

}  // namespace
}  // namespace assay
