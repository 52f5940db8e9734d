#include "evals/chain/milestones.h"

#include <gtest/gtest.h>

namespace assay::chain {
namespace {

TEST(Milestones, OneValueHasOneSpelling) {
  EXPECT_EQ(derived_values("a = 0.75, b = 3/4, c = \\frac{6}{8}"), ValueSet({"3/4"}));
  EXPECT_EQ(derived_values("x = 1,234.50 and y = 007, z = -3"), ValueSet({"-3", "2469/2", "7"}));
  EXPECT_EQ(derived_values("the share is = 40\\%"), ValueSet({"40"}));
  EXPECT_EQ(derived_values("pi \\approx 3.14159"), ValueSet({"314159/100000"}));
}

TEST(Milestones, ResultsStandBehindASignAVerbOrInABox) {
  EXPECT_EQ(derived_values("12 + 5 = 17, which gives 34 apples. So \\boxed{51}."),
            ValueSet({"17", "34", "51"}));
  EXPECT_EQ(derived_values("Take 7 of the 9."), ValueSet());
  EXPECT_EQ(derived_values("f = 2 \\cdot 3 = 6"), ValueSet({"6"})) << "both sides are 6";
}

TEST(Milestones, WhatIsNoExactNumberIsNoMilestone) {
  EXPECT_EQ(derived_values("y = 3x + 1, z = \\sqrt{2}, w = x^2"), ValueSet());
  EXPECT_EQ(derived_values("= = \\boxed{} = \\boxed{(1,2)} ="), ValueSet());
  EXPECT_EQ(derived_values("x = " + std::string(300, '9')), ValueSet());
  EXPECT_EQ(derived_values(""), ValueSet());
  EXPECT_EQ(derived_values("\\sqrt{49} = 7"), ValueSet({"7"}));
}

TEST(Milestones, StatedValuesHoldEveryNumberAndEveryPart) {
  EXPECT_EQ(stated_values("Take 7 of the 9."), ValueSet({"7", "9"}));
  EXPECT_EQ(stated_values("\\frac{3}{4} + 2"), ValueSet({"11/4", "2", "3", "3/4", "4"}));
  const std::string text = "We have 3 - 5 = -2, so x = -2 and \\boxed{-2}; y is 8.125.";
  for (const std::string& value : derived_values(text)) {
    EXPECT_TRUE(stated_values(text).contains(value)) << value;
  }
  EXPECT_EQ(stated_values("```\nx = 5\n```"), ValueSet()) << "code is no chain";
}

TEST(Milestones, AnyBytesAreRead) {
  std::string deep;
  for (int i = 0; i < 3000; ++i) deep += "\\frac{1+(";
  EXPECT_TRUE(stated_values("\xff\xfe = \x01" + deep).contains("1"));
  std::string wide = "x = 2";
  for (int i = 0; i < 2000; ++i) wide += "^4096*9^99";
  EXPECT_TRUE(stated_values(wide).contains("99"));
}

}  // namespace
}  // namespace assay::chain
