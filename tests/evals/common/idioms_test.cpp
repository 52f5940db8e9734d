// Answers in words, in other notations and in sentences: what is read, and what must not be equal.
#include "evals/common/answer_idioms.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "evals/common/compare_answers.h"
#include "evals/common/extract_answer.h"
#include "evals/common/number_words.h"

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

TEST(Idioms, ExponentsTakeAllTheirDigits) {
  expect_all({{"4096", "2^12"},
              {"4096", "2**12"},
              {"3.1\\times10^{15}", "3.1*10^15"},
              {"3^{0.5}", "\\sqrt3"},
              {"7\\sqrt5", "7*5^0.5"},
              {"x^{12}", "x^12"},
              {"x_{12}", "x_12"},
              {"\\log_{10} 7", "\\log_10 7"},
              {"\\log_2 8", "\\log_28"}},
             Verdict::equal);
  expect_all({{"4096", "2^11"}, {"x^{12}", "2x"}, {"\\frac12", "\\frac{12}{1}"}},
             Verdict::not_equal);
}

TEST(Idioms, Numerals) {
  expect_all({{"340", "three hundred forty"},
              {"340", "three hundred and forty"},
              {"21", "twenty-one"},
              {"1000000", "one million"},
              {"2500", "two thousand five hundred"},
              {"\\frac34", "three fourths"},
              {"\\frac23", "two-thirds"},
              {"\\frac12", "one half"},
              {"\\frac52", "two and a half"},
              {"-9", "minus nine"},
              {"-9", "negative 9"},
              {"12", "twelve apples"},
              {"2, 3", "two and three"}},
             Verdict::equal);
  expect_all({{"340", "three hundred fourteen"},
              {"\\frac34", "three fifths"},
              {"9", "minus nine"},
              {"5", "two and three"},
              {"\\text{negative}", "9"}},
             Verdict::not_equal);
  EXPECT_FALSE(number_in_words({}).has_value());
}

TEST(Idioms, OrdinalsAndDegrees) {
  expect_all({{"9", "9th"},
              {"9", "9^{\\text{th}}"},
              {"9", "9^{th}"},
              {"21", "21st"},
              {"11", "11th grade"},
              {"35^\\circ", "35^o"},
              {"35^\\circ", "35^{\\text{o}}"}},
             Verdict::equal);
  expect_all({{"9", "8th"}, {"35^\\circ", "34^o"}, {"35^\\circ", "35^0"}}, Verdict::not_equal);
}

TEST(Idioms, CombinationsAndArrangements) {
  expect_all({{"210", "^{10}C_4"},
              {"210", "{}_{10}C_4"},
              {"210", "10C4"},
              {"210", "C_{10}^{4}"},
              {"210", "C(10, 4)"},
              {"5040", "^{10}P_4"},
              {"5040", "A_{10}^4"}},
             Verdict::equal);
  expect_all({{"210", "^{10}C_3"}, {"210", "^{10}P_4"}, {"C_1", "1"}}, Verdict::not_equal);
}

TEST(Idioms, RarerNotation) {
  expect_all({{"\\sqrt[3]{5}", "\\root 3 \\of 5"},
              {"\\log_2 5", "log2(5)"},
              {"\\frac{1}{6}", "0.1(6)"},
              {"\\frac{1}{3}", "0.(3)"},
              {"x\\neq 4", "x \\not= 4"},
              {"\\mathbb{R}", "\\Bbb{R}"},
              {"110_2", "110_{(2)}"},
              {"110_2", "110 (base 2)"},
              {"2:7", "2 to 7"},
              {"35\\%", "35 per cent"},
              {"240", "Rs. 240"},
              {"52100", "52~100"},
              {"5 \\pmod{9}", "a \\equiv 5 (mod 9)"},
              {"a \\equiv 5 \\pmod{9}", "a\\equiv5\\ (\\text{mod }9)"},
              {"\\text{(D)}", "option D"},
              {"\\text{(D)}", "Choice (D)"},
              {"\\text{(D)}", "d"},
              {"\\text{circle}", "a circle"},
              {"\\text{circle}", "The circle"}},
             Verdict::equal);
  expect_all({{"\\sqrt[3]{5}", "\\root 5 \\of 3"},
              {"\\frac{1}{6}", "0.1(7)"},
              {"110_2", "110_{(3)}"},
              {"2:7", "7 to 2"},
              {"5 \\pmod{9}", "a \\equiv 4 \\pmod 9"},
              {"5 \\pmod{9}", "a \\equiv 5 \\pmod 8"},
              {"\\text{(D)}", "option C"},
              {"\\text{(D)}", "c"},
              {"\\text{circle}", "a square"}},
             Verdict::not_equal);
}

