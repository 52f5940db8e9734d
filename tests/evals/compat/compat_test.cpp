// The compatibility graders: extraction, normalisation and comparison of each protocol, with the
// mistakes they are known for.
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "evals/common/compat/compat_grader.h"
#include "evals/common/compat/latex_repairs.h"
#include "evals/common/compat/minerva.h"
#include "evals/common/compat/number_words.h"
#include "evals/common/compat/prm800k.h"
#include "evals/common/compat/python_text.h"
#include "evals/common/compat/qwen_equal.h"
#include "evals/common/compat/qwen_text.h"
#include "evals/common/compat/symbolic.h"

namespace assay::evals::compat {
namespace {

TEST(CompatGraders, AreFoundByName) {
  for (const char* name : {"hendrycks", "prm800k", "qwen", "lm-eval"}) {
    ASSERT_NE(find_compat_grader(name), nullptr) << name;
    EXPECT_EQ(find_compat_grader(name)->name, name);
  }
  EXPECT_EQ(compat_graders().size(), 4U);
  EXPECT_EQ(find_compat_grader("Qwen"), nullptr);
  EXPECT_EQ(find_compat_grader(""), nullptr);
}

TEST(PythonText, FloatsAsPythonReadsThem) {
  EXPECT_EQ(python_float(" 1_000.5 "), 1000.5);
  EXPECT_EQ(python_float("-.5e1"), -5.0);
  EXPECT_EQ(python_float("5."), 5.0);
  EXPECT_TRUE(std::isinf(python_float("1e999").value_or(0)));
  EXPECT_EQ(python_float("1e-999"), 0.0);
  EXPECT_TRUE(std::isinf(python_float("-Infinity").value_or(0)));
  for (const char* bad : {"", "-", "1__0", "_1", "1_", "0x10", "1,5", "--1", "1e", "e5", "."}) {
    EXPECT_EQ(python_float(bad), std::nullopt) << bad;
  }
}

TEST(NumberWords, AsThePackageReadsThem) {
  EXPECT_EQ(number_from_words("twenty-two"), "22");
  EXPECT_EQ(number_from_words("three hundred forty two"), "342");
  EXPECT_EQ(number_from_words("two million five thousand and one"), "2005001");
  EXPECT_EQ(number_from_words("one third of them"), "1");
  EXPECT_EQ(number_from_words("two point five"), "2.5");
  EXPECT_EQ(number_from_words("007"), "7");
  EXPECT_EQ(number_from_words("x+1"), std::nullopt);
  EXPECT_EQ(number_from_words("thousand thousand"), std::nullopt);
  EXPECT_EQ(number_from_words("two thousand million"), std::nullopt);
}

CompatGrade graded(std::string_view name, std::string_view text, std::string_view gold,
                   std::string_view dataset = "math500") {
  return compat_grade(*find_compat_grader(name), text, {dataset, gold});
}

std::string qwen(std::string_view gold, std::string_view boxed) {
  const CompatGrade grade = graded("qwen", "so \\boxed{" + std::string(boxed) + "}.", gold);
  return std::string(verdict_name(grade.verdict)) + " " + grade.rung;
}

std::string hendrycks(std::string_view gold, std::string_view boxed) {
  const CompatGrade grade = graded("hendrycks", "so $\\boxed{" + std::string(boxed) + "}$", gold);
  return std::string(verdict_name(grade.verdict)) + " " + grade.rung;
}

TEST(Hendrycks, ComparesNormalisedStrings) {
  EXPECT_EQ(hendrycks("\\frac{1}{2}", "\\dfrac12"), "equal identical");
  EXPECT_EQ(hendrycks("\\frac{1}{2}", "1/2"), "equal identical");
  EXPECT_EQ(hendrycks("\\frac{1}{2}", "0.5"), "equal identical");
  EXPECT_EQ(hendrycks("\\frac{1}{4}", "0.25"), "not_equal no rule");
  EXPECT_EQ(hendrycks("5", "x = 5"), "equal identical");
  EXPECT_EQ(hendrycks("5", "5\\text{ cm}"), "equal identical");
  EXPECT_EQ(hendrycks("5", "5\\text{cm}"), "not_equal no rule");
  EXPECT_EQ(hendrycks("90", "90^{\\circ}"), "equal identical");
  EXPECT_EQ(hendrycks("50", "50\\%"), "equal identical");
  EXPECT_EQ(hendrycks("2\\sqrt{3}", "2\\sqrt3"), "equal identical");
  EXPECT_EQ(hendrycks("(1,2)", "\\left(1, 2\\right)"), "equal identical");
  EXPECT_EQ(hendrycks("1,234", "1234"), "not_equal no rule");
}

TEST(Hendrycks, FallsBackToTheRawTextWhereItsCodeFails) {
  EXPECT_EQ(hendrycks("\\sqrt", "\\sqrt"), "equal identical");
  EXPECT_EQ(hendrycks("\\frac", " \\frac"), "not_equal no rule");
  EXPECT_EQ(hendrycks("5", "5\\text{ a}\\text{ b}"), "not_equal no rule");
}

TEST(Hendrycks, ReadsTheLastBox) {
  EXPECT_EQ(graded("hendrycks", "\\boxed{1} \\boxed{2}", "2").extracted, "2");
  EXPECT_EQ(graded("hendrycks", "$\\boxed 12$ then", "12").extracted, "12");
  for (const char* text : {"the answer is 5", "\\boxed{5", "\\fbox{5}", "\\boxed", ""}) {
    const CompatGrade grade = graded("hendrycks", text, "5");
    EXPECT_EQ(grade.extracted, std::nullopt) << text;
    EXPECT_EQ(grade.rung, rung::no_answer);
    EXPECT_EQ(grade.verdict, Verdict::not_equal);
  }
}

std::string qwen_text(std::string_view completion, std::string_view dataset = "math500") {
  return qwen_extracted(completion, {dataset, "5"});
}

TEST(QwenText, TheLadder) {
  EXPECT_EQ(qwen_text("Final Answer: The final answer is $7$. I hope it is correct. \\boxed{8}"),
            "7");
  EXPECT_EQ(qwen_text("\\boxed{8} and \\boxed{9}, the answer is 3"), "9");
  EXPECT_EQ(qwen_text("\\boxed 12$ x"), "12");
  EXPECT_EQ(qwen_text("\\boxed{\\frac{1}{2} never closed"), "\\frac{1}{2}neverclosed");
  EXPECT_EQ(qwen_text("ends in boxed"), "");
  EXPECT_EQ(qwen_text("The answer is 4. The answer is 5."), "5");
  EXPECT_EQ(qwen_text("My final answer is: 6."), "6");
  EXPECT_EQ(qwen_text("so 答案是 14\n\nmore"), "14");
  EXPECT_EQ(qwen_text("we get 3, then -4,500.25 dollars"), "-4500.25");
  EXPECT_EQ(qwen_text("or .5"), "0.5");
  EXPECT_EQ(qwen_text("nothing here"), "");
}

TEST(QwenText, ChoiceDatasets) {
  EXPECT_EQ(qwen_text("I think A or B. The answer is (c).", "aqua"), "C");
  EXPECT_EQ(qwen_text("maybe D", "sat_math"), "D");
  EXPECT_EQ(qwen_text("options A and D, not E", "gpqa"), "D");
  EXPECT_EQ(qwen_extracted("it is 7: (B)", {"math500", "B"}), "B");
  EXPECT_EQ(qwen_extracted("\\boxed{A, C and x}", {"math500", "AC"}), "AC");
}

TEST(QwenText, Normalisation) {
  const auto normalised = [](std::string_view text) { return qwen_normalised(text, false); };
  EXPECT_EQ(normalised(" \\dfrac12 . "), "\\frac{1}{2}");
  EXPECT_EQ(normalised("5 \\text{ miles}"), "5");
  EXPECT_EQ(normalised("5 miles per hour"), "5");
  EXPECT_EQ(qwen_normalised("5 miles", true), "5miles");
  EXPECT_EQ(normalised("miles"), "miles");
  EXPECT_EQ(normalised("(a + 5)(b + 2)"), "(5)(2)");
  EXPECT_EQ(normalised("7 m m m"), "7");
  EXPECT_EQ(normalised("\\$12.00"), "12");
  EXPECT_EQ(normalised("12.50"), "12.50");
  EXPECT_EQ(normalised("\\text{two}"), "2");
  EXPECT_EQ(normalised("\\text{Evelyn}"), "Evelyn");
  EXPECT_EQ(normalised("x = 7"), "7");
  EXPECT_EQ(normalised("x\\in[1,2]"), "[1,2]");
  EXPECT_EQ(normalised("abc=7"), "abc=7");
  EXPECT_EQ(normalised("(-\\infty, \\infty)"), "(-\\infty,\\infty)");
  EXPECT_EQ(normalised("\\sqrt13"), "\\sqrt{13}");
  EXPECT_EQ(normalised("7/2"), "\\frac{7}{2}");
  EXPECT_EQ(normalised("\\sqrt{3}/2"), "\\frac{\\sqrt{3}}{2}");
  EXPECT_EQ(normalised("3, -10, 2"), "-10,2,3");
  EXPECT_EQ(normalised("10,000"), "0,10");
  EXPECT_EQ(normalised("\\begin{bmatrix} 1 \\\\ -2 \\end{bmatrix}"),
            "\\begin{pmatrix}1\\-2\\end{pmatrix}");
  EXPECT_EQ(normalised("12th grade"), "12");
  EXPECT_EQ(normalised("\\frac"), "\\frac");
  EXPECT_EQ(normalised(""), "");
}

TEST(QwenEqual, Tolerances) {
  EXPECT_EQ(qwen("1000", "1000.09"), "equal numeric");
  EXPECT_EQ(qwen("1000", "1000.2"), "not_equal no rule");
  EXPECT_EQ(qwen("1", "100"), "equal percent");
  EXPECT_EQ(qwen("50", "0.5"), "equal percent");
  EXPECT_EQ(qwen("15", "1,5"), "equal numeric");
  EXPECT_EQ(qwen_equal("10\\%", "0.1").rung, rung::numeric);
  EXPECT_EQ(qwen_equal("0.1", "10\\%").rung, rung::numeric);
  EXPECT_EQ(qwen_equal("C", "(c) 5").rung, rung::choice);
}

TEST(QwenEqual, Structures) {
  EXPECT_EQ(qwen("[2,\\infty)", "(2,\\infty)"), "equal elements");
  EXPECT_EQ(qwen("(1,2)", "[1,2]"), "equal elements");
  EXPECT_EQ(qwen("(1,0.5)", "(1.0,\\; 0.50004)"), "equal elements");
  EXPECT_EQ(qwen("(1,0.5)", "(1,0.50004)"), "equal elements");
  EXPECT_EQ(qwen("(1,2)", "(1,2,3)"), "not_equal no rule");
  EXPECT_EQ(qwen("\\{1,2\\}", "{1,2}"), "equal identical");
  EXPECT_EQ(qwen("\\begin{pmatrix}1&2.5\\\\3&4\\end{pmatrix}",
                 "\\begin{bmatrix}1 & 2.50001 \\\\ 3 & 4\\end{bmatrix}"),
            "equal elements");
  EXPECT_EQ(qwen_equal("5", "k=5").verdict, Verdict::equal);
  EXPECT_EQ(qwen_equal("k=5", "5").verdict, Verdict::equal);
}

std::string verdict(std::string_view name, std::string_view gold, std::string_view prediction) {
  const CompatGrader& grader = *find_compat_grader(name);
  const CompatComparison result = grader.equal(grader.gold(gold, ""), prediction);
  return std::string(verdict_name(result.verdict)) + " " + result.rung;
}

TEST(Prm800k, IsStrictAboutIntegersAndFractions) {
  EXPECT_EQ(verdict("prm800k", "\\frac{1}{2}", "\\dfrac{1}{2}"), "equal identical");
  EXPECT_EQ(verdict("prm800k", "\\frac{1}{2}", "\\frac{2}{4}"), "not_equal no rule");
  EXPECT_EQ(verdict("prm800k", "\\frac{1}{4}", "0.25"), "equal symbolic");
  EXPECT_EQ(verdict("prm800k", "12", "7 + 5"), "not_equal integer");
  EXPECT_EQ(verdict("prm800k", "1,000", "1000"), "equal identical");
  EXPECT_EQ(verdict("prm800k", "11,111,111,110", "11111111110"), "not_equal integer");
  EXPECT_EQ(verdict("prm800k", "2045", "204_5"), "equal identical");
}

TEST(Prm800k, DropsUnitsAndReadsLatexAsText) {
  EXPECT_EQ(verdict("prm800k", "5", "5\\text{ inches}^2"), "equal identical");
  EXPECT_EQ(verdict("prm800k", "5", "5 minutes"), "equal identical");
  EXPECT_EQ(verdict("prm800k", "\\text{Evelyn}", "evelyn"), "equal identical");
  EXPECT_EQ(verdict("prm800k", "2\\sqrt{3}", "\\sqrt{12}"), "equal symbolic");
  EXPECT_EQ(verdict("prm800k", "3\\frac{1}{2}", "\\frac{7}{2}"), "equal symbolic");
  EXPECT_EQ(verdict("prm800k", "\\frac{x+1}{2}", "x+\\frac{1}{2}"),
            "equal identical");  // its mistake
  EXPECT_EQ(verdict("prm800k", "x^2+2x+1", "(x+1)^2"), "equal symbolic");
  EXPECT_EQ(verdict("prm800k", "x^{10}", "x^{4} x^{6}"), "not_equal no rule");
  EXPECT_EQ(verdict("prm800k", "a+b+c", "c+b+a"), "not_equal no rule");
  EXPECT_EQ(prm800k_normalised("\\begin{pmatrix} 1 & 2 \\\\ 3 & 4 \\end{pmatrix}"), "[1+2;3+4]");
}

TEST(Prm800k, Tuples) {
  EXPECT_EQ(verdict("prm800k", "(1,\\frac{1}{4})", "(1, 0.25)"), "equal elements");
  EXPECT_EQ(verdict("prm800k", "(x,\\frac{1}{4})", "(x, 0.25)"), "equal elements");
  EXPECT_EQ(verdict("prm800k", "[2,\\infty)", "(2,\\infty)"), "not_equal no rule");
  EXPECT_EQ(verdict("prm800k", "(1,2)", "(1,2,3)"), "not_equal no rule");
}

TEST(Prm800k, ReadsItsOwnHeading) {
  EXPECT_EQ(graded("prm800k", "steps\n\n# Answer\n\n12\n", "12").extracted, "12");
  EXPECT_EQ(graded("prm800k", "so \\boxed{7}", "7").verdict, Verdict::equal);
  EXPECT_EQ(graded("prm800k", "so 7", "7").extracted, std::nullopt);
}

TEST(LmEval, ReadsItsFinalSentence) {
  const auto read = [](std::string_view text) { return graded("lm-eval", text, "5").extracted; };
  EXPECT_EQ(read("Final Answer: The final answer is $\\frac12$. I hope it is correct."),
            "\\frac{1}{2}");
  EXPECT_EQ(read("Final Answer: The final answer is 5. "), "5");
  EXPECT_EQ(read("Final Answer: The final answer is 5\n. I hope it is correct."), std::nullopt);
  EXPECT_EQ(read("The final answer is 5. I hope it is correct."), std::nullopt);
  EXPECT_EQ(read("\\boxed{5}"), std::nullopt);
}

TEST(LmEval, Normalisation) {
  EXPECT_EQ(minerva_normalised("x = 5\\text{ dollars}"), "5");
  EXPECT_EQ(minerva_normalised("the answer $7$ is"), "7");
  EXPECT_EQ(minerva_normalised("\\text{Evelyn}"), "Evelyn");
  EXPECT_EQ(minerva_normalised("\\frac12\\sqrt3"), "\\frac{1}{2}\\sqrt{3}");
  EXPECT_EQ(minerva_normalised("10,000"), "10000");
  EXPECT_EQ(minerva_normalised("90^\\circ"), "90");
  EXPECT_EQ(minerva_normalised("\\boxed{3}"), "3");
}

TEST(LmEval, IsWrongWhereSympyCannotRead) {
  EXPECT_EQ(verdict("lm-eval", "\\frac{1}{2}", "0.5"), "equal symbolic");
  EXPECT_EQ(verdict("lm-eval", "x^2+2x+1", "(x+1)^2"), "equal symbolic");
  EXPECT_EQ(verdict("lm-eval", "4", "4,\\frac{7}{2}"), "equal symbolic");  // its mistake
  EXPECT_EQ(verdict("lm-eval", "(1,2)", "(1,2)"), "not_equal no rule");
  EXPECT_EQ(verdict("lm-eval", "\\infty", "\\infty"), "not_equal no rule");
  EXPECT_EQ(verdict("lm-eval", "x<5", "x<5"), "not_equal no rule");
  EXPECT_EQ(verdict("lm-eval", "1000", "1000.05"), "not_equal no rule");
  EXPECT_EQ(verdict("lm-eval", "01", "01"), "not_equal no rule");
}

std::string sympy(std::string_view a, std::string_view b) {
  const Sameness sameness = symbolic_equal(a, b);
  return sameness == Sameness::same     ? "same"
         : sameness == Sameness::budget ? "budget"
                                        : "different";
}

TEST(Symbolic, ReadsTheLongestPrefix) {
  for (const auto& [text, read] :
       std::initializer_list<std::pair<const char*, const char*>>{{"4,\\frac{7}{2}", "4"},
                                                                  {"1+2+", "3"},
                                                                  {"x^-1", "x"},
                                                                  {"12^{\\mathrm{}}", "12"},
                                                                  {"2(3", "2"},
                                                                  {"1,2345", "1234\\cdot5"},
                                                                  {"2x3", "6"},
                                                                  {"5)(2", "5"},
                                                                  {"12_8", "12"}}) {
    EXPECT_EQ(sympy(text, read), "same") << text;
  }
  for (const char* text : {"(2,3)", "\\sqrt{3", "5\\%", "1<x<3", "x=", "(1+)", "2\\ 3", ""}) {
    EXPECT_EQ(sympy(text, "2"), "different") << text;
  }
}

TEST(Symbolic, AnIndexOfALogarithmLeavesItsArgument) {
  const auto equal = [](const char* grader, const char* gold, const char* prediction) {
    const CompatGrader& g = *find_compat_grader(grader);
    return verdict_name(g.equal(g.gold(gold, ""), g.gold(prediction, "")).verdict);
  };
  EXPECT_EQ(equal("qwen", "3", "\\log_2 8"), "equal");
  EXPECT_EQ(equal("lm-eval", "\\log_3 5", "\\frac{\\ln 5}{\\ln 3}"), "equal");
  EXPECT_EQ(equal("lm-eval", "\\log_3 5", "\\log_3 7"), "not_equal");
  EXPECT_EQ(equal("lm-eval", "2", "\\log_{5}25"), "equal");
  EXPECT_EQ(equal("prm800k", "0.125", "1.25e-1"), "equal");
  EXPECT_EQ(equal("prm800k", "0.125", "1.25e-2"), "not_equal");
}

TEST(Symbolic, LettersAreVariablesAndCallsAreFunctions) {
  EXPECT_EQ(sympy("x(x+1)", "x^2+x"), "different");
  EXPECT_EQ(sympy("(x+1)x", "x^2+x"), "same");
  EXPECT_EQ(sympy("\\pi", "3.14159265358979"), "different");
  EXPECT_EQ(sympy("i^2", "-1"), "different");
  EXPECT_EQ(sympy("abc", "cab"), "same");
  EXPECT_EQ(sympy("f(x)=2x", "2x=f(x)"), "same");
  EXPECT_EQ(sympy("x<5", "x>5"), "same");  // its mistake
  EXPECT_EQ(sympy("\\frac{dM}{dt}", "0"), "same");
}

TEST(Symbolic, IdentitiesHoldEverywhereOrNotAtAll) {
  EXPECT_EQ(sympy("\\frac{x}{7}+\\frac{2}{7}", "\\frac{x+2}{7}"), "same");
  EXPECT_EQ(sympy("\\sec^2(y)", "\\tan^2(y)+1"), "same");
  EXPECT_EQ(sympy("\\frac{1}{\\sqrt{3}}", "\\frac{\\sqrt{3}}{3}"), "same");
  EXPECT_EQ(sympy("\\sqrt{x^2}", "x"), "different");
  EXPECT_EQ(sympy("\\ln\\frac{1}{x}", "-\\ln x"), "different");
  EXPECT_EQ(sympy("\\lfloor\\frac{2n-1}{5}\\rfloor", "\\lfloor\\frac{n}{2}\\rfloor"), "different");
  EXPECT_EQ(sympy("85.71", "\\frac{600}{7}"), "same");  // within 1e-4
  EXPECT_EQ(sympy("85.7", "\\frac{600}{7}"), "different");
  EXPECT_EQ(sympy("\\sin^{-1}x", "\\arcsin x"), "same");
  EXPECT_EQ(sympy("\\log_{2}{8}", "3"), "same");
  EXPECT_EQ(sympy("\\binom{5}{2}", "10"), "same");
  EXPECT_EQ(sympy("x!", "y!"), "different");
  EXPECT_EQ(sympy("1/0", "2/0"), "different");
  EXPECT_EQ(sympy("{2,1}", "{1,2}"), "same");
}

TEST(Symbolic, BoundsItsWork) {
  std::string nested;
  for (int i = 0; i < 150; ++i) nested += "x(";
  EXPECT_EQ(sympy(nested, "x"), "budget");
  EXPECT_EQ(sympy(std::string(5'000, '1'), "x"), "budget");
  EXPECT_EQ(sympy("\\sin(10^{10^{10}})", "1"), "different");
  EXPECT_EQ(sympy("10^{10^{10^{10}}}", "1"), "different");
}

TEST(CompatGraders, TakeAnyBytes) {
  const std::string hostile[] = {std::string(20'000, '('),
                                 std::string(20'000, '{'),
                                 std::string("\xFF\xFE\x80\0x", 5),
                                 "\\boxed{" + std::string(20'000, '\\') + "}",
                                 "\\boxed{((((((1,2),3),4),5),6),7)}",
                                 "\\boxed{\\begin{pmatrix}\\end{pmatrix}}",
                                 "\\boxed{%}",
                                 "\\boxed{=}",
                                 "\\boxed{()}",
                                 "\\boxed{\xE2\x88}",
                                 std::string(5'000, 'm') + " m m m"};
  for (const CompatGrader& grader : compat_graders()) {
    for (const std::string& text : hostile) {
      for (const std::string& gold : hostile) compat_grade(grader, text, {"math500", gold});
      compat_grade(grader, text, {});
    }
  }
}

}  // namespace
}  // namespace assay::evals::compat
