#include "core/paired.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/error.h"

namespace assay {
namespace {

/// By definition, over all splits of n discordant pairs; for small n.
double by_counting(int b, int c) {
  double at_least_as_uneven = 0;
  for (unsigned set = 0; set < (1U << static_cast<unsigned>(b + c)); ++set) {
    const int first = __builtin_popcount(set);
    if (std::abs(2 * first - (b + c)) >= std::abs(b - c)) at_least_as_uneven += 1;
  }
  return at_least_as_uneven / std::ldexp(1.0, b + c);
}

TEST(McNemar, EqualsTheShareOfSplits) {
  for (int b = 0; b <= 8; ++b) {
    for (int c = 0; c <= 8; ++c) {
      EXPECT_NEAR(mcnemar_exact(b, c), by_counting(b, c), 1e-14) << b << " " << c;
    }
  }
  EXPECT_EQ(mcnemar_exact(0, 0), 1);
  EXPECT_EQ(mcnemar_exact(5, 5), 1);
  EXPECT_NEAR(mcnemar_exact(10, 1), 24.0 / 2048, 1e-16);  // 2 (1 + 11) / 2^11
}

TEST(McNemar, AMillionPairsDoNotOverflow) {
  // The normal approximation with continuity correction is good to three digits here.
  const double b = 501'000;
  const double c = 499'000;
  const double z = (b - c - 1) / std::sqrt(b + c);
  EXPECT_NEAR(mcnemar_exact(501'000, 499'000) / std::erfc(z / std::sqrt(2.0)), 1, 2e-3);
  EXPECT_EQ(mcnemar_exact(500'000, 500'000), 1);
  const double all = mcnemar_exact(1'000'000, 0);
  EXPECT_GT(all, 0) << "a probability is never exactly 0";
  EXPECT_LT(all, 1e-300);
}

TEST(McNemar, IsSymmetricAndFallsWithUnevenness) {
  double last = 1.1;
  for (int c = 50; c >= 0; --c) {
    const double p = mcnemar_exact(100 - c, c);
    EXPECT_EQ(p, mcnemar_exact(c, 100 - c));
    EXPECT_LE(p, last);
    last = p;
  }
  EXPECT_THROW(mcnemar_exact(-1, 2), Error);
}

TEST(Paired, TableCounts) {
  PairedTable table;
  table.add(true, true);
  table.add(true, false);
  table.add(true, false);
  table.add(false, true);
  table.add(false, false);
  EXPECT_EQ(table, (PairedTable{1, 2, 1, 1}));
  EXPECT_EQ(table.pairs(), 5);
}

TEST(Paired, DifferenceHasAnInterval) {
  std::vector<double> differences(40, 0.0);
  for (int i = 0; i < 10; ++i) differences[static_cast<std::size_t>(i)] = 1;
  const Interval interval = *paired_difference_interval(differences);
  const double half = 1.96 * std::sqrt(0.25 * 0.75 / 40);
  EXPECT_NEAR(interval.low, 0.25 - half, 0.03);
  EXPECT_NEAR(interval.high, 0.25 + half, 0.03);
  EXPECT_FALSE(paired_difference_interval(std::vector<double>{0.5}).has_value());
}

TEST(Paired, AgreementOfFewProblemsIsNotCertainty) {
  const Interval few = *paired_difference_interval(std::vector<double>(10, 0.0));
  const Interval many = *paired_difference_interval(std::vector<double>(1000, 0.0));
  EXPECT_LT(few.low, -0.2);
  EXPECT_GT(few.high, 0.2);
  EXPECT_LT(many.high, 0.01);
  EXPECT_GT(many.high, 0);
  EXPECT_EQ(paired_difference_interval(std::vector<double>(10, 1.0))->high, 1);
}

}  // namespace
}  // namespace assay
