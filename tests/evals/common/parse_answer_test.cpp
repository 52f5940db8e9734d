// Answers as typed values.
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "evals/common/answer_value.h"

namespace assay::evals {
namespace {

std::string parsed(std::string_view answer) {
  const ParsedAnswer result = parse_answer(answer);
  if (result.status == ParseStatus::empty) return "empty";
  if (result.status == ParseStatus::over_budget) return "budget";
  return answer_type(result.value) + (result.value.incomplete ? "? " : " ") +
         value_text(result.value);
}

using Case = std::pair<const char*, const char*>;

void expect_all(std::initializer_list<Case> cases) {
  for (const auto& [answer, expected] : cases) EXPECT_EQ(parsed(answer), expected) << answer;
}

TEST(ParseAnswer, Numbers) {
  expect_all({{"12", "integer 12"},
              {"-7", "integer -7"},
              {"1,234,567", "integer 1234567"},
              {"1 000", "integer 1000"},
              {"2.50", "decimal 5/2"},
              {"4.5e3", "decimal 4500"},
              {"1.2 \\times 10^{-3}", "decimal 3/2500"},
              {"1.2 x 10^3", "decimal 1200"},
              {"3\\frac{1}{2}", "rational 7/2"},
              {"3 1/2", "rational 7/2"},
              {"0.1\\overline{6}", "rational 1/6"},
              {"twelve", "integer 12"},
              {"\u00BD", "rational (1/2)"},
              {"3 million", "integer 3000000"}});
}

TEST(ParseAnswer, Expressions) {
  expect_all({{"\\frac12", "rational (1/2)"},
              {"2\\sqrt{3}", "constant (2*sqrt(3))"},
              {"\\sqrt[3]{x}", "function root(x, 3)"},
              {"3+4i", "complex (3 + (4*i))"},
              {"\\sin^2 x \\cos 2y", "function ((sin(x)^2)*cos((2*y)))"},
              {"\\sin^{-1} x", "function arcsin(x)"},
              {"\\cos 2\\pi/3", "constant cos(((2*pi)/3))"},
              {"\\log_{10} 2", "constant log(2, 10)"},
              {"v^2_0", "rational function (v_{0}^2)"},
              {"k_{\\mathrm{B}}T", "rational function (k_{B}*T)"},
              {"\\binom{n}{k}", "function binomial(n, k)"},
              {"{n \\choose k}", "function binomial(n, k)"},
              {"{a \\over b}", "rational function (a/b)"},
              {"|x-2|", "function abs((x + -2))"},
              {"\\lfloor n/2 \\rfloor", "function floor((n/2))"},
              {"n!", "function n!"},
              {"x**2 + sqrt(3)*I", "function ((x^2) + (sqrt(3)*i))"},
              {"e^{it}", "function (e^(i*t))"},
              {"f(2)", "function f(2)"},
              {"x(x+1)", "rational function (x*(x + 1))"}});
}

TEST(ParseAnswer, Structures) {
  expect_all({{"(1, 2, 3)", "tuple (1, 2, 3)"},
              {"1 \\text{ or } 2", "list 1, 2"},
              {"1, 2, and 3", "list 1, 2, 3"},
              {"x = 1, 2", "list 1, 2"},
              {"\\{1, 2\\}", "set {1, 2}"},
              {"\\emptyset", "set {}"},
              {"[0, \\infty)", "interval [0, infinity)"},
              {"]0, 1[", "interval (0, 1)"},
              {"(-\\infty, 0) \\cup [1, 2)", "union (-infinity, 0) or [1, 2)"},
              {"[0, 1] U (2, 3)", "union [0, 1] or (2, 3)"},
              {"\\mathbb{R} \\setminus \\{3\\}", "union \\mathbb{R} \\setminus {3}"},
              {"\\begin{pmatrix} 1 & 2 \\\\ 3 & 4 \\end{pmatrix}", "matrix [1, 2; 3, 4]"},
              {"\\left[\\begin{array}{cc} 1 & 2 \\end{array}\\right]", "matrix [1, 2]"},
              {"[[1, 2], [3, 4]]", "matrix [1, 2; 3, 4]"},
              {"y = 2x + 3", "equation y = ((2*x) + 3)"},
              {"-2 \\le x < 7", "inequality -2 <= x < 7"},
              {"x \\in [-2, 7]", "membership x in [-2, 7]"},
              {"\\{x \\mid x > 3\\}", "inequality x > 3"},
              {"3:4", "ratio 3:4"},
              {"204_5", "base-n 204_5"},
              {"\\text{1A}_{16}", "base-n 1A_16"},
              {"1011 \\text{ base } 2", "base-n 1011_2"}});
}

TEST(ParseAnswer, UnitsChoicesAndText) {
  expect_all({{"5\\text{ cm}^2", "with unit 5 cm^2"},
              {"10 \\text{ square inches}", "with unit 10 in^2"},
              {"60 \\text{ miles per hour}", "with unit 60 mi/h"},
              {"\\$32.50", "with unit 65/2 $"},
              {"28 percent", "percent 28 %"},
              {"10\\%", "percent 10 %"},
              {"90^\\circ", "degree 90 degree"},
              {"12 apples", "with unit 12 apple"},
              {"\\text{(C)}", "choice C"},
              {"\\textbf{(C)}\\ 12", "choice C"},
              {"\\text{Evelyn}", "text evelyn"},
              {"no solution", "text nosolution"},
              {"1:03 \\text{ PM}", "text 1 03pm"}});
}

TEST(ParseAnswer, WhatIsMissingIsSaid) {
  expect_all({{"", "empty"},
              {"$$", "empty"},
              {"\\frac{}{2}", "rational? (?/2)"},
              {"x + \\unknown{3}", "text? xunknown3"},
              {"12^{", "integer 12"}});
}

TEST(ParseAnswer, KeepsToItsBudget) {
  EXPECT_EQ(parsed(std::string(100'000, '{') + "1"), "budget");
  EXPECT_EQ(parsed(std::string(100'000, '(') + "1"), "budget");
  EXPECT_EQ(parsed(std::string(1 << 20, '9')), "budget");
  EXPECT_EQ(parsed(std::string(100'000, '9')), "budget");
  EXPECT_NE(parsed(std::string(3'000, '-') + "1"), "empty");
  std::string sines;
  for (int i = 0; i < 4'000; ++i) sines += "\\sin";
  EXPECT_EQ(parsed(sines + "x"), "budget");
  std::string bars;
  for (int i = 0; i < 4'000; ++i) bars += '|';
  EXPECT_NE(parsed(bars), "");
}

}  // namespace
}  // namespace assay::evals
