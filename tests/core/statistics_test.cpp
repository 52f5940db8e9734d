#include "core/statistics.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/error.h"

namespace assay {
namespace {

TEST(Wilson, MatchesPublishedIntervals) {
  // Newcombe, "Two-sided confidence intervals for the single proportion", 1998, table I, method 3.
  const Interval many = wilson_interval(81, 263);
  EXPECT_NEAR(many.low, 0.2553, 5e-5);
  EXPECT_NEAR(many.high, 0.3662, 5e-5);
  const Interval few = wilson_interval(15, 148);
  EXPECT_NEAR(few.low, 0.0624, 5e-5);
  EXPECT_NEAR(few.high, 0.1605, 5e-5);
  const Interval none = wilson_interval(0, 20);
  EXPECT_EQ(none.low, 0);
  EXPECT_NEAR(none.high, 0.1611, 5e-5);
  const Interval one = wilson_interval(1, 29);
  EXPECT_NEAR(one.low, 0.0061, 5e-5);
  EXPECT_NEAR(one.high, 0.1718, 5e-5);
}

TEST(Wilson, EndsAreExact) {
  EXPECT_EQ(wilson_interval(7, 7).high, 1);
  EXPECT_LT(wilson_interval(7, 7).low, 1);
  EXPECT_THROW(wilson_interval(1, 0), Error);
  EXPECT_THROW(wilson_interval(3, 2), Error);
}

/// C(n - c, k) / C(n, k) by counting, for small n.
double pass_by_counting(int n, int c, int k) {
  int hits = 0;
  int sets = 0;
  for (unsigned set = 0; set < (1U << static_cast<unsigned>(n)); ++set) {
    if (__builtin_popcount(set) != k) continue;
    ++sets;
    if ((set & ((1U << static_cast<unsigned>(c)) - 1)) != 0) ++hits;
  }
  return static_cast<double>(hits) / sets;
}

TEST(PassAtK, EqualsTheShareOfAllSets) {
  for (int n = 1; n <= 8; ++n) {
    for (int c = 0; c <= n; ++c) {
      for (int k = 1; k <= n; ++k) {
        EXPECT_NEAR(*pass_at_k(n, c, k), pass_by_counting(n, c, k), 1e-12);
      }
    }
  }
}

TEST(PassAtK, RefusesFewerSamplesThanK) {
  EXPECT_FALSE(pass_at_k(4, 1, 64).has_value());
  EXPECT_TRUE(pass_at_k(64, 1, 64).has_value());
}

Vote vote(const char* answer, bool correct = false) {
  return {answer, correct};
}

TEST(Majority, MostFrequentAnswerDecides) {
  const std::vector<Vote> right = {vote("7"), vote("1/2", true), vote("0.5", true)};
  EXPECT_TRUE(majority_is_correct(right));
  const std::vector<Vote> wrong = {vote("7"), vote("1/2", true), vote("7")};
  EXPECT_FALSE(majority_is_correct(wrong));
}

TEST(Majority, FirstOfEquallyFrequentAnswersWins) {
  const std::vector<Vote> wrong_first = {vote("7"), vote("8", true)};
  EXPECT_FALSE(majority_is_correct(wrong_first));
  const std::vector<Vote> right_first = {vote("8", true), vote("7")};
  EXPECT_TRUE(majority_is_correct(right_first));
}

TEST(Majority, SamplesWithoutAnAnswerDoNotVote) {
  const std::vector<Vote> votes = {Vote{}, Vote{}, vote("8", true)};
  EXPECT_TRUE(majority_is_correct(votes));
  EXPECT_FALSE(majority_is_correct(std::vector<Vote>{Vote{}, Vote{}}));
  EXPECT_FALSE(majority_is_correct({}));
}

TEST(Bootstrap, CoversTheMeanAndIsTheSameEveryTime) {
  std::vector<double> means;
  for (int i = 0; i < 30; ++i) means.push_back(i % 3 == 0 ? 0.75 : 0.25);
  const auto interval = bootstrap_mean_interval(means);
  ASSERT_TRUE(interval.has_value());
  const double mean = (10 * 0.75 + 20 * 0.25) / 30;
  // The bootstrap's spread of a mean of two values is binomial: 0.5 * sqrt(p (1 - p) / n).
  const double half = 1.96 * 0.5 * std::sqrt(1.0 / 3 * 2.0 / 3 / 30);
  EXPECT_NEAR(interval->low, mean - half, 0.02);
  EXPECT_NEAR(interval->high, mean + half, 0.02);
  const auto again = bootstrap_mean_interval(means);
  EXPECT_EQ(interval->low, again->low);
  EXPECT_EQ(interval->high, again->high);
}

TEST(Bootstrap, NoSpreadIsNotCertainty) {
  const auto zeros = bootstrap_mean_interval(std::vector<double>(20, 0.0));
  EXPECT_EQ(zeros->low, 0);
  EXPECT_NEAR(zeros->high, 0.1611, 5e-5);
  const auto ones = bootstrap_mean_interval(std::vector<double>(20, 1.0));
  EXPECT_NEAR(ones->low, 1 - 0.1611, 5e-5);
  EXPECT_EQ(ones->high, 1);
  const auto halves = bootstrap_mean_interval(std::vector<double>(20, 0.5));
  EXPECT_EQ(halves->low, wilson_interval(10, 20).low);
  EXPECT_EQ(halves->high, wilson_interval(10, 20).high);
  EXPECT_FALSE(bootstrap_mean_interval(std::vector<double>{0.5}).has_value());
}

TEST(Quantile, InterpolatesLinearly) {
  EXPECT_EQ(*quantile({4, 1, 3, 2}, 0.5), 2.5);
  EXPECT_EQ(*quantile({4, 1, 3, 2}, 0), 1);
  EXPECT_EQ(*quantile({4, 1, 3, 2}, 1), 4);
  EXPECT_NEAR(*quantile({10, 20, 30}, 0.9), 28, 1e-12);
  EXPECT_EQ(*quantile({5}, 0.99), 5);
  EXPECT_FALSE(quantile({}, 0.5).has_value());
}

}  // namespace
}  // namespace assay
