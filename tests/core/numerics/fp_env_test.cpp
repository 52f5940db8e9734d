// The environment guard under a poisoned caller.
#include "core/numerics/fp_env.h"

#include <gtest/gtest.h>

#include <cfenv>

#include "core/numerics/portable.h"

namespace assay::numerics {
namespace {

#if defined(__x86_64__)
TEST(ScopedFpEnv, UndoesFlushToZeroAndRoundingAndRestoresThem) {
  const unsigned clean = _mm_getcsr();
  const unsigned poisoned = 0x1f80 | 0x8000 | 0x0040 | 0x6000;  // FTZ, DAZ, round towards zero
  volatile float tiny = 1e-38F;
  volatile float one = 1.0F;
  volatile float third = 3.0F;
  _mm_setcsr(poisoned);
  const float flushed = tiny * 0.25F;
  const float truncated = one / third;
  float kept = 0;
  float rounded = 0;
  {
    const ScopedFpEnv guard;
    kept = tiny * 0.25F;
    rounded = one / third;
  }
  const unsigned after = _mm_getcsr();
  _mm_setcsr(clean);
  EXPECT_EQ(flushed, 0.0F) << "the poison had no effect";
  EXPECT_EQ(bits_of(truncated), 0x3eaaaaaaU) << "the poison had no effect";
  EXPECT_GT(kept, 0.0F);
  EXPECT_EQ(bits_of(rounded), 0x3eaaaaabU);
  EXPECT_EQ(after & 0xe040U, poisoned & 0xe040U);
}
#else
TEST(ScopedFpEnv, UndoesTheRoundingModeAndRestoresIt) {
  volatile float one = 1.0F;
  volatile float three = 3.0F;
  ASSERT_EQ(std::fesetround(FE_TOWARDZERO), 0);
  float rounded = 0;
  {
    const ScopedFpEnv guard;
    rounded = one / three;
  }
  const int after = std::fegetround();
  std::fesetround(FE_TONEAREST);
  EXPECT_EQ(bits_of(rounded), 0x3eaaaaabU);
  EXPECT_EQ(after, FE_TOWARDZERO);
}
#endif

}  // namespace
}  // namespace assay::numerics