TEST(Idioms, UnitsWithLetters) {
  expect_all({{"24", "24 m/s"},
              {"24", "24 m³"},
              {"24", "24\\frac{\\text{m}}{\\text{s}}"},
              {"9\\text{ m/s}", "9\\,\\frac{m}{s}"},
              {"9\\text{ m/s}", "9\\ \\mathrm{ms}^{-1}"},
              {"16\\text{ square meters}", "16 m^2"},
              {"16\\text{ square meters}", "16 sq. m"},
              {"31", "31 years old"}},
             Verdict::equal);
  expect_all({{"24", "25 m/s"},
              {"9\\text{ m/s}", "9 m"},
              {"16\\text{ square meters}", "16 m^3"},
              {"24", "24m"},
              {"24", "24 x/y"},
              {"24m", "24"}},
             Verdict::not_equal);
}

TEST(Idioms, CompoundQuantitiesCountWithAllParts) {
  expect_all({{"2 hours 30 minutes", "2 hours and 30 minutes"},
              {"5\\text{ feet }6\\text{ inches}", "5 ft 6 in"}},
             Verdict::equal);
  expect_all({{"2 hours 30 minutes", "3 hours 30 minutes"},
              {"2 hours 30 minutes", "30"},
              {"5 ft 6 in", "5 ft 7 in"}},
             Verdict::not_equal);
  EXPECT_EQ(answer_in("3 red and 2 blue marbles"), "3 red and 2 blue marbles");
}

TEST(Idioms, VectorsAndPoints) {
  expect_all({{"\\begin{pmatrix}4\\\\-5\\end{pmatrix}", "4\\mathbf{i} - 5\\mathbf{j}"},
              {"(4, 0, 1)", "4\\hat{i} + \\hat{k}"},
              {"(4,-5)", "(4,-5)^T"},
              {"(4,-5)", "Q(4,-5)"},
              {"\\hat{i}+2\\hat{j}", "\\vec{i}+2\\vec{j}"}},
             Verdict::equal);
  expect_all(
      {{"(4,-5)", "4\\mathbf{i} + 5\\mathbf{j}"},
       {"(4,-5)", "5i - 4j"},
       {"(4,-5)", "4i - 5j + k"},
       {"(4,-5)", "Q(4,5)"},
       {"\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}", "\\begin{pmatrix}1&3\\\\2&4\\end{pmatrix}"}},
      Verdict::not_equal);
}

TEST(Idioms, Determinants) {
  expect_all({{"-11", "\\begin{vmatrix}1&4\\\\3&1\\end{vmatrix}"},
              {"-11", "\\det\\begin{pmatrix}1&4\\\\3&1\\end{pmatrix}"},
              {"ad-bc", "\\left|\\begin{array}{cc}a&b\\\\c&d\\end{array}\\right|"},
              {"0", "\\begin{vmatrix}1&2&3\\\\4&5&6\\\\7&8&9\\end{vmatrix}"}},
             Verdict::equal);
  expect_all(
      {{"\\begin{pmatrix}1&4\\\\3&1\\end{pmatrix}", "\\begin{vmatrix}1&4\\\\3&1\\end{vmatrix}"},
       {"11", "\\begin{vmatrix}1&4\\\\3&1\\end{vmatrix}"}},
      Verdict::not_equal);
}

TEST(Idioms, SetsOfReals) {
  expect_all({{"(-\\infty,-3)\\cup(3,\\infty)", "\\mathbb{R}\\setminus[-3,3]"},
              {"(-\\infty,-3]\\cup[3,\\infty)", "\\mathbb{R}\\setminus(-3,3)"},
              {"(-\\infty,5)\\cup(5,\\infty)", "\\mathbb{R}-\\{5\\}"},
              {"(-\\infty,-3)\\cup(3,\\infty)", "(-\\infty,-3)\\text{ and }(3,\\infty)"}},
             Verdict::equal);
  expect_all({{"(-\\infty,-3)\\cup(3,\\infty)", "\\mathbb{R}\\setminus(-3,3)"},
              {"(-\\infty,5)\\cup(5,\\infty)", "\\mathbb{R}-\\{4\\}"}},
             Verdict::not_equal);
}

