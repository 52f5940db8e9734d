// Extraction, tokens and comparison of answers.
#include <gtest/gtest.h>

#include <string>

#include "evals/common/answer_tokens.h"
#include "evals/common/answer_zone.h"
#include "evals/common/compare_answers.h"
#include "evals/common/extract_answer.h"

namespace assay::evals {
namespace {

std::string extracted(std::string_view text) {
  const auto answer = extract_answer(text);
  if (!answer) return "(none)";
  EXPECT_EQ(text.substr(answer->begin, answer->end - answer->begin), answer->text);
  return std::string(answer_tier_name(answer->tier)) + " " + answer->text;
}

TEST(AnswerZone, IsTheTextAfterTheLastClosingTag) {
  EXPECT_EQ(answer_zone("<think>a</think>b</think>c", true).begin, 25U);
  EXPECT_EQ(answer_zone("a", false).begin, 0U);
  EXPECT_TRUE(answer_zone("a", true).unclosed);
  EXPECT_TRUE(answer_zone("<think>a", false).unclosed);
  EXPECT_TRUE(answer_zone("a</think>b<think>c", true).unclosed);
  EXPECT_FALSE(answer_zone("a</think>b", true).unclosed);
  EXPECT_FALSE(answer_zone("", false).unclosed);
}

TEST(ExtractAnswer, TakesTheLastBalancedBox) {
  EXPECT_EQ(extracted("so \\boxed{1} and \\boxed{2}."), "T1 2");
  EXPECT_EQ(extracted("\\boxed{\\frac{1}{2}} then \\boxed{3"), "T1 \\frac{1}{2}");
  EXPECT_EQ(extracted("\\boxed { 7 }"), "T1 7");
  EXPECT_EQ(extracted("\\fbox{8}"), "T1 8");
  EXPECT_EQ(extracted("$\\boxed 12$"), "T1 12");
  EXPECT_EQ(extracted("\\boxed{\\{1, 2\\}}"), "T1 \\{1, 2\\}");
  EXPECT_EQ(extracted("I put it within \\boxed{}. \\boxed{4} as asked: \\boxed{}"), "T1 4");
  EXPECT_EQ(extracted("\\boxedx{4}"), "(none)");
  EXPECT_EQ(extracted("\\boxed{{{5}"), "(none)");
  EXPECT_EQ(extracted("\\boxed"), "(none)");
}

TEST(ExtractAnswer, FallsBackToSentences) {
  EXPECT_EQ(extracted("The answer is 5. The final answer is 6. The answer is 7."), "T2 6");
  EXPECT_EQ(extracted("Final Answer: $\\frac{1}{2}$."), "T2 \\frac{1}{2}");
  EXPECT_EQ(extracted("The answer is 1,234.5."), "T3 1,234.5");
  EXPECT_EQ(extracted("The answer is **12**."), "T3 12");
  EXPECT_EQ(extracted("**Answer:** 12"), "T3 12");
  EXPECT_EQ(extracted("Answer:\n\n\\(x = 3\\)\nDone."), "T3 x = 3");
  EXPECT_EQ(extracted("The answer is 12, because 7 + 5 is 12."), "T3 12");
  EXPECT_EQ(extracted("The answer is $5 and no more."), "T3 $5 and no more");
  EXPECT_EQ(extracted("The answer isn't clear"), "(none)");
  EXPECT_EQ(extracted("answer is"), "(none)");
  EXPECT_EQ(extracted("The answer is 7.\nThe answer is within \\boxed{}."), "T3 7");
  EXPECT_EQ(extracted("7 + 5 is 12."), "(none)");
  EXPECT_EQ(extracted(""), "(none)");
}

TEST(ExtractLastNumber, ReadsSignsCommasAndPoints) {
  const auto last = [](std::string_view text) {
    const auto answer = extract_last_number(text);
    return answer ? answer->text : "(none)";
  };
  EXPECT_EQ(last("7 + 5 = 12."), "12");
  EXPECT_EQ(last("it costs 1,234.50 dollars"), "1,234.50");
  EXPECT_EQ(last("x = -3"), "-3");
  EXPECT_EQ(last("5-3"), "3");
  EXPECT_EQ(last("-8"), "-8");
  EXPECT_EQ(last("none"), "(none)");
}

std::string tokens_of(std::string_view answer) {
  const auto tokens = answer_tokens(answer);
  return tokens ? joined(*tokens) : "(budget)";
}

TEST(AnswerTokens, NormalisesNotation) {
  for (const char* same : {"\\frac{1}{2}", "\\dfrac12", "\\tfrac {1} 2", "$\\frac{1}{2}$.",
                           "\\left\\frac{{1}}{2}", "\\(\\frac 1 2\\)"}) {
    EXPECT_EQ(tokens_of(same), "\\frac { 1 } { 2 }") << same;
  }
  EXPECT_EQ(tokens_of("x^2"), tokens_of("x^{2}"));
  EXPECT_EQ(tokens_of("x^23"), "x ^ { 2 } 3");
  EXPECT_EQ(tokens_of("\\sqrt2"), "\\sqrt { 2 }");
  EXPECT_EQ(tokens_of("\\sqrt[3]{2}"), "\\sqrt [ 3 ] { 2 }");
  EXPECT_EQ(tokens_of("90^\\circ"), "90 \\degree");
  EXPECT_EQ(tokens_of("90^{\\circ}"), "90 \\degree");
  EXPECT_EQ(tokens_of("90\xC2\xB0"), "90 \\degree");
  EXPECT_EQ(tokens_of("\xE2\x88\x92\xCF\x80"), "- \\pi");
  EXPECT_EQ(tokens_of("\\text{Evelyn}"), "evelyn");
  EXPECT_EQ(tokens_of("\\frac\\pi2"), "\\frac { \\pi } { 2 }");
}

TEST(AnswerTokens, ThousandsSeparatorsOnlyInGroupsOfThree) {
  EXPECT_EQ(tokens_of("1,234,567"), "1234567");
  EXPECT_EQ(tokens_of("1{,}234"), "1234");
  EXPECT_EQ(tokens_of("1,\\!234"), "1234");
  EXPECT_EQ(tokens_of("12,34"), "12 , 34");
  EXPECT_EQ(tokens_of("1,2345"), "1 , 2345");
  EXPECT_EQ(tokens_of("1, 234"), "1 , 234");
  EXPECT_EQ(tokens_of("(1,234)"), "( 1 , 234 )");
  EXPECT_EQ(tokens_of("\\{1,234\\}"), "\\{ 1 , 234 \\}");
}

std::string compared(std::string_view gold, std::string_view prediction) {
  const AnswerComparison result = compare_answers(gold, prediction);
  return std::string(verdict_name(result.verdict)) + " " + result.rung;
}

TEST(CompareAnswers, EqualNumbersHoweverWritten) {
  for (const auto& [gold, prediction] : std::initializer_list<std::pair<const char*, const char*>>{
           {"12", "12.0"},
           {"12", "012"},
           {"1234", "1,234.0"},
           {"\\frac{1}{2}", "0.5"},
           {"\\frac{1}{2}", ".50"},
           {"\\frac12", "2/4"},
           {"-\\frac{7}{2}", "\\frac{-7}{2}"},
           {"3\\frac{1}{2}", "7/2"},
           {"3.5", "3 1/2"},
           {"-3.5", "-3\\frac12"},
           {"5", "x = 5"},
           {"15", "10 + 5 = 15"},
           {"15", "3 \\times 5 = 10 + 5 = 15.0"},
           {"0", "-0"},
           {"\\frac{3}{-4}", "-0.75"},
           {"1000000000000000000000000000000.5", "2000000000000000000000000000001/2"}}) {
    EXPECT_EQ(compared(gold, prediction), "equal rational") << gold << " " << prediction;
    EXPECT_EQ(compared(prediction, gold), "equal rational") << gold << " " << prediction;
  }
  EXPECT_EQ(compared("\\left( 3, \\frac{\\pi}{2} \\right)", "(3,\\dfrac\\pi2)"), "equal identical");
}

TEST(CompareAnswers, DifferentNumbersAreProvedDifferent) {
  for (const auto& [gold, prediction] : std::initializer_list<std::pair<const char*, const char*>>{
           {"12", "13"},
           {"12", "-12"},
           {"\\frac{1}{3}", "0.333333333333333333333333"},
           {"1234", "1235"},
           {"3\\frac{1}{2}", "3/2"},
           {"15", "1.5"}}) {
    EXPECT_EQ(compared(gold, prediction), "not_equal rational") << gold << " " << prediction;
  }
}

TEST(CompareAnswers, UnitsAreOptionalNotIgnored) {
  EXPECT_EQ(compared("12", "12 apples"), "equal unit-optional");
  EXPECT_EQ(compared("12", "12\\text{ cm}^2"), "equal unit-optional");
  EXPECT_EQ(compared("12", "\\$12"), "equal unit-optional");
  EXPECT_EQ(compared("12", "$12"), "equal identical");  // Markdown's price is LaTeX's delimiter
  EXPECT_EQ(compared("90^\\circ", "90"), "equal unit-optional");
  EXPECT_EQ(compared("5\\text{ cm}", "5\\mathrm{~cm}"), "equal identical");
  EXPECT_EQ(compared("12", "13 apples"), "not_equal unit-optional");
  EXPECT_EQ(compared("1\\text{ m}", "100\\text{ cm}"), "undecided needs the full grader");
  EXPECT_EQ(compared("10\\%", "0.1"), "equal percent");
  EXPECT_EQ(compared("10", "10\\%"), "equal unit-optional");
  EXPECT_EQ(compared("0.1", "10\\%"), "not_equal unit-optional");
}

TEST(CompareAnswers, WordsThatChangeANumberAreNoUnits) {
  for (const char* prediction :
       {"12 million", "12 or 13", "12\\pi", "12 squared", "12x", "12!", "12 times 2", "7 + 5",
        "7 + 5 =", "12x + 12y = 12", "x + 1 = 12", "= 12 = y"}) {
    EXPECT_EQ(compared("12", prediction), "undecided needs the full grader") << prediction;
  }
}

TEST(CompareAnswers, WhatNeedsAlgebraIsUndecided) {
  EXPECT_EQ(compared("4", "\\sqrt{16}"), "undecided needs the full grader");
  EXPECT_EQ(compared("\\sqrt{2}", "\\sqrt{3}"), "undecided needs the full grader");
  EXPECT_EQ(compared("(1,2)", "(2,1)"), "undecided needs the full grader");
  EXPECT_EQ(compared("3.14", "3.14159"), "undecided needs the full grader");
  EXPECT_EQ(compared("12", "twelve"), "undecided needs the full grader");
}

TEST(CompareAnswers, TextIsCaseFolded) {
  EXPECT_EQ(compared("\\text{Evelyn}", "evelyn"), "equal identical");
  EXPECT_EQ(compared("\\text{even}", "odd"), "not_equal text");
  EXPECT_EQ(compared("12", "unknown"), "not_equal text");
  EXPECT_EQ(compared("12", "$$"), "not_equal text");
}

TEST(CompareAnswers, KeepsToItsBudget) {
  const std::string big_number(1 << 20, '9');
  EXPECT_EQ(compared("12", big_number), "undecided needs the full grader");
  EXPECT_EQ(compared("12", std::string(100'000, '{') + "12"), "undecided budget");
  EXPECT_EQ(compared("12", std::string(1 << 20, '(')), "undecided budget");
  EXPECT_EQ(compared("12", "2^{10^{9}}"), "undecided needs the full grader");
  std::string fractions;
  for (int i = 0; i < 100'000; ++i) fractions += "\\frac{1}{";
  EXPECT_EQ(compared("12", fractions), "undecided budget");
  EXPECT_EQ(extracted("\\boxed{" + std::string(100'000, '{') + "}"), "(none)");
  std::string boxes;
  for (int i = 0; i < 100'000; ++i) boxes += "\\boxed{";
  EXPECT_EQ(extracted(boxes), "(none)");
}

TEST(CompareAnswers, IsNeverFooledByAChangedDigit) {
  for (const char* answer : {"12", "-3.75", "\\frac{22}{7}", "1,234,567", "4\\frac{1}{3}"}) {
    const std::string text = answer;
    EXPECT_EQ(compare_answers(text, " $" + text + "$ ").verdict, Verdict::equal) << text;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] < '0' || text[i] > '9') continue;
      std::string changed = text;
      changed[i] = text[i] == '9' ? '8' : static_cast<char>(text[i] + 1);
      EXPECT_NE(compare_answers(text, changed).verdict, Verdict::equal) << changed;
    }
  }
}

TEST(NormalisedAnswer, IsOneNameForOneNumber) {
  EXPECT_EQ(normalised_answer("0.50"), "1/2");
  EXPECT_EQ(normalised_answer("\\dfrac{2}{4}"), "1/2");
  EXPECT_EQ(normalised_answer("x=\\sqrt2"), "x = \\sqrt { 2 }");
}

TEST(AnswerInteger, WantsDigitsAlone) {
  EXPECT_EQ(answer_integer("007").value_or(""), "7");
  EXPECT_EQ(answer_integer("-12").value_or(""), "-12");
  EXPECT_EQ(answer_integer("7.0"), std::nullopt);
  EXPECT_EQ(answer_integer("14/2"), std::nullopt);
  EXPECT_EQ(answer_integer("7 1/2"), std::nullopt);
}

}  // namespace
}  // namespace assay::evals
