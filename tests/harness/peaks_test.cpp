#include "harness/peaks.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/clock.h"

namespace assay {
namespace {

TEST(Peaks, TheBaselineIsMeasuredShortlyAndGrowsWithoutBound) {
  const double start = now_seconds();
  const ArithmeticPeaks peaks = measure_arithmetic_peaks("scalar", 1);
  EXPECT_LT(now_seconds() - start, 2) << "0.1 s on a quiet machine";
#if defined(__x86_64__) || defined(__aarch64__)
  ASSERT_TRUE(peaks.fp32_gflops.has_value());
  EXPECT_GT(*peaks.fp32_gflops, 0.5);
  EXPECT_LT(*peaks.fp32_gflops, 1e4);
#endif
}

#if defined(__x86_64__)
TEST(Peaks, ABroaderLevelIsFasterAndBytesAreFasterStill) {
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) GTEST_SKIP();
#if !defined(__OPTIMIZE__) || defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "rates of an instrumented build";
#endif
  const ArithmeticPeaks narrow = measure_arithmetic_peaks("scalar", 1);
  const ArithmeticPeaks wide = measure_arithmetic_peaks("avx2", 1);
  EXPECT_GT(*wide.fp32_gflops, *narrow.fp32_gflops);
  ASSERT_TRUE(wide.int8_gops.has_value());
  EXPECT_FALSE(narrow.int8_gops.has_value());
  EXPECT_GT(*wide.int8_gops, 0.5 * *wide.fp32_gflops);
}
#endif

TEST(Peaks, AnotherDevicesLevelHasNone) {
  const ArithmeticPeaks peaks = measure_arithmetic_peaks("sm_90", 2);
  EXPECT_FALSE(peaks.fp32_gflops.has_value());
  EXPECT_TRUE(peaks_record(peaks).is_null());
  const nlohmann::json record = peaks_record({12.5, std::nullopt});
  EXPECT_EQ(record["fp32_gflops"], 12.5);
  EXPECT_TRUE(record["int8_gops"].is_null());
  EXPECT_TRUE(record["bf16_gflops"].is_null());
}

}  // namespace
}  // namespace assay
