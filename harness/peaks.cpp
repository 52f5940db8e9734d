#include "harness/peaks.h"

#include <algorithm>
#include <barrier>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <thread>
#include <vector>

#include "core/clock.h"

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

// Built with -O3 in every build (CMakeLists.txt): the sums must stay in registers.
// A value that the compiler must take as new: without it the loops would be computed once.
#if defined(__x86_64__)
#define ASSAY_OPAQUE(value) asm volatile("" : "+x"(value))
#elif defined(__aarch64__)
#define ASSAY_OPAQUE(value) asm volatile("" : "+w"(value))
#endif

namespace assay {
namespace {

/// A loop of `rounds`, and how many operations one of them does.
struct PeakLoop {
  void (*run)(std::int64_t rounds) = nullptr;
  double operations = 0;
};

struct PeakLoops {
  PeakLoop fp32;
  PeakLoop int8;
};

#if defined(__x86_64__)

// Enough sums to hide an FMA's latency of 4 on two units; the values tend to 1.
constexpr std::int64_t kSums = 10;

void fp32_sse2(std::int64_t rounds) {
  const __m128 factor = _mm_set1_ps(0.5F);
  __m128 sums[kSums] = {};  // NOLINT(*-avoid-c-arrays): std::array drops its alignment
  for (std::int64_t i = 0; i < rounds; ++i) {
    for (__m128& sum : sums) {
      sum = _mm_add_ps(_mm_mul_ps(sum, factor), factor);
      ASSAY_OPAQUE(sum);
    }
  }
}

__attribute__((target("avx2,fma"))) void fp32_avx2(std::int64_t rounds) {
  const __m256 factor = _mm256_set1_ps(0.5F);
  __m256 sums[kSums] = {};  // NOLINT(*-avoid-c-arrays): std::array drops its alignment
  for (std::int64_t i = 0; i < rounds; ++i) {
    for (__m256& sum : sums) {
      sum = _mm256_fmadd_ps(sum, factor, factor);
      ASSAY_OPAQUE(sum);
    }
  }
}

/// Without VNNI a dot product is three instructions.
constexpr std::int64_t kByteSums = 4;

__attribute__((target("avx2"))) void int8_avx2(std::int64_t rounds) {
  const __m256i ones = _mm256_set1_epi16(1);
  __m256i left = _mm256_set1_epi8(1);
  __m256i sums[kByteSums] = {};  // NOLINT(*-avoid-c-arrays): std::array drops its alignment
  for (std::int64_t i = 0; i < rounds; ++i) {
    for (__m256i& sum : sums) {
      ASSAY_OPAQUE(left);
      const __m256i pairs = _mm256_maddubs_epi16(left, left);
      sum = _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, ones));
    }
  }
  for (__m256i& sum : sums) ASSAY_OPAQUE(sum);
}

__attribute__((target("avx512f"))) void fp32_avx512(std::int64_t rounds) {
  const __m512 factor = _mm512_set1_ps(0.5F);
  __m512 sums[kSums] = {};  // NOLINT(*-avoid-c-arrays): std::array drops its alignment
  for (std::int64_t i = 0; i < rounds; ++i) {
    for (__m512& sum : sums) {
      sum = _mm512_fmadd_ps(sum, factor, factor);
      asm volatile("" : "+v"(sum));
    }
  }
}

__attribute__((target("avx512f,avx512vnni"))) void int8_avx512(std::int64_t rounds) {
  const __m512i bytes = _mm512_set1_epi32(0x01010101);
  __m512i sums[kSums] = {};  // NOLINT(*-avoid-c-arrays): std::array drops its alignment
  for (std::int64_t i = 0; i < rounds; ++i) {
    for (__m512i& sum : sums) {
      sum = _mm512_dpbusd_epi32(sum, bytes, bytes);
      asm volatile("" : "+v"(sum));
    }
  }
}

PeakLoops loops_of(std::string_view isa) {
  if (isa.starts_with("avx512")) {
    return {{fp32_avx512, kSums * 16 * 2.0}, {int8_avx512, kSums * 64 * 2.0}};
  }
  if (isa.starts_with("avx2")) {
    return {{fp32_avx2, kSums * 8 * 2.0}, {int8_avx2, kByteSums * 32 * 2.0}};
  }
  if (isa.starts_with("scalar")) return {{fp32_sse2, kSums * 4 * 2.0}, {}};
  return {};
}

#elif defined(__aarch64__)

constexpr std::int64_t kSums = 16;

