// What conformance cannot see: memory, refusals, and independence of what else is in the batch.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <vector>

#include "backends/common/host_device.h"
#include "tests/backends/common/host_levels.h"

namespace assay::host {
namespace {

using testing::usable_levels;

std::vector<float> random_floats(std::int64_t n, unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> uniform(-1, 1);
  std::vector<float> values(static_cast<std::size_t>(n));
  for (float& value : values) value = uniform(random);
  return values;
}

HostDevice best_device(int threads) {
  return HostDevice(
      {.backend = "host", .kernels = usable_levels().back(), .threads = threads, .library = {}});
}

/// y of rows [first, first + m) of x, computed as one call.
std::vector<float> linear_rows(HostDevice& device, const DeviceWeight& weight,
                               const std::vector<float>& x, std::int64_t first, std::int64_t m,
                               Phase phase) {
  std::vector<float> y(static_cast<std::size_t>(m * weight.rows()));
  device.linear(weight, nullptr, {x.data() + first * weight.cols(), m, weight.cols()},
                {y.data(), m, weight.rows()}, phase);
  return y;
}

TEST(HostDevice, ARowsResultDoesNotDependOnItsBatchPhaseOrThreads) {
  constexpr std::int64_t kRows = 200;
  constexpr std::int64_t kCols = 1088;
  constexpr std::int64_t kBatch = 32;
  const auto floats = random_floats(kRows * kCols, 1);
  const std::span bytes(reinterpret_cast<const std::byte*>(floats.data()),
                        floats.size() * sizeof(float));
  const auto x = random_floats(kBatch * kCols, 2);
  HostDevice one = best_device(1);
  const auto weight = one.upload({"w", TensorType::F32, kRows, kCols, bytes});
  const auto all = linear_rows(one, *weight, x, 0, kBatch, Phase::decode);
  for (const int threads : {1, 2, 3}) {
    HostDevice device = best_device(threads);
    for (const std::int64_t m : {1, 5, 32}) {
      for (const Phase phase : {Phase::prefill, Phase::decode}) {
        for (std::int64_t first = 0; first + m <= kBatch; first += m) {
          const auto part = linear_rows(device, *weight, x, first, m, phase);
          EXPECT_EQ(
              std::memcmp(part.data(), all.data() + first * kRows, part.size() * sizeof(float)), 0)
              << "rows " << first << " + " << m << ", " << threads << " threads";
        }
      }
    }
  }
}

TEST(HostDevice, CopiesNoMatrixAndKeepsVectorsReadableAtAnyAddress) {
  HostDevice device = best_device(1);
  std::vector<std::byte> storage(1 + 3 * sizeof(float));
  const float gains[3] = {1, 2, 4};
  std::memcpy(storage.data() + 1, gains, sizeof gains);
  const auto gain = device.upload({"gain", TensorType::F32, 1, 3, std::span(storage).subspan(1)});
  const float x[3] = {1, 1, 1};
  float out[3];
  device.rms_norm({x, 1, 3}, *gain, 0, {out, 1, 3});
  EXPECT_TRUE(std::ranges::equal(out, gains));

  std::vector<float> matrix = {1, 2, 3, 4};
  const std::span bytes(reinterpret_cast<const std::byte*>(matrix.data()), 16);
  const auto weight = device.upload({"w", TensorType::F32, 2, 2, bytes});
  matrix[0] = 10;  // borrowed: a change of the file's bytes shows
  float y[2];
  device.linear(*weight, nullptr, {x, 1, 2}, {y, 1, 2}, Phase::decode);
  EXPECT_EQ(y[0], 12);
}

TEST(HostDevice, RefusesMoreMemoryThanThereIs) {
  HostDevice device = best_device(1);
  const std::int64_t floats = device.free_bytes();  // four times the bytes
  try {
    (void)device.allocate(floats);
    FAIL() << "was granted";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::environment);
    EXPECT_NE(error.line().find("activations"), std::string::npos) << error.line();
  }
  EXPECT_THROW((void)device.create_kv({64, 64, 512, 1 << 20, KvType::f32}), Error);
}

TEST(HostDevice, PlansTheScratchThatItHolds) {
  for (const int threads : {1, 4}) {
    HostDevice device = best_device(threads);
    const std::int64_t plan = device.scratch_bytes(
        {.rows = 512, .head_rows = 64, .input_width = 8960, .heads_width = 8960, .vocab = 32000});
    EXPECT_GE(plan, threads * kLinearScratchFloats * std::int64_t{sizeof(float)});
    // 70 heads of 128 in one group.
    EXPECT_GE(plan, threads * AttentionScratch(128).floats(70) * std::int64_t{sizeof(float)});
  }
}

}  // namespace
}  // namespace assay::host