TEST(Idioms, FunctionsThatAgreeNearZeroOnly) {
  expect_all({{"|x-3|", "3-x"},
              {"|x-20|", "20-x"},
              {"\\lfloor x\\rfloor", "\\lceil x\\rceil"},
              {"\\lfloor x\\rfloor", "x"},
              {"\\max(x, 5)", "5"}},
             Verdict::not_equal);
  expect_all({{"|x-3|", "|3-x|"},
              {"\\lceil x\\rceil", "-\\lfloor -x\\rfloor"},
              {"\\arcsin x", "\\frac{\\pi}{2}-\\arccos x"},
              {"y=\\pm\\frac32 x", "y = \\pm\\frac{3x}{2}"}},
             Verdict::equal);
  expect_all({{"y=\\pm\\frac32 x", "y = \\pm\\frac{2x}{3}"}}, Verdict::not_equal);
}

TEST(Idioms, WordsAroundAnAnswer) {
  expect_all({{"26", "exactly 26"},
              {"26", "26 times"},
              {"26", "There are 26"},
              {"26", "\\$26 a day"},
              {"\\text{Monday}", "It is Monday"},
              {"\\sqrt[3]{7}", "the cube root of 7"},
              {"\\frac72", "3 and a half"},
              {"41000", "41k"},
              {"41000", "\\$41K"},
              {"7:45", "7:45 pm"},
              {"7:45\\text{ p.m.}", "7:45"},
              {"1, 2", "1 & 2"},
              {"2\\pi k", "x = 2\\pi k, k\\in\\mathbb{Z}"}},
             Verdict::equal);
  expect_all({{"26", "27 times"},
              {"7", "the cube root of 7"},
              {"41000", "41"},
              {"41k", "41000x"},
              {"7:45\\text{ a.m.}", "7:45 pm"},
              {"26", "26 million"}},
             Verdict::not_equal);
  EXPECT_EQ(answer_in("the reciprocal of 5"), "the reciprocal of 5");
}

TEST(Idioms, UnitsOfPhysics) {
  expect_all({{"8\\,\\Omega", "8 ohms"},
              {"8", "8 Ω"},
              {"3.2\\times10^{-19}", "3.2 \\times 10^{-19} C"},
              {"36^\\circ\\text{C}", "36"},
              {"36^\\circ\\text{C}", "36 degrees Celsius"},
              {"90\\text{ km/h}", "90 kmph"}},
             Verdict::equal);
  expect_all({{"36^\\circ\\text{C}", "36°F"}, {"8 \\Omega", "9 ohms"}}, Verdict::not_equal);
}

TEST(Idioms, ComplexNumbersByAngleAndNamedSets) {
  expect_all({{"e^{2\\pi i/3}", "\\operatorname{cis}\\frac{2\\pi}{3}"},
              {"3i", "3\\text{cis}\\,90^\\circ"},
              {"\\max(a,b)", "\\max\\{b,a\\}"},
              {"(0,\\infty)", "\\mathbb{R}^+"},
              {"(0,\\infty)", "all positive real numbers"},
              {"[0,\\infty)", "\\mathbb{R}_{\\ge 0}"},
              {"\\mathbb{Z}", "all integers"},
              {"\\{2\\}\\cup[5,\\infty)", "x=2\\text{ or }x\\ge5"},
              {"(2,1),(-2,1)", "(\\pm 2, 1)"},
              {"\\begin{pmatrix}2\\\\-1\\end{pmatrix}", "[2,-1]"}},
             Verdict::equal);
  expect_all({{"3i", "3\\text{cis}\\,180^\\circ"},
              {"[0,\\infty)", "\\mathbb{R}^+"},
              {"\\mathbb{Z}", "all real numbers"},
              {"(2,1),(-2,1)", "(\\pm 2, 3)"},
              {"\\{2\\}\\cup[5,\\infty)", "x=3\\text{ or }x\\ge5"}},
             Verdict::not_equal);
}

TEST(Idioms, ThousandsAreNoDecimals) {
  expect_all({{"1,080", "1080.0"}, {"0,080", "0.08"}, {"1,5", "1.5"}}, Verdict::equal);
  expect_all({{"1,080", "1.080"}, {"1,080", "1.08"}}, Verdict::not_equal);
}

TEST(Idioms, SystemsCasesAndAbsoluteValues) {
  expect_all({{"x=1, y=2", "\\begin{aligned}x&=1\\\\y&=2\\end{aligned}"},
              {"\\begin{cases}x&x>0\\\\-x&x<0\\end{cases}",
               "\\begin{cases}x&\\text{if }x>0\\\\-x&\\text{if }x<0\\end{cases}"},
              {"(-2,4)", "|x-1|<3"},
              {"(-\\infty,-5]\\cup[1,\\infty)", "|x+2|\\ge 3"}},
             Verdict::equal);
  expect_all({{"(-2,4)", "|x+1|<3"}, {"(-2,4)", "|x-1|\\le3"}}, Verdict::not_equal);
}

