#include "core/survival.h"

#include <gtest/gtest.h>

namespace assay {
namespace {

std::vector<std::vector<ObservedLength>> one_each(std::vector<ObservedLength> lengths) {
  std::vector<std::vector<ObservedLength>> out;
  for (const ObservedLength& it : lengths) out.push_back({it});
  return out;
}

TEST(KaplanMeier, MatchesThePublishedLeukaemiaRemissions) {
  // Freireich et al. 1963, the 6-MP group, as in every textbook: weeks, + censored.
  // 6 6 6 6+ 7 9+ 10 10+ 11+ 13 16 17+ 19+ 20+ 22 23 25+ 32+ 32+ 34+ 35+
  const std::vector<ObservedLength> weeks = {
      {6, true},   {6, true},   {6, true},   {6, false},  {7, true},   {9, false},  {10, true},
      {10, false}, {11, false}, {13, true},  {16, true},  {17, false}, {19, false}, {20, false},
      {22, true},  {23, true},  {25, false}, {32, false}, {32, false}, {34, false}, {35, false}};
  const std::vector<SurvivalPoint> curve = kaplan_meier(weeks);
  const std::vector<std::pair<int, double>> expected = {{6, 0.8571},  {7, 0.8067},  {10, 0.7529},
                                                        {13, 0.6902}, {16, 0.6275}, {22, 0.5378},
                                                        {23, 0.4482}};
  ASSERT_EQ(curve.size(), expected.size());
  for (std::size_t i = 0; i < curve.size(); ++i) {
    EXPECT_EQ(curve[i].tokens, expected[i].first);
    EXPECT_NEAR(curve[i].share, expected[i].second, 5e-5);
  }
  EXPECT_EQ(median_length(one_each(weeks)).tokens, 23);
}

TEST(KaplanMeier, CensoredLengthsAreNotEndings) {
  // The plain median of these lengths is 100; four of six were cut there.
  const MedianLength median = median_length(
      one_each({{10, true}, {20, true}, {100, false}, {100, false}, {100, false}, {100, false}}));
  EXPECT_FALSE(median.tokens.has_value()) << "more than half go on: the median is beyond 100";
  ASSERT_TRUE(median.low.has_value());
  EXPECT_FALSE(median.high.has_value());
}

TEST(KaplanMeier, WithoutCensoringItIsTheEmpiricalMedian) {
  const MedianLength median =
      median_length(one_each({{5, true}, {1, true}, {9, true}, {3, true}, {7, true}}));
  EXPECT_EQ(median.tokens, 5);
  EXPECT_GE(*median.low, 1);
  EXPECT_LE(*median.high, 9);
  EXPECT_LT(*median.low, *median.high);
}

TEST(KaplanMeier, NothingAndAllCensored) {
  EXPECT_TRUE(kaplan_meier({}).empty());
  EXPECT_FALSE(median_length({}).tokens.has_value());
  EXPECT_FALSE(median_length(one_each({{8, false}, {8, false}})).tokens.has_value());
  const MedianLength one = median_length({{{8, true}, {9, true}}});
  EXPECT_EQ(one.tokens, 8);
  EXPECT_FALSE(one.low.has_value()) << "one problem has no interval";
}

TEST(Budgets, PowersOfTwoAndTheBudgetItself) {
  EXPECT_EQ(smaller_budgets(100), (std::vector<std::int64_t>{100}));
  EXPECT_EQ(smaller_budgets(512), (std::vector<std::int64_t>{128, 256, 512}));
  EXPECT_EQ(smaller_budgets(700), (std::vector<std::int64_t>{128, 256, 512, 700}));
  EXPECT_TRUE(smaller_budgets(0).empty());
}

}  // namespace
}  // namespace assay
