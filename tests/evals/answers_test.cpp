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
  EXPECT_EQ(extracted("The answer is\n\\[\n\\frac{1}{2}\n\\]\nDone."), "T3 \\frac{1}{2}");
  EXPECT_EQ(extracted("Final answer:\n$$\nx = 3\n$$"), "T2 x = 3");
  EXPECT_EQ(extracted("The answer is therefore 7."), "T3 7");
  EXPECT_EQ(extracted("The final answer is thus equal to $7$"), "T2 7");
  EXPECT_EQ(extracted("The answer is then"), "T3 then");
  EXPECT_EQ(extracted("The answer is 12, because 7 + 5 is 12."), "T3 12");
  EXPECT_EQ(extracted("The answer is $5 and no more."), "T3 $5 and no more");
  EXPECT_EQ(extracted("The answer isn't clear"), "(none)");
  EXPECT_EQ(extracted("answer is"), "(none)");
  EXPECT_EQ(extracted("The answer is 7.\nThe answer is within \\boxed{}."), "T3 7");
  EXPECT_EQ(extracted("7 + 5 is 12."), "(none)");
  EXPECT_EQ(extracted(""), "(none)");
}

TEST(ExtractAnswer, LeavesOutWhatTheSentenceSaysOfTheAnswer) {
  for (const char* text :
       {"The answer is 42</s>", "The answer is 42.<|im_end|>", "The answer is 42<br>",
        "So the answer is 42 (not 24).", "Answer: 42 (since 6*7 = 42)", "The answer is 42; done.",
        "The answer is 42 for all x", "The answer is 42, as required", "The answer is 42 when x=6.",
        "The answer is 42 because 6*7 is 42.", "The answer is $42$ since $6*7=42$."}) {
    EXPECT_EQ(extracted(text), "T3 42") << text;
  }
  EXPECT_EQ(extracted("The answer is 5 apples (3 red and 2 green)."), "T3 5 apples");
  EXPECT_EQ(extracted("The answer is 5 (mod 7)."), "T3 5 (mod 7)");
  EXPECT_EQ(extracted("The answer is 101 (base 2)."), "T3 101 (base 2)");
  EXPECT_EQ(extracted("The answer is x = 1; y = 2."), "T3 x = 1; y = 2");
  EXPECT_EQ(extracted("Answer: (B) Paris"), "T3 (B) Paris");
}

TEST(ExtractAnswer, LeavesOutEmphasisInsideTheAnswer) {
  const auto text_of = [](std::string_view text) {
    return extract_answer(text).value_or(ExtractedAnswer{}).text;
  };
  EXPECT_EQ(text_of("Hence the answer is **18** dollars."), "18 dollars");
  EXPECT_EQ(text_of("The answer is __18__ or **19**."), "18 or 19");
  EXPECT_EQ(text_of("The answer is 2**3 + 3**2."), "2**3 + 3**2");
}

TEST(ExtractAnswer, KnowsOtherWaysToAnnounceIt) {
  for (const char* text :
       {"{\"answer\": 42}", "{\"answer\": \"42\"}", "Answer -> 42", "answer \u2192 42",
        "So, 42 is the final answer.", "Hence $42$ is the answer.", "The correct option is 42"}) {
    EXPECT_EQ(extracted(text), "T3 42") << text;
  }
  EXPECT_EQ(extracted("What is the answer?"), "(none)");
  EXPECT_EQ(extracted("The answer is $90\\text{ square\nunits}$."), "T3 90\\text{ square\nunits}");
}

TEST(ExtractAnswer, ReadsWholeSentences) {
  EXPECT_EQ(extracted("The answer is $x = 1$ or $x = 2$."), "T3 $x = 1$ or $x = 2$");
  EXPECT_EQ(extracted("Final Answer: The volume of $ABCD$ is 120. Done."), "T2 120");
}

TEST(BoxedAnswers, OfTheLastParagraphInOrder) {
  const auto boxes =
      boxed_answers("\\boxed{0}\n\nSo \\boxed{1} and \\boxed{2}, that is \\boxed{1}");
  ASSERT_EQ(boxes.size(), 2U);
  EXPECT_EQ(boxes[0].text + boxes[1].text, "21");
  EXPECT_TRUE(boxed_answers("none").empty());
}