// --- sentences ---

std::string extracted(const char* text) {
  const auto answer = extract_answer(text);
  return answer ? answer->text : "(none)";
}

TEST(Phrases, HeadingsElementsAndAppositions) {
  EXPECT_EQ(extracted("work\n\n## Answer\n\n17"), "17");
  EXPECT_EQ(extracted("work\n**Final Answer**\n$\\frac17$"), "\\frac17");
  EXPECT_EQ(extracted("work\n<answer>17</answer>"), "17");
  EXPECT_EQ(extracted("<answer> x = 17 </answer> done"), "x = 17");
  EXPECT_EQ(extracted("<answer>\\boxed{17}</answer>"), "17");
  EXPECT_EQ(extracted("<answer>The answer is 17.</answer>"), "17");
  EXPECT_EQ(extracted("The answer to this question is 17."), "17");
  EXPECT_EQ(extracted("The answer would be 17."), "17");
  EXPECT_EQ(extracted("the answers are 3 and 4."), "3 and 4");
  EXPECT_EQ(extracted("Answer = 17"), "17");
  EXPECT_EQ(extracted("I answered 17 questions"), "(none)");
  EXPECT_EQ(extracted("an answer\nthat is long"), "(none)");
}

TEST(Phrases, OtherLanguages) {
  EXPECT_EQ(extracted("所以答案是17。"), "17");
  EXPECT_EQ(extracted("最终答案：$17$"), "17");
  EXPECT_EQ(extracted("Die Antwort lautet 17."), "17");
  EXPECT_EQ(extracted("Antwort: 17"), "17");
  EXPECT_EQ(extracted("La respuesta es $x=17$."), "x=17");
  EXPECT_EQ(extracted("La réponse est 17."), "17");
  EXPECT_EQ(extracted("Ответ: 17"), "17");
  EXPECT_EQ(extracted("정답은 17"), "17");
  EXPECT_EQ(extracted("Antwortbogen"), "(none)");
}

TEST(Phrases, ManyOfThemAreReadInLinearTime) {
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += "the answer to ";
  EXPECT_FALSE(extract_answer(text));  // quadratic, this would take minutes
}

TEST(Phrases, BoxesInBoxesAndSeveralBoxes) {
  EXPECT_EQ(answer_in("\\boxed{\\boxed{17}}"), "17");
  EXPECT_EQ(answer_in("\\boxed{16}, no, \\boxed{17}", true), "17");
  EXPECT_EQ(answer_in("\\boxed{16} and \\boxed{17}"), "16, 17");
  EXPECT_TRUE(asks_for_list("1, 2"));
  EXPECT_TRUE(asks_for_list("\\pm 2"));
  EXPECT_FALSE(asks_for_list("(1, 2)"));
}

TEST(Idioms, LabelsAsidesAndQualifiers) {
  expect_all({{"12", "\\text{Sarah: } 12"},
              {"10", "Total: 10"},
              {"18", "Total cost: $18"},
              {"12", "12\\text{ apples left over}"},
              {"5", "5 in total"},
              {"14", "14\\text{ (rounded)}"},
              {"10", "10 (ten)"},
              {"6", "six (6)"},
              {"25", "25\\% profit"},
              {"\\frac{e^{at}+e^{-at}}{2}", "\\cosh(at)"},
              {"14", "14/\\text{hour}"},
              {"18", "$18/day"},
              {"5^\\circ", "5 degrees Celsius"},
              {"101_2", "101 (base 2)"},
              {"5 \\pmod 7", "5 (mod 7)"}},
             Verdict::equal);
  expect_all({{"12", "Total: 13"},
              {"10", "Monday: 10, Tuesday: 12"},
              {"10", "10 (nine)"},
              {"10", "nine (10)"},
              {"5 degrees Celsius", "5 degrees Fahrenheit"},
              {"14", "15/\\text{hour}"},
              {"2", "2/x"}},
             Verdict::not_equal);
}

TEST(Idioms, ADollarWithoutAPartnerIsMoney) {
  expect_all({{"$5", "5"}, {"$5", "\\$5"}, {"$5$", "5"}, {"$5$ or $6$", "5, 6"}}, Verdict::equal);
  expect_all({{"$5", "\u20AC5"}, {"$5", "5 cents"}, {"$5", "$6"}}, Verdict::not_equal);
}

}  // namespace
}  // namespace assay::evals