void fp32_neon(std::int64_t rounds) {
  const float32x4_t factor = vdupq_n_f32(0.5F);
  float32x4_t sums[kSums] = {};  // NOLINT(*-avoid-c-arrays): std::array drops its alignment
  for (std::int64_t i = 0; i < rounds; ++i) {
    for (float32x4_t& sum : sums) {
      sum = vfmaq_f32(factor, sum, factor);
      ASSAY_OPAQUE(sum);
    }
  }
}

__attribute__((target("arch=armv8.2-a+dotprod"))) void int8_dotprod(std::int64_t rounds) {
  const int8x16_t bytes = vdupq_n_s8(1);
  int32x4_t sums[kSums] = {};  // NOLINT(*-avoid-c-arrays): std::array drops its alignment
  for (std::int64_t i = 0; i < rounds; ++i) {
    for (int32x4_t& sum : sums) {
      sum = vdotq_s32(sum, bytes, bytes);
      ASSAY_OPAQUE(sum);
    }
  }
}

__attribute__((target("arch=armv8.2-a+i8mm"))) void int8_i8mm(std::int64_t rounds) {
  const int8x16_t bytes = vdupq_n_s8(1);
  int32x4_t sums[kSums] = {};  // NOLINT(*-avoid-c-arrays): std::array drops its alignment
  for (std::int64_t i = 0; i < rounds; ++i) {
    for (int32x4_t& sum : sums) {
      sum = vmmlaq_s32(sum, bytes, bytes);
      ASSAY_OPAQUE(sum);
    }
  }
}

PeakLoops loops_of(std::string_view isa) {
  const PeakLoop fp32 = {fp32_neon, kSums * 4 * 2.0};
  if (isa.starts_with("neon+i8mm")) return {fp32, {int8_i8mm, kSums * 32 * 2.0}};
  if (isa.starts_with("neon+dotprod")) return {fp32, {int8_dotprod, kSums * 16 * 2.0}};
  if (isa.starts_with("neon") || isa.starts_with("scalar")) return {fp32, {}};
  return {};
}

#else

PeakLoops loops_of(std::string_view) {
  return {};
}

#endif

constexpr double kPassSeconds = 0.025;
constexpr int kPasses = 4;

std::int64_t rounds_for(const PeakLoop& loop) {
  constexpr double kEnough = 0.002;
  constexpr std::int64_t kMost = std::int64_t{1} << 40;
  for (std::int64_t rounds = 1 << 12;; rounds *= 2) {
    const double start = now_seconds();
    loop.run(rounds);
    const double seconds = now_seconds() - start;
    if (seconds < kEnough && rounds < kMost) continue;
    return std::max<std::int64_t>(
        1, static_cast<std::int64_t>(static_cast<double>(rounds) * kPassSeconds / seconds));
  }
}

std::optional<double> best_rate(const PeakLoop& loop, int threads) {
  if (loop.run == nullptr) return std::nullopt;
  const std::int64_t rounds = rounds_for(loop);
  const auto workers = static_cast<std::size_t>(std::max(1, threads));
  double start = 0;
  double least = 0;
  std::barrier begin(static_cast<std::ptrdiff_t>(workers),
                     [&]() noexcept { start = now_seconds(); });
  std::barrier end(static_cast<std::ptrdiff_t>(workers), [&]() noexcept {
    const double seconds = now_seconds() - start;
    least = least == 0 ? seconds : std::min(least, seconds);
  });
  const auto work = [&] {
    for (int pass = 0; pass < kPasses; ++pass) {
      begin.arrive_and_wait();
      loop.run(rounds);
      end.arrive_and_wait();
    }
  };
  std::vector<std::jthread> pool;
  for (std::size_t i = 1; i < workers; ++i) pool.emplace_back(work);
  work();
  pool.clear();
  if (least <= 0) return std::nullopt;
  return loop.operations * static_cast<double>(rounds) * static_cast<double>(workers) / least / 1e9;
}

}  // namespace

ArithmeticPeaks measure_arithmetic_peaks(std::string_view isa, int threads) {
  const PeakLoops loops = loops_of(isa);
  return {best_rate(loops.fp32, threads), best_rate(loops.int8, threads)};
}

nlohmann::json peaks_record(const ArithmeticPeaks& peaks) {
  if (!peaks.fp32_gflops && !peaks.int8_gops) return nullptr;
  const auto or_null = [](const std::optional<double>& value) {
    return value ? nlohmann::json(*value) : nlohmann::json();
  };
  return {{"fp32_gflops", or_null(peaks.fp32_gflops)},
          {"bf16_gflops", nullptr},
          {"int8_gops", or_null(peaks.int8_gops)}};
}

}  // namespace assay
