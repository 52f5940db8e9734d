// gsm8k: where the answer of a word problem stands, in the forms that models write it.
#include <gmock/gmock.h>

#include "tests/evals/find_eval.h"

namespace assay {
namespace {

Grade grade(const std::string& text, const std::string& gold = "18", bool thinking = false) {
  Problem problem;
  problem.id = "gsm8k/0";
  problem.answer = gold;
  PromptOptions options;
  options.protocol = "boxed";
  options.thinking = thinking;
  return testing::make_eval("gsm8k")->grade(problem, text, options);
}

TEST(Gsm8kEval, TakesTheFormsOfGsm8kItself) {
  for (const char* text :
       {"9 * 2 = 18\n#### 18", "9 * 2 = 18\n####18\n", "so 18 dollars\nA: 18", "A: 3\nno\nA: 18\n",
        "#### 3\nwait\n#### $18", "It is \\boxed{18}.", "#### 3 but \\boxed{18}",
        "The answer is 18.", "The final answer is $18.00", "#### 3\n The \\boxed{18}"}) {
    EXPECT_EQ(grade(text).verdict, Verdict::equal) << text;
  }
}

TEST(Gsm8kEval, NothingElseIsAnAnswer) {
  for (const char* text : {"18", "9 * 2 = 18", "####", "#### \n18", "A: 18\nand so on", ""}) {
    const Grade found = grade(text);
    EXPECT_FALSE(found.answer_found) << text;
    EXPECT_EQ(found.verdict, Verdict::not_equal) << text;
  }
  EXPECT_EQ(grade("#### 19").verdict, Verdict::not_equal);
}

TEST(Gsm8kEval, ThousandsAndUnits) {
  EXPECT_EQ(grade("#### 1,234", "1234").verdict, Verdict::equal);
  EXPECT_EQ(grade("\\boxed{1,234 \\text{ apples}}", "1234").verdict, Verdict::equal);
}

TEST(Gsm8kEval, OnlyAfterTheThinkingPart) {
  EXPECT_FALSE(grade("<think>#### 18", "18", true).answer_found);
  EXPECT_EQ(grade("<think>#### 3</think>\n#### 18", "18", true).verdict, Verdict::equal);
  const Grade found = grade("x</think> #### 18 ", "18", true);
  EXPECT_EQ(found.details["span"], nlohmann::json({15, 17}));
}

}  // namespace
}  // namespace assay
