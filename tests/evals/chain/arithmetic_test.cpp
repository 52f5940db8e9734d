// C7: which equations are checked, which are contradicted, and which are left alone.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "evals/chain/arithmetic/claims.h"

namespace assay::chain {
namespace {

struct Case {
  std::string text;
  std::size_t checked;
  std::size_t contradicted;
};

void expect_all(const std::vector<Case>& cases) {
  for (const Case& c : cases) {
    const ArithmeticReport report = check_arithmetic(c.text);
    EXPECT_EQ(report.checked, c.checked) << c.text;
    EXPECT_EQ(report.contradicted, c.contradicted)
        << c.text << "\n"
        << (report.claims.empty() ? "" : report.claims.front().why);
  }
}

TEST(Arithmetic, PlainSumsAreChecked) {
  expect_all({{"So 6 * 7 = 42.", 1, 0},
              {"So 6 * 7 = 43.", 1, 1},
              {"We get $17 \\times 24 = 408$ tiles.", 1, 0},
              {"We get $17 \\times 24 = 418$ tiles.", 1, 1},
              {"\\[ \\frac{84}{7} - 5 = 7 \\]", 1, 0},
              {"\\[ \\frac{84}{7} - 5 = 9 \\]", 1, 1},
              {"2^{10} = 1024 and 3^4 = 81", 2, 0},
              {"5! = 120, \\binom{6}{2} = 15, \\sqrt{144} = 12", 3, 0},
              {"1,250 + 750 = 2,000", 1, 0},
              {"1,250 + 750 = 2,100", 1, 1},
              {"3 x 14 = 42", 1, 0},
              {"12 \xC3\x97 11 = 131", 1, 1},
              {"2\xC2\xB3 = 8", 1, 0}});
}

TEST(Arithmetic, ChainsOfEqualitiesAreCheckedPairByPair) {
  expect_all({{"4 + 5 + 6 = 9 + 6 = 15", 2, 0},
              {"4 + 5 + 6 = 9 + 6 = 16", 2, 1},
              {"\\begin{align*} 3 \\cdot 8 &= 24 \\\\ &= 25 - 1 \\end{align*}", 2, 0}});
}

TEST(Arithmetic, MoneyUnitsAndRemarksDoNotGetInTheWay) {
  expect_all({{"The cost is $4.50 * 3 = $13.50.", 1, 0},
              {"The cost is $4.50 * 3 = $14.50.", 1, 1},
              {"5 boxes * 12 pens/box = 60 pens", 1, 0},
              {"5 boxes * 12 pens/box = 70 pens", 1, 1},
              {"$7 (from Monday) + $8 (from Friday) = $15", 1, 0},
              {"3 hours * 60 minutes/hour = 180 minutes", 1, 0},
              {"20% of 50 is 10", 1, 0},
              {"1/3 of 18 = 6", 1, 0},
              {"1/3 of 18 = 5", 1, 1},
              {"100% - 35% = 65%", 1, 0},
              {"18 / 40 = 45%", 1, 0},
              {"18 / 40 * 100 = 45%", 1, 0},
              {"50 cents * 6 = $3", 0, 0}});
}

TEST(Arithmetic, RoundingIsNoContradiction) {
  expect_all({{"4/3 = 1.33", 1, 0},
              {"4/3 \\approx 1.33", 1, 0},
              {"2/3 = 0.66", 1, 0},
              {"4/3 = 1.43", 1, 1},
              {"10/3 = 3.33, so 3.33 * 3 = 10", 2, 0},
              {"1/3 = 0.333...", 1, 0},
              // What fits the decimals shown must be met exactly.
              {"4.20 + 9.45 + 1.35 = 14.99", 1, 1},
              {"2 * 3.14 * 5 = 31.4", 1, 0},
              {"\\sqrt{2} = 1.414", 1, 0},
              {"50 / 12 = 4 full boxes", 0, 0}});
}

TEST(Arithmetic, SurdsAreComparedBeyondDoubt) {
  expect_all({{"\\sqrt{8} = 2\\sqrt{2}", 1, 0},
              {"\\sqrt{8} = 2\\sqrt{3}", 1, 1},
              {"\\frac{1}{\\sqrt{3}} = \\frac{\\sqrt{3}}{3}", 1, 0},
              {"\\sqrt[3]{27} = 3", 1, 0}});
}

TEST(Arithmetic, WhatIsNoArithmeticClaimIsLeftAlone) {
  expect_all({{"x + 5 = 12", 0, 0},
              {"Let n = 7.", 0, 0},
              {"The total in 8 boxes = 8 * 20 pieces", 0, 0},
              {"\\cos 60^\\circ = \\frac{1}{2}", 0, 0},
              {"f(3) = 9 and P(A) = 0.5", 0, 0},
              {"0.\\overline{6} = \\frac{2}{3}", 0, 0},
              {"1 + 2 + \\ldots + 100 = 5050", 0, 0},
              {"3 \\pm 1 = 4", 0, 0},
              {"5 more than 3 + 4 = 12", 0, 0},
              {"7 + 8 = 3 \\pmod{12}", 0, 0},
              {"In base 5, 3 + 4 = 12.", 0, 0},
              {"It is not true that 2 + 2 = 5.", 0, 0},
              {"Is 2 + 2 = 5?", 0, 0},
              {"The ratio is 3 : 4 = 6 : 8", 0, 0},
              {"```\nx = 2 + 2 == 5\n1 + 1 = 3\n```", 0, 0},
              {"- 3 cats\n- 4 dogs = 4 pets", 0, 0}});
}

TEST(Arithmetic, SpokenResultsAreChecked) {
  expect_all({{"17 * 3 is 51", 1, 0},
              {"17 * 3 is 52.", 1, 1},
              {"12 plus 30 equals 42", 1, 0},
              {"84 divided by 4 gives 21", 1, 0},
              {"84 divided by 4 gives 22", 1, 1},
              {"5^8 is 5 raised to the power of 8", 0, 0}});
}

TEST(Arithmetic, TwoReadingsMustBothFail) {
  expect_all({{"2\\frac{1}{2} = 2.5", 1, 0},
              {"2\\frac{1}{2} = 1", 1, 0},
              {"2\\frac{1}{2} = 3", 1, 1},
              {"-3^2 = -9", 1, 0},
              {"-3^2 = 9", 1, 0},
              {"6/2(1+2) = 9", 0, 0}});
}

TEST(Arithmetic, SpansAndReasonsPointIntoTheText) {
  const std::string text = "First, $6 \\times 7 = 43$ tiles.";
  const ArithmeticReport report = check_arithmetic(text);
  ASSERT_EQ(report.claims.size(), 1U);
  EXPECT_EQ(slice(text, report.claims[0].span), "6 \\times 7 = 43");
  EXPECT_EQ(report.claims[0].why, "6 \\times 7 is 42, not 43");
  EXPECT_EQ(report.coverage(), 1.0);
}

TEST(Arithmetic, HostileInputStaysWithinItsBudget) {
  const auto run = [](const std::string& text) { return check_arithmetic(text).contradicted; };
  EXPECT_EQ(run("2^{10^9} = 7"), 0U);
  EXPECT_EQ(run("9^9^9^9^9 = 1"), 0U);
  EXPECT_EQ(run("99999999! = 3"), 0U);
  EXPECT_EQ(run(std::string(100'000, '(') + "1 = 2"), 0U);
  EXPECT_EQ(run("2 = " + std::string(100'000, '-') + "2"), 0U);
  EXPECT_EQ(run(std::string(100'000, '9') + " + 1 = 2"), 0U);
  EXPECT_EQ(run("1/0 = 5 and 0^{-1} = 3"), 0U);
  std::string many;
  for (int i = 0; i < 20'000; ++i) many += "1 + 1 = 2\n";
  EXPECT_EQ(check_arithmetic(many).checked, 20'000U);
}

}  // namespace
}  // namespace assay::chain
