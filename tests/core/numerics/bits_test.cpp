// The bits of exact/1 under every compiler, level and instruction set at hand (bits.h).
#include <gtest/gtest.h>

#include <array>
#include <string>

#include "bits_variants.h"
#include "core/numerics/fp_env.h"
#include "core/x86_level.h"
#include "tests/core/numerics/bits.h"

namespace assay::testing {
namespace {

// A change of any of these is a new version of exact/N, never a correction in passing.
constexpr std::array<std::uint64_t, 16> kExpected = {
    0xf7a7025d24991d67,  // exp
    0xb17977c299c037c8,  // log
    0xc28290c2877561be,  // silu
    0x31669e340b867b32,  // reciprocal_sqrt
    0xbfd6535ae7da917a,  // half
    0x92eba6ad064153c6,  // bfloat16
    0xd6ade75a3913e919,  // dot
    0xb4880227b01ace36,  // rms_norm
    0xd4c0db6efacc4417,  // sin_cos
    0xfe2867b83f3f8255,  // rotate_head
    0xac0fea50e661d2f1,  // attention
    0x075bee56586952ee,  // gumbel
    0xd39db0b478f08ef2,  // token_weight
    0xd0f8d6f8e8fd146c,  // dequantize
    0x34cfc1a2249b40e7,  // quantize
    0x471dc64f716e591d,  // exact_dot
};

bool cpu_can_run(const std::string& variant) {
#if defined(__x86_64__)
  if (variant.ends_with("_v3")) return cpu_runs_x86_64_v3();
  if (variant.ends_with("_v4")) return cpu_runs_x86_64_v4();
#endif
  return true;
}

class Bits : public ::testing::TestWithParam<BitsVariant> {};

TEST_P(Bits, EqualTheCommittedHashes) {
  if (!cpu_can_run(GetParam().name)) {
    GTEST_SKIP() << "this CPU cannot run " << GetParam().name;
  }
  const numerics::ScopedFpEnv environment;
  const BitsHashes got = GetParam().compute();
  for (std::size_t i = 0; i < kExpected.size(); ++i) {
    EXPECT_EQ(got.value[i], kExpected[i]) << kBitsNames[i] << " gives other bits under "
                                          << GetParam().name << ": 0x" << std::hex << got.value[i];
  }
}

INSTANTIATE_TEST_SUITE_P(Variants, Bits, ::testing::ValuesIn(kBitsVariants),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace assay::testing
