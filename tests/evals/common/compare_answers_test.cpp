// The comparison ladder, rung by rung.
#include "evals/common/compare_answers.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace assay::evals {
namespace {

std::string compared(std::string_view gold, std::string_view prediction) {
  const AnswerComparison result = compare_answers(gold, prediction);
  return std::string(verdict_name(result.verdict)) + " " + result.rung;
}
Verdict verdict(std::string_view gold, std::string_view prediction) {
  return compare_answers(gold, prediction).verdict;
}

using Pairs = std::vector<std::pair<const char*, const char*>>;

void expect_both_ways(const Pairs& pairs, const char* expected) {
  for (const auto& [a, b] : pairs) {
    EXPECT_EQ(compared(a, b), expected) << a << " against " << b;
    EXPECT_EQ(compared(b, a), expected) << b << " against " << a;
  }
}

TEST(CompareAnswers, NumbersExactly) {
  expect_both_ways({{"12", "12.0"},
                    {"12", "012"},
                    {"1234", "1,234.0"},
                    {"\\frac{1}{2}", "0.5"},
                    {"\\frac12", "2/4"},
                    {"3\\frac{1}{2}", "7/2"},
                    {"4", "\\sqrt{16}"},
                    {"720", "6!"},
                    {"12", "7 + 5"},
                    {"0.333\\overline{3}", "1/3"},
                    {"4.5e3", "4.5 \\times 10^{3}"},
                    {"\\frac{3}{-4}", "-0.75"},
                    {"-2", "\\sqrt[3]{-8}"},
                    {"10", "\\binom{5}{2}"}},
                   "equal rational");
  expect_both_ways({{"12", "13"}, {"12", "-12"}, {"3\\frac{1}{2}", "3/2"}, {"15", "1.5"}},
                   "not_equal rational");
}

TEST(CompareAnswers, AlgebraIsProved) {
  expect_both_ways({{"(x+1)^2", "x^2+2x+1"},
                    {"\\frac{x^2-1}{x-1}", "x+1"},
                    {"\\frac{1}{\\sqrt{2}}", "\\frac{\\sqrt2}{2}"},
                    {"\\sqrt{12}", "2\\sqrt3"},
                    {"\\frac{1}{1+\\sqrt2}", "\\sqrt2 - 1"},
                    {"\\sqrt[3]{54}", "3\\sqrt[3]{2}"},
                    {"\\frac{2+4i}{2}", "1+2i"},
                    {"\\sqrt{-4}", "2i"},
                    {"\\frac{\\pi}{2}", "0.5\\pi"},
                    {"2^{n-1}", "\\frac{2^n}{2}"},
                    {"100p^{\\frac12}", "100\\sqrt{p}"},
                    {"n \\cdot 2^{3}", "8n"}},
                   "equal algebra");
  expect_both_ways({{"x+1", "x-1"}, {"\\sqrt2 + \\sqrt3", "\\sqrt5"}, {"1+2i", "1-2i"}, {"x", "y"}},
                   "not_equal algebra");
}

TEST(CompareAnswers, ConstantsByIntervals) {
  EXPECT_EQ(compared("\\sqrt{3+2\\sqrt2}", "1+\\sqrt2"), "equal constant");
  EXPECT_EQ(compare_answers("\\sin 30^\\circ", "\\frac12").proof, proof::bits);
  EXPECT_EQ(compared("e^{\\ln 3}", "3"), "equal constant");
  EXPECT_EQ(compared("\\arctan 1", "\\frac{\\pi}{4}"), "equal constant");
  EXPECT_EQ(compared("e^{i\\pi}", "-1"), "equal constant");
  EXPECT_EQ(compared("\\cos 13^\\circ", "\\cos 14^\\circ"), "not_equal constant");
  EXPECT_EQ(compare_answers("e^\\pi", "\\pi^e").proof, proof::proved);
  EXPECT_EQ(compared("2", "\\log 100"), "equal log-base");
  EXPECT_EQ(compared("\\frac{\\log 8}{\\log 2}", "3"), "equal constant");
}

TEST(CompareAnswers, FunctionsAtPoints) {
  EXPECT_EQ(compared("\\sin 2x", "2 \\sin x \\cos x"), "equal function");
  EXPECT_EQ(compare_answers("\\sin 2x", "2 \\sin x \\cos x").proof, proof::probabilistic);
  EXPECT_EQ(compared("\\frac{n!}{k!(n-k)!}", "\\binom{n}{k}"), "equal function");
  EXPECT_EQ(compared("\\lfloor \\frac{n+1}{2} \\rfloor", "\\lceil \\frac n2 \\rceil"),
            "equal function");
  EXPECT_EQ(compared("\\sqrt{x^2}", "x"), "not_equal function");
  EXPECT_EQ(compared("\\sin x", "\\cos x"), "not_equal function");
  EXPECT_EQ(compared("4^{n}", "2^{2n}"), "equal function");
}

TEST(CompareAnswers, RoundsOnlyToADecimalGold) {
  EXPECT_EQ(compared("3.14", "\\pi"), "equal decimal");
  EXPECT_EQ(compared("3.14", "3.14159"), "equal decimal");
  EXPECT_EQ(compared("0.33", "1/3"), "equal decimal");
  EXPECT_EQ(compared("-1.41", "-\\sqrt2"), "equal decimal");
  EXPECT_EQ(verdict("\\pi", "3.14"), Verdict::not_equal);
  EXPECT_EQ(compared("\\frac13", "0.333333333333333333333333"), "not_equal rational");
  EXPECT_EQ(compared("\\sqrt2", "1.41421356"), "not_equal algebra");
  EXPECT_EQ(verdict("1/3", "0.33"), Verdict::not_equal);
  EXPECT_EQ(verdict("3.14", "3.15"), Verdict::not_equal);
  EXPECT_EQ(verdict("3.14", "3.1"), Verdict::not_equal);
  EXPECT_EQ(verdict("2.5", "2.52"), Verdict::not_equal);
  EXPECT_EQ(verdict("0.53", "0.533"), Verdict::not_equal);
}

TEST(CompareAnswers, UnitsAreOptionalNotIgnored) {
  EXPECT_EQ(compared("12", "12 apples"), "equal unit-optional");
  EXPECT_EQ(compared("12", "12\\text{ cm}^2"), "equal unit-optional");
  EXPECT_EQ(compared("12", "\\$12"), "equal unit-optional");
  EXPECT_EQ(compared("90^\\circ", "90"), "equal unit-optional");
  EXPECT_EQ(compared("5\\text{ cm}", "5\\mathrm{~cm}"), "equal identical");
  EXPECT_EQ(compared("5\\text{ cm}", "5 centimeters"), "equal rational");
  EXPECT_EQ(compared("12", "13 apples"), "not_equal unit-optional");
  EXPECT_EQ(compared("1\\text{ m}", "100\\text{ cm}"), "not_equal unit");
  EXPECT_EQ(compared("45 \\text{ units}^2", "45 cm^2"), "equal rational");
  EXPECT_EQ(compared("45 \\text{ units}^2", "45 \\text{ units}^3"), "not_equal unit");
  EXPECT_EQ(compared("10\\%", "0.1"), "equal percent");
  EXPECT_EQ(compared("10", "10\\%"), "equal unit-optional");
  EXPECT_EQ(compared("0.1", "10\\%"), "not_equal unit-optional");
  EXPECT_EQ(verdict("90^\\circ", "\\frac{\\pi}{2}"), Verdict::not_equal);
}

TEST(CompareAnswers, WordsThatChangeANumberAreNoUnits) {
  for (const char* prediction : {"12 million", "12 or 13", "12\\pi", "12 squared", "12x", "12!",
                                 "12x + 12y = 12", "x + 1 = 12", "12 = y + z"}) {
    EXPECT_EQ(verdict("12", prediction), Verdict::not_equal) << prediction;
  }
}

TEST(CompareAnswers, Structures) {
  expect_both_ways({{"(1,2)", "(1, 2.0)"},
                    {"\\begin{pmatrix} 1 \\\\ 2 \\end{pmatrix}", "(1,2)"},
                    {"1,2,3", "(1,2,3)"}},
                   "equal tuple");
  expect_both_ways({{"\\{1, 2\\}", "\\{2, 1\\}"},
                    {"1 \\pm \\sqrt2", "1+\\sqrt2, 1-\\sqrt2"},
                    {"x = 1 \\text{ or } x = 2", "2, 1"},
                    {"\\{1\\pm\\sqrt5, -2\\}", "-2, 1-\\sqrt5, 1+\\sqrt5"},
                    {"\\pm 3", "x = 3, x = -3"},
                    {"(2,1),(3,1)", "(3,1) \\text{ and } (2,1)"},
                    {"\\{5\\}", "5"}},
                   "equal set");
  expect_both_ways({{"[0, 1)", "0 \\le x < 1"},
                    {"x \\in [-2,7]", "-2 \\le x \\le 7"},
                    {"(-\\infty, 1) \\cup (2, \\infty)", "x < 1 \\text{ or } x > 2"},
                    {"(1, 3)", "1 < x < 3"},
                    {"(-\\infty,-2)\\cup(2,\\infty)", "|x| > 2"},
                    {"[-2, 2]", "|x| \\le 2"},
                    {"(1, 3)", "x > 1 \\text{ and } x < 3"},
                    {"x \\ne 3", "(-\\infty,3)\\cup(3,\\infty)"},
                    {"\\mathbb{R} \\setminus \\{3\\}", "(-\\infty,3)\\cup(3,\\infty)"},
                    {"[1, 2] \\cup [3, 4]", "[3, 4] \\cup [1, 2]"}},
                   "equal interval");
  EXPECT_EQ(compared("\\begin{pmatrix} 1/5 \\\\ 2 \\end{pmatrix}",
                     "\\begin{bmatrix} \\frac15 \\\\ 2 \\end{bmatrix}"),
            "equal matrix");
  EXPECT_EQ(compared("\\frac15 \\begin{pmatrix} 1 \\\\ 2 \\end{pmatrix}",
                     "\\begin{pmatrix} 0.2 \\\\ 0.4 \\end{pmatrix}"),
            "equal matrix");
  EXPECT_EQ(compared("2:3", "4:6"), "equal ratio");
  for (const auto& [a, b] : Pairs{{"(1,2)", "(2,1)"},
                                  {"1, 2", "1"},
                                  {"1, 2", "1, 2, 3"},
                                  {"[0,1)", "(0,1)"},
                                  {"[0,9)", "[0,1)"},
                                  {"\\{1,2\\}", "\\{1,3\\}"},
                                  {"(1,2)", "\\{1,2\\}"},
                                  {"5", "(5,5)"}}) {
    EXPECT_EQ(verdict(a, b), Verdict::not_equal) << a << " " << b;
    EXPECT_EQ(verdict(b, a), Verdict::not_equal) << a << " " << b;
  }
}

TEST(CompareAnswers, Equations) {
  expect_both_ways({{"x^2+y^2=1", "x^2 = 1-y^2"},
                    {"y = 2x + 3", "2x - y + 3 = 0"},
                    {"2x+3y=4", "4x + 6y = 8"},
                    {"y = \\frac1x", "xy = 1"}},
                   "equal equation");
  expect_both_ways({{"x = 5", "5"},
                    {"y = 2x+3", "2x + 3"},
                    {"f(x) = x^2", "x^2"},
                    {"x \\in \\{1\\}", "\\{1\\}"}},
                   "equal assignment");
  EXPECT_EQ(verdict("x = 5", "y = 5"), Verdict::not_equal);
  EXPECT_EQ(verdict("x^2+y^2=1", "x^2+y^2=2"), Verdict::not_equal);
  EXPECT_EQ(verdict("25", "m + n = 25"), Verdict::equal);
}

TEST(CompareAnswers, BasesChoicesText) {
  EXPECT_EQ(compared("204_5", "204_{5}"), "equal identical");
  EXPECT_EQ(compared("204_5", "0204_{\\text{five}}"), "equal base-n");
  EXPECT_EQ(compared("204_5", "204"), "equal base-stripped");
  EXPECT_EQ(verdict("204", "204_5"), Verdict::not_equal);
  EXPECT_EQ(verdict("204_5", "204_6"), Verdict::not_equal);
  EXPECT_EQ(compared("\\text{(C)}", "C"), "equal choice");
  EXPECT_EQ(compared("C", "\\textbf{(C)}"), "equal choice");
  EXPECT_EQ(verdict("(C)", "(D)"), Verdict::not_equal);
  EXPECT_EQ(compared("\\text{Evelyn}", "evelyn"), "equal text");
  EXPECT_EQ(compared("9:30 \\text{ a.m.}", "9:30 AM"), "equal text");
  EXPECT_EQ(compared("\\emptyset", "no real solutions"), "equal text");
  EXPECT_EQ(compared("\\text{even}", "odd"), "not_equal text");
  EXPECT_EQ(compared("12", "unknown"), "not_equal text");
  EXPECT_EQ(compared("12", "$$"), "not_equal text");
}

TEST(CompareAnswers, LettersMayBeRenamedOnlyByPolicy) {
  AnswerPolicy policy;
  EXPECT_EQ(compare_answers("2x+1", "2t+1", policy).verdict, Verdict::not_equal);
  policy.rename = true;
  EXPECT_EQ(compare_answers("2x+1", "2t+1", policy).verdict, Verdict::equal);
  EXPECT_EQ(compare_answers("2x+y", "2t+u", policy).verdict, Verdict::not_equal);
}

TEST(CompareAnswers, BothFormsAreShown) {
  const AnswerComparison result = compare_answers("2\\sqrt3", "\\sqrt{12}");
  EXPECT_EQ(result.gold_form, "(2*sqrt(3))");
  EXPECT_EQ(result.prediction_form, "sqrt(12)");
}

TEST(CompareAnswers, KeepsToItsBudget) {
  EXPECT_EQ(compared("12", std::string(1 << 20, '9')), "undecided budget");
  EXPECT_EQ(compared("12", std::string(100'000, '{') + "12"), "undecided budget");
  EXPECT_EQ(compared("12", "2^{10^{9}}"), "undecided budget");
  EXPECT_EQ(compared("12", "10^{10^{10^{10}}}"), "undecided budget");
  EXPECT_EQ(compared("12", "((((9!)!)!)!)!"), "undecided budget");
  EXPECT_EQ(compared("12", "(x+y+z+w+1)^{200}"), "undecided budget");
  EXPECT_EQ(compared("2^{10^{9}}", "2^{10^{9}}"), "equal identical");
  EXPECT_EQ(compared("0", "\\frac{1}{0}"), "not_equal undefined");
  EXPECT_EQ(compared("\\frac{1}{0}", "0"), "undecided undefined");
  EXPECT_EQ(compared("0", "\\infty - \\infty"), "undecided undefined");
  std::string many = "\\sqrt{2}";
  std::string other = "\\sqrt{3}";
  for (int i = 0; i < 300; ++i) {
    many += ",\\sqrt{" + std::to_string(i) + "}";
    other += ",\\sqrt{" + std::to_string(i + 500) + "}";
  }
  EXPECT_EQ(compared(many, other), "undecided budget");
}

/// Answers of every kind, none of them from a data set.
const std::vector<std::string>& samples() {
  static const std::vector<std::string> all = {"12",
                                               "-3.75",
                                               "\\frac{22}{7}",
                                               "1,234,567",
                                               "4\\frac{1}{3}",
                                               "2\\sqrt{13}",
                                               "\\frac{3+\\sqrt{5}}{2}",
                                               "7\\pi - 4",
                                               "3 + 8i",
                                               "x^2 - 7x + 12",
                                               "\\frac{x+2}{x-5}",
                                               "\\sin 3x",
                                               "2^{n-1}",
                                               "\\frac{(n+3)!}{n!}",
                                               "(3, -4)",
                                               "\\{1, 5, 9\\}",
                                               "2, 7",
                                               "[-1, 4)",
                                               "(-\\infty, 2) \\cup [6, \\infty)",
                                               "y = 3x - 8",
                                               "x \\in [2, 8]",
                                               "-2 \\le x < 7",
                                               "\\begin{pmatrix} 1 & 2 \\\\ 6 & 4 \\end{pmatrix}",
                                               "413_5",
                                               "45^\\circ",
                                               "35\\%",
                                               "\\$18.25",
                                               "14\\text{ cm}^2",
                                               "3:5",
                                               "1 \\pm \\sqrt{7}"};
  return all;
}

TEST(CompareAnswers, IsReflexiveAndBlindToNotation) {
  for (const std::string& answer : samples()) {
    EXPECT_EQ(verdict(answer, " $\\left.\\! " + answer + " \\right.$ ."), Verdict::equal) << answer;
    EXPECT_EQ(verdict(answer, "\\boxed{" + answer + "}"), Verdict::equal) << answer;
    EXPECT_TRUE(answer_parses(answer)) << answer;
    std::string dfrac = answer;
    for (std::size_t at = dfrac.find("\\frac"); at != std::string::npos;
         at = dfrac.find("\\frac", at + 6)) {
      dfrac.insert(at + 1, "d");
    }
    EXPECT_EQ(verdict(answer, dfrac), Verdict::equal) << dfrac;
  }
}

TEST(CompareAnswers, EveryKindMeetsEveryKind) {
  const std::vector<const char*> answers = {"7",
                                            "x",
                                            "5 \\text{ and } 7",
                                            "x > 3",
                                            "x \\ge 3 \\text{ and } 7",
                                            "x < 1 \\text{ or } x > 2",
                                            "(1, 2)",
                                            "[1, 2)",
                                            "]1, 2[",
                                            "\\{1, 2\\}",
                                            "\\{\\}",
                                            "\\{x \\mid x > 3\\}",
                                            "(1,2) \\cap 3",
                                            "1 \\cup 2",
                                            "\\{\\} \\setminus \\{1\\}",
                                            "\\mathbb{R} \\setminus \\{x\\}",
                                            "[1,2] \\setminus \\{a, b\\}",
                                            "|x| < y",
                                            "|x| > 3",
                                            "a:b:c",
                                            "\\begin{cases}\\end{cases}",
                                            "\\begin{pmatrix}\\end{pmatrix}",
                                            "\\begin{pmatrix}1\\\\2\\end{pmatrix}",
                                            "\\pm 1",
                                            "x = \\pm",
                                            "=",
                                            "==",
                                            "()",
                                            "(,)",
                                            "1,,2",
                                            "x \\in",
                                            "1 <",
                                            "\\frac",
                                            "\\infty",
                                            "1/0",
                                            "x \\approx 3",
                                            "3 \\approx",
                                            "0.333...",
                                            "\\$",
                                            "5€",
                                            "\\$",
                                            "元",
                                            "(A)",
                                            "(A) 12",
                                            "A.",
                                            "all reals",
                                            "no solution",
                                            "5 m",
                                            "m",
                                            "5\\text{/}",
                                            "101_2",
                                            "\\lim = 3",
                                            "y = 2x",
                                            "f(x) = 3 = y",
                                            "Tuesday",
                                            "10\\%",
                                            "30^\\circ",
                                            "\\sqrt{2} + i"};
  for (const char* gold : answers) {
    for (const char* prediction : answers) {
      const AnswerComparison once = compare_answers(gold, prediction);
      EXPECT_FALSE(once.rung.empty()) << gold << " against " << prediction;
      EXPECT_EQ(once.verdict, compare_answers(gold, prediction).verdict);
    }
  }
}

TEST(CompareAnswers, IsSymmetricBetweenKinds) {
  for (const std::string& a : samples()) {
    for (const std::string& b : samples()) {
      const Verdict forward = verdict(a, b);
      EXPECT_EQ(forward, verdict(b, a)) << a << " against " << b;
      EXPECT_EQ(forward == Verdict::equal, a == b) << a << " against " << b;
    }
  }
}

TEST(CompareAnswers, AChangedDigitIsNeverEqual) {
  for (const std::string& text : samples()) {
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] < '0' || text[i] > '9') continue;
      std::string changed = text;
      changed[i] = text[i] == '9' ? '8' : static_cast<char>(text[i] + 1);
      EXPECT_NE(verdict(text, changed), Verdict::equal) << text << " against " << changed;
      EXPECT_NE(verdict(changed, text), Verdict::equal) << text << " against " << changed;
    }
  }
}

TEST(CompareAnswers, PiecesThatMeetAreOneSet) {
  for (const auto& [a, b] : Pairs{{"[1,3]", "[1,2]\\cup[2,3]"},
                                  {"(0,3)", "(0,2)\\cup(1,3)"},
                                  {"[1,3]", "[1,2)\\cup\\{2\\}\\cup(2,3]"},
                                  {"(0,\\sqrt5)", "(0,\\sqrt2)\\cup(1,\\sqrt5)"},
                                  {"\\mathbb{R}", "(-\\infty,2]\\cup(2,\\infty)"},
                                  {"(-1,1)", "x>-1, x<1"},
                                  {"(-1,1)", "x>-1 and x<1"},
                                  {"(-\\infty,-1)\\cup(1,\\infty)", "x<-1, x>1"}}) {
    EXPECT_EQ(verdict(a, b), Verdict::equal) << a << " against " << b;
    EXPECT_EQ(verdict(b, a), Verdict::equal) << b << " against " << a;
  }
  for (const auto& [a, b] : Pairs{{"[1,3]", "[1,2)\\cup(2,3]"},
                                  {"(-1,1)", "x>-1 or x<1"},
                                  {"(-1,1)", "x<-1, x>1"},
                                  {"\\mathbb{R}", "(-\\infty,2)\\cup(2,\\infty)"}}) {
    EXPECT_EQ(verdict(a, b), Verdict::not_equal) << a << " against " << b;
  }
}

}  // namespace
}  // namespace assay::evals
