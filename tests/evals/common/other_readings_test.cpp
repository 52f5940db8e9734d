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

TEST(OtherReadings, ARunOfDigitsAndCommasIsANumberOrAList) {
  expect_all({{"27,54,108,135", "27, 54, 108, 135"},
              {"1,2,100", "1, 2, 100"},
              {"7,11,13,100", "7, 11, 13, 100"},
              {"12,34,567", "12, 34, 567"},
              {"5,7,100", "7,5,100"},
              {"0,100,200", "0, 100, 200"},
              {"1234,567", "1234, 567"},
              {"1,234,567.5", "1234567.5"},
              {"1,000, 2,000", "1000, 2000"},
              // Both readings are open.
              {"100,200,300", "100200300"},
              {"100,200,300", "100, 200, 300"},
              {"\\{100,200\\}", "100,200"},
              {"5, 120", "5,120"},
              {"5,120", "5120"}},
             Verdict::equal);
  expect_all({{"27,54,108,135", "54108135"},
              {"100,200,300", "100, 200, 301"},
              {"100,200,300", "100, 200300"},
              {"5,120", "120, 6"},
              {"1,000", "1, 0"},
              {"1,000", "1"}},
             Verdict::not_equal);
}

TEST(OtherReadings, ThinSpacesAroundAThousandsSeparator) {
  expect_all({{"11,\\! 111,\\! 111,\\! 100", "11111111100"},
              {"11,\\!111, \\! 111,\\!100", "11,111,111,100"},
              {"(1,\\!000, 2)", "(1000, 2)"}},
             Verdict::equal);
  expect_all({{"1,\\! 00", "100"}, {"1,\\!0000", "10000"}}, Verdict::not_equal);
}

TEST(OtherReadings, SeveralLettersAreNoChoice) {
  expect_all({{"B", "A or B"},
              {"6", "A or 6"},
              {"C", "\\text{A or C}"},
              {"A", "(A) or (B)"},
              {"A", "\\text{(A) or (B)}"},
              {"A", "A, B"},
              {"B", "B and C"},
              {"D", "D or E"}},
             Verdict::not_equal);
  expect_all({{"\\text{parabola}", "a parabola"},
              {"\\text{(B)}", "\\textbf{(B)}\\ 12"},
              {"B", "(B) I and II"},
              {"A, B", "A and B"}},
             Verdict::equal);
}

TEST(OtherReadings, CoordinatesByTheirNames) {
  expect_all({{"(2,3)", "y=3, x=2"},
              {"(2,3)", "x=2, y=3"},
              {"(1,2)", "(y,x)=(2,1)"},
              {"(1,2,3)", "z=3, y=2, x=1"},
              {"(1,2)", "x_2=2, x_1=1"},
              {"(3,4)", "n=4, m=3"},
              {"(x,y)=(1,2)", "(y,x)=(2,1)"},
              {"x=1, y=2", "(y,x)=(2,1)"},
              {"(x,y)=(1,2)", "y=2 and x=1"},
              // No order of these names is known: as written.
              {"(2,3)", "m=2, b=3"},
              {"(2,\\pi)", "r=2, \\theta=\\pi"}},
             Verdict::equal);
  expect_all({{"(2,3)", "y=2, x=3"},
              {"(1,2)", "(y,x)=(1,2)"},
              {"(5,7)", "(q,p)=(5,7)"},
              {"(2,3)", "(x=3, y=2)"},
              {"x=1, y=2", "(x,y)=(2,1)"},
              {"(2,3)", "x=2, x=3"}},
             Verdict::not_equal);
}

}  // namespace
}  // namespace assay::evals
