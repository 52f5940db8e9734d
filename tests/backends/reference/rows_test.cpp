// The kernels that work on rows alone: norm, rope, swiglu, add, gather, read.
#include "core/numerics/functions.h"
#include "core/numerics/norm.h"
#include "core/numerics/rope.h"
#include "tests/backends/reference/support.h"

namespace assay::reference::testing {
namespace {

TEST(ReferenceRows, RmsNormIsTheRuleOnEveryRowAndLevel) {
  for (const std::int64_t n : {1, 15, 16, 17, 63, 64, 65, 511, 512, 513, 1553}) {
    const std::vector<float> x = values(3 * n, 1);
    const std::vector<float> gain = values(n, 2);
    std::vector<float> want(x.size());
    for (std::int64_t r = 0; r < 3; ++r) {
      numerics::rms_norm(x.data() + r * n, gain.data(), 1e-6F, n, want.data() + r * n);
    }
    for (const auto& [level, reference] : all_levels()) {
      const OwnedWeight weight = float_weight(*reference, gain, 1, n);
      std::vector<float> out = x;
      reference->rms_norm(tensor(out, 3), *weight, 1e-6F, tensor(out, 3));  // in place
      EXPECT_TRUE(same_bits(out, want)) << n << " " << level;
    }
  }
}

TEST(ReferenceRows, SwigluAndAddAreElementwise) {
  const std::vector<float> gate = values(513, 3);
  const std::vector<float> up = values(513, 4);
  for (const auto& [level, reference] : all_levels()) {
    std::vector<float> out = gate;
    reference->swiglu(tensor(out, 1), tensor(up, 1), tensor(out, 1));
    std::vector<float> sum = gate;
    reference->add(tensor(up, 1), tensor(sum, 1));
    for (std::size_t i = 0; i < gate.size(); ++i) {
      EXPECT_EQ(numerics::bits_of(out[i]), numerics::bits_of(numerics::swiglu(gate[i], up[i])))
          << level;
      EXPECT_EQ(sum[i], gate[i] + up[i]);
    }
  }
}

TEST(ReferenceRows, RopeTurnsEveryHeadByItsPosition) {
  for (const RopeStyle style : {RopeStyle::half, RopeStyle::interleaved}) {
    ModelConfig config;
    config.head_dim = 16;
    config.rope_theta = 1e4;
    config.rope_style = style;
    const numerics::RopeTable table(config, 101);
    const std::vector<float> x = values(2 * 3 * 16, 5);
    const std::vector<std::int32_t> positions = {100, 7};
    for (const auto& [level, reference] : all_levels()) {
      std::vector<float> got = x;
      reference->rope(tensor(got, 2), 16, positions, table);
      for (std::size_t head = 0; head < 6; ++head) {
        for (std::size_t i = 0; i < 8; ++i) {
          const bool half = style == RopeStyle::half;
          const std::size_t a = head * 16 + (half ? i : 2 * i);
          const std::size_t b = head * 16 + (half ? i + 8 : 2 * i + 1);
          const double angle = positions[head / 3] * std::pow(1e4, -static_cast<double>(i) / 8);
          const auto xa = static_cast<double>(x[a]);
          const auto xb = static_cast<double>(x[b]);
          const double bound = 4 * 0x1p-24 * (std::fabs(xa) + std::fabs(xb));
          EXPECT_NEAR(got[a], xa * std::cos(angle) - xb * std::sin(angle), bound) << level;
          EXPECT_NEAR(got[b], xb * std::cos(angle) + xa * std::sin(angle), bound) << level;
        }
      }
    }
    const auto reference = device();
    std::vector<float> rows = x;
    EXPECT_THROW(reference->rope(tensor(rows, 2), 16, std::vector<std::int32_t>{101, 0}, table),
                 Error);
  }
}

TEST(ReferenceRows, GatherAndReadCopy) {
  const auto reference = device();
  const std::vector<float> x = {1, 2, 3, 4, 5, 6};
  std::vector<float> out(4);
  reference->gather_rows(tensor(x, 3), std::vector<std::int32_t>{2, 0}, tensor(out, 2));
  EXPECT_EQ(out, (std::vector<float>{5, 6, 1, 2}));
  std::vector<float> host(6);
  reference->read(tensor(x, 3), host);
  EXPECT_EQ(host, x);
  EXPECT_THROW(
      reference->gather_rows(tensor(x, 3), std::vector<std::int32_t>{3, 0}, tensor(out, 2)), Error);
}

}  // namespace
}  // namespace assay::reference::testing