TEST(ExtractLastMath, KnowsItsDelimiters) {
  const auto last = [](std::string_view text) {
    const auto answer = extract_last_math(text);
    return answer ? answer->text : "(none)";
  };
  EXPECT_EQ(last("first $1$, then \\( x = 2 \\), done"), "x = 2");
  EXPECT_EQ(last("\\[\n 9 \n\\]"), "9");
  EXPECT_EQ(last("$$ 9 $$"), "9");
  EXPECT_EQ(last("it costs $5\nor $6"), "(none)");
  EXPECT_EQ(last("$\\$5$"), "\\$5");
  EXPECT_EQ(last("\\\\[2pt]"), "(none)");
}

TEST(AnswerIn, FindsTheAnswerOfAnyText) {
  EXPECT_EQ(answer_in("so \\boxed{1} or \\boxed{2}"), "1, 2");
  EXPECT_EQ(answer_in("(1, 2)"), "(1, 2)");
  EXPECT_EQ(answer_in("We see that $x = 3$ holds"), "x = 3");
  EXPECT_EQ(answer_in("so it is 2/3 in the end"), "2/3");
  EXPECT_EQ(answer_in("no idea"), "no idea");
}

TEST(AnswerIn, TakesNoNumberOutOfABrokenFormula) {
  EXPECT_EQ(answer_in("so all in all $x = \\frac{1}{2"), "so all in all $x = \\frac{1}{2");
  EXPECT_EQ(answer_in("we get \\[ 3 \\cdot 5"), "we get \\[ 3 \\cdot 5");
  EXPECT_EQ(answer_in("it is $ \n 7 \n $ in the end"), "it is $ \n 7 \n $ in the end");
  EXPECT_EQ(answer_in("in the end it costs $12"), "12");
  EXPECT_EQ(answer_in("from $a$ and \\$3 we get to 12 now"), "12");
}

TEST(ExtractLastNumber, TakesNoExponentOrIndex) {
  EXPECT_EQ(answer_in("volume = 27 cm^3"), "27");
  EXPECT_EQ(answer_in("The volume is 27 cm^{3}."), "27");
  EXPECT_EQ(answer_in("The area is $10$ cm$^2$"), "10");
  EXPECT_EQ(answer_in("so the value equals 2^{10}"), "2^{10}");
  EXPECT_FALSE(extract_last_number("it is x_1").has_value());
  EXPECT_FALSE(extract_last_number("it is (x+1)^2").has_value());
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
  EXPECT_EQ(last("2/3 of it"), "2/3");
  EXPECT_EQ(last("AB2A"), "(none)");
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
  EXPECT_EQ(tokens_of("x^23"), "x ^ { 23 }");
  EXPECT_EQ(tokens_of("\\sqrt2"), "\\sqrt { 2 }");
  EXPECT_EQ(tokens_of("\\sqrt[3]{2}"), "\\sqrt [ 3 ] { 2 }");
  EXPECT_EQ(tokens_of("90^\\circ"), "90 \\degree");
  EXPECT_EQ(tokens_of("90^{\\circ}"), "90 \\degree");
  EXPECT_EQ(tokens_of("90\xC2\xB0"), "90 \\degree");
  EXPECT_EQ(tokens_of("\xE2\x88\x92\xCF\x80"), "- \\pi");
  EXPECT_EQ(tokens_of("\\text{Evelyn}"), "Evelyn");
  EXPECT_EQ(tokens_of("x\u00B2 + \u221A12"), tokens_of("x^{2} + \\sqrt{12}"));
  EXPECT_EQ(tokens_of("3\u00BD"), tokens_of("3\\frac12"));
  EXPECT_EQ(tokens_of("2\\piG"), tokens_of("2\\pi G"));
  EXPECT_EQ(tokens_of("\\\\frac{1}{2}"), tokens_of("\\frac{1}{2}"));
  EXPECT_EQ(tokens_of("\\left.x\\right|"), "x |");
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

TEST(NormalisedAnswer, IsOneNameForOneNumber) {
  EXPECT_EQ(normalised_answer("0.50"), "1/2");
  EXPECT_EQ(normalised_answer("\\dfrac{2}{4}"), "1/2");
  EXPECT_EQ(normalised_answer("x = 5"), "5");
  EXPECT_EQ(normalised_answer("\\text{Evelyn}"), normalised_answer("evelyn"));
}

}  // namespace
}  // namespace assay::evals
