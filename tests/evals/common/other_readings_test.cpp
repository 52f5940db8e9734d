// Readings beside the plainest one: what they accept, and what they leave alone.
#include "evals/common/other_readings.h"

#include <gtest/gtest.h>

#include <string_view>
#include <utility>
#include <vector>

#include "core/utf8.h"
#include "evals/common/compare_answers.h"

namespace assay::evals {
namespace {

using Pairs = std::vector<std::pair<const char*, const char*>>;

void expect_all(const Pairs& pairs, Verdict verdict) {
  for (const auto& [gold, prediction] : pairs) {
    const AnswerComparison result = compare_answers(gold, prediction);
    EXPECT_EQ(verdict_name(result.verdict), verdict_name(verdict))
        << gold << " against " << prediction << ": " << result.rung;
  }
}

TEST(OtherReadings, AnApproximationLeavesItsExactSide) {
  expect_all({{"\\sqrt{7}", "\\sqrt{7} \\approx 2.65"},
              {"\\sqrt{7}", "x = \\sqrt{7} \\approx 2.65"},
              {"2.65", "\\sqrt{7} \\approx 2.65"},
              {"3", "2.9 \\approx 3"}},
             Verdict::equal);
  expect_all({{"\\sqrt{8}", "\\sqrt{7} \\approx 2.65"}, {"\\sqrt{7}", "y \\approx 2.65"}},
             Verdict::not_equal);
}

TEST(OtherReadings, SidesOfAnEquation) {
  expect_all({{"15", "15 = x"}, {"4", "\\lim_{x \\to 0} g(x) = 4"}}, Verdict::equal);
  expect_all({{"15", "16 = x"}, {"15", "15 = x + y"}, {"5", "\\lim_{x \\to 0} g(x) = 4"}},
             Verdict::not_equal);
}

TEST(OtherReadings, ALetterBehindABlankMayBeAUnit) {
  expect_all(
      {{"7", "7 m"}, {"7\\text{ s}", "7 s"}, {"2.5\\times10^3\\text{ J}", "2500 J"}, {"7 m", "7"}},
      Verdict::equal);
  expect_all({{"7", "7m"}, {"7", "7 x"}, {"7x", "7 m"}, {"7\\text{ s}", "7 m"}, {"7", "8 m"}},
             Verdict::not_equal);
}

TEST(OtherReadings, UnitsInEveryOrder) {
  expect_all({{"3\\text{ m/s}", "3\\,\\mathrm{m\\,s^{-1}}"},
              {"3\\text{ m/s}^2", "3 \\text{ m s}^{-2}"},
              {"6", "€6"},
              {"£6", "6"},
              {"6", "6元"}},
             Verdict::equal);
  expect_all({{"3\\text{ m/s}", "3\\text{ m s}"},
              {"3\\text{ m/s}", "3\\text{ m/s}^2"},
              {"6", "€7"},
              {"€6", "£6"}},
             Verdict::not_equal);
}

TEST(OtherReadings, AChoiceWithItsText) {
  expect_all({{"\\text{(D)}", "(D) 48"}, {"D", "(D)\\ 48"}, {"D", "D) 48"}, {"\\text{D}", "D. 48"}},
             Verdict::equal);
  expect_all({{"\\text{(D)}", "(C) 48"}, {"48", "(D) 49"}}, Verdict::not_equal);
}

TEST(OtherReadings, SetsOfRealNumbers) {
  expect_all({{"\\mathbb{R}", "\\text{all real numbers}"},
              {"(-\\infty,\\infty)", "\\text{all reals}"},
              {"(0,1)\\cup(1,4)", "(0,4)\\setminus\\{1\\}"},
              {"(0,4]", "[0,4]\\setminus\\{0\\}"},
              {"(-\\infty,-1)\\cup(-1,2)\\cup(2,\\infty)", "\\mathbb{R}\\setminus\\{2,-1\\}"},
              {"[5,6]", "[5,6]\\setminus\\{7\\}"}},
             Verdict::equal);
  expect_all({{"(0,4)", "(0,4)\\setminus\\{1\\}"},
              {"[0,4]", "[0,4]\\setminus\\{0\\}"},
              {"(0,1)", "\\text{all real numbers}"},
              {"x \\ge 11", "5 \\text{ and } 7"}},
             Verdict::not_equal);
}

TEST(OtherReadings, DotsBehindRepeatingDigits) {
  expect_all({{"\\frac{1}{3}", "0.333..."},
              {"\\frac{14}{11}", "1.2727\\ldots"},
              {"\\frac{1}{6}", "0.1666\\dots"}},
             Verdict::equal);
  expect_all(
      {{"\\frac{1}{3}", "0.33..."}, {"\\frac{1}{3}", "0.334..."}, {"\\frac{1}{3}", "0.333 \\dots"}},
      Verdict::not_equal);
}

TEST(OtherReadings, TwoNumbersAreNotOne) {
  expect_all({{"12", "1 2"}, {"123", "1 23"}, {"12\\text{ am}", "1 2\\text{ am}"}},
             Verdict::not_equal);
}

TEST(OtherReadings, EveryScriptIsReadWhole) {
  expect_all(
      {{"\\text{да}", "да"}, {"３４", "34"}, {"ｘ＋１", "x+1"}, {"12", "\\large 12 \\checkmark"}},
      Verdict::equal);
  expect_all({{"是", "否"}, {"\\text{José}", "\\text{Josè}"}}, Verdict::not_equal);
  for (const char* text : {"是", "１２", "5 😀", "a\xFF\xC3", "∮ 5 ⊂ x", "é^{ü}"}) {
    const AnswerComparison result = compare_answers(text, "1");
    EXPECT_EQ(utf8_valid_prefix(result.gold_form), result.gold_form.size()) << text;
  }
}

}  // namespace
}  // namespace assay::evals
