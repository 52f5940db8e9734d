#include "core/signed_rank.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/random.h"

namespace assay {
namespace {

using ::testing::DoubleEq;
using ::testing::DoubleNear;
using ::testing::ElementsAre;

TEST(SignedRank, SmallCasesByHand) {
  // All of n positive: 1 of 2^n equally likely signs.
  EXPECT_DOUBLE_EQ(signed_rank_p(std::vector<double>{1, 2, 3}), 1.0 / 8);
  EXPECT_DOUBLE_EQ(signed_rank_p(std::vector<double>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}), 1.0 / 1024);
  // Ranks 1 (negative), 2, 3: sums of at least 5 are {2,3} and {1,2,3}.
  EXPECT_DOUBLE_EQ(signed_rank_p(std::vector<double>{-1, 2, 3}), 2.0 / 8);
  EXPECT_DOUBLE_EQ(signed_rank_p(std::vector<double>{-1, -2, -3}), 1.0);
  // Zeros say nothing; ties share their mean rank: 1.5, 1.5, 3 with one of the tied negative.
  EXPECT_DOUBLE_EQ(signed_rank_p(std::vector<double>{0, 0}), 1.0);
  EXPECT_DOUBLE_EQ(signed_rank_p(std::vector<double>{0, 1, -1, 2}), 3.0 / 8);
}

TEST(SignedRank, AgreesWithEveryAssignmentOfSigns) {
  std::uint64_t state = 7;
  for (int trial = 0; trial < 20; ++trial) {
    std::vector<double> values;
    for (int i = 0; i < 9; ++i) {
      values.push_back(static_cast<double>(random_index(&state, 11)) - 4);
    }
    // Brute force over the signs of the values that are not zero, with mean ranks.
    std::vector<double> sizes;
    for (const double v : values) {
      if (v != 0) sizes.push_back(std::fabs(v));
    }
    const auto rank = [&sizes](double size) {
      double below = 0;
      double equal = 0;
      for (const double other : sizes) {
        below += other < size ? 1 : 0;
        equal += other == size ? 1 : 0;
      }
      return below + (equal + 1) / 2;
    };
    double observed = 0;
    for (const double v : values) observed += v > 0 ? rank(v) : 0;
    int extreme = 0;
    const int all = 1 << sizes.size();
    for (int signs = 0; signs < all; ++signs) {
      double sum = 0;
      for (std::size_t i = 0; i < sizes.size(); ++i) {
        if ((signs >> i & 1) != 0) sum += rank(sizes[i]);
      }
      extreme += sum >= observed - 1e-9 ? 1 : 0;
    }
    EXPECT_THAT(signed_rank_p(values), DoubleNear(static_cast<double>(extreme) / all, 1e-12));
  }
}

TEST(SignedRank, CentreAndIntervalIgnoreAWildValue) {
  const std::vector<double> values = {0.05, 0.052, 0.048, 0.051, 0.049,
                                      0.05, 0.9,   0.05,  0.047, 0.053};
  EXPECT_THAT(hodges_lehmann(values), DoubleNear(0.0505, 0.001));
  const Interval interval = hodges_lehmann_interval(values, 0.05);
  EXPECT_LT(interval.low, 0.05);
  EXPECT_GT(interval.high, 0.05);
  EXPECT_GT(interval.low, 0.04);
  EXPECT_LT(robust_spread(values), 0.01);
}

TEST(SignedRank, IntervalHoldsWhatTheTestDoesNotReject) {
  // For n = 6 the two-sided 5 % test rejects only the extreme sum: the interval is min to max.
  const std::vector<double> values = {1, 2, 3, 4, 5, 6};
  const Interval interval = hodges_lehmann_interval(values, 0.05);
  EXPECT_EQ(interval.low, 1);
  EXPECT_EQ(interval.high, 6);
  EXPECT_EQ(hodges_lehmann(values), 3.5);
  const Interval single = hodges_lehmann_interval(std::vector<double>{2}, 0.05);
  EXPECT_EQ(single.low, 2);
  EXPECT_EQ(single.high, 2);
}

TEST(Holm, StepsDown) {
  EXPECT_THAT(holm_adjusted(std::vector<double>{0.01, 0.04, 0.03}),
              ElementsAre(DoubleEq(0.03), DoubleEq(0.06), DoubleEq(0.06)));
  EXPECT_THAT(holm_adjusted(std::vector<double>{0.9, 0.8}), ElementsAre(1.0, 1.0));
  EXPECT_TRUE(holm_adjusted({}).empty());
}

}  // namespace
}  // namespace assay
