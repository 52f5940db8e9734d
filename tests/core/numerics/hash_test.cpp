// The logits hash and Philox.
#include "core/numerics/hash.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <vector>

#include "core/numerics/philox.h"

namespace assay::numerics {
namespace {

TEST(LogitsHash, IsHeldStill) {
  const std::vector<float> logits = {0.0F, -0.0F, 1.5F, -2.25F, 3e-39F};
  EXPECT_EQ(to_hex(hash_logits(logits)), "e875d305c3e3e4bff2883b269119f95f");
  EXPECT_EQ(to_hex(hash_logits({})), "00000000000000000000000000000000");
}

TEST(LogitsHash, SeesEveryBitAndEveryPlace) {
  const std::vector<float> logits(97, 1.0F);
  const LogitsHash whole = hash_logits(logits);
  std::set<std::string> seen = {to_hex(whole)};
  for (std::size_t i = 0; i < logits.size(); ++i) {
    auto changed = logits;
    changed[i] = float_of(bits_of(1.0F) + 1);
    EXPECT_TRUE(seen.insert(to_hex(hash_logits(changed))).second) << i;
  }
  auto negative_zero = logits;
  auto zero = logits;
  zero[5] = 0.0F;
  negative_zero[5] = -0.0F;
  EXPECT_NE(hash_logits(zero), hash_logits(negative_zero));
}

TEST(LogitsHash, AddsUpInAnyOrder) {
  const std::vector<float> logits = {3, 1, 4, 1, 5, 9, 2, 6};
  std::uint64_t backwards = 0;
  for (std::uint32_t i = 8; i-- > 0;) backwards += mix64(bits_of(logits[i]), i, kLogitsHashSeedB);
  EXPECT_EQ(backwards, hash_logits(logits).b);
}

TEST(CompletionHash, DependsOnTheOrderOfPositions) {
  const std::vector<LogitsHash> positions = {{1, 2}, {3, 4}};
  const std::vector<LogitsHash> swapped = {{3, 4}, {1, 2}};
  EXPECT_EQ(hash_completion(positions).size(), 64U);
  EXPECT_NE(hash_completion(positions), hash_completion(swapped));
  EXPECT_EQ(hash_completion({}), "");
}

TEST(TaskHash, DoesNotDependOnTheOrderOfCompletion) {
  std::vector<CompletionHash> all = {{"a/1", 0, "x"}, {"a/1", 1, "y"}, {"a/10", 0, "z"}};
  const std::string first = hash_task(all);
  std::reverse(all.begin(), all.end());
  EXPECT_EQ(hash_task(all), first);
  all[0].sample = 2;
  EXPECT_NE(hash_task(all), first);
  EXPECT_EQ(hash_task({}), "");
}

// Known answers of the Random123 distribution (Salmon et al. 2011): philox4x32, 10 rounds.
TEST(Philox, KnownAnswers) {
  const auto expect = [](PhiloxBlock counter, std::uint32_t k0, std::uint32_t k1,
                         PhiloxBlock want) {
    const PhiloxBlock got = philox4x32(counter, k0, k1);
    for (int i = 0; i < 4; ++i) EXPECT_EQ(got.word[i], want.word[i]);
  };
  expect({{0, 0, 0, 0}}, 0, 0, {{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}});
  expect({{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}}, 0xffffffff, 0xffffffff,
         {{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}});
  expect({{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}}, 0xa4093822, 0x299f31d0,
         {{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}});
}

}  // namespace
}  // namespace assay::numerics
