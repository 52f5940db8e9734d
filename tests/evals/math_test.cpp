// The math and aime evals from prompt to grade.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/evals/find_eval.h"

namespace assay {
namespace {

using ::testing::EndsWith;
using testing::make_eval;
using ::testing::StartsWith;

Problem problem_with(std::string answer) {
  Problem problem;
  problem.id = "t/1";
  problem.question = "What?";
  problem.answer = std::move(answer);
  return problem;
}

Grade graded(const char* eval, const char* gold, const std::string& text, bool thinking = false) {
  return make_eval(eval)->grade(problem_with(gold), text, {"boxed", thinking});
}

TEST(MathEval, PromptsAsThePublishedProtocolDoes) {
  for (const char* name : {"math", "aime"}) {
    const Prompt prompt = make_eval(name)->prompt(problem_with("1"), {"boxed", true});
    ASSERT_EQ(prompt.messages.size(), 1U);
    EXPECT_EQ(prompt.messages[0].role, "user");
    EXPECT_THAT(prompt.messages[0].content, StartsWith("What?\n"));
    EXPECT_THAT(prompt.messages[0].content, EndsWith("within \\boxed{}."));
    EXPECT_TRUE(prompt.assistant_prefix.empty() && prompt.stop_strings.empty());
    EXPECT_EQ(make_eval(name)->default_max_new_tokens(true), 32'768);
  }
}

TEST(MathEval, GradesTheZoneAfterTheChain) {
  const Grade grade = graded("math", "12", "\\boxed{11}</think>So \\boxed{12}.", true);
  EXPECT_EQ(grade.verdict, Verdict::equal);
  EXPECT_TRUE(grade.answer_found && grade.answer_parses);
  EXPECT_EQ(grade.details.at("tier"), "T1");
  EXPECT_EQ(grade.details.at("normalised"), "12");
  EXPECT_EQ(grade.details.at("span"), nlohmann::json({28, 30}));
}

TEST(MathEval, AnAnswerInAnOpenChainIsNoAnswer) {
  const Grade grade = graded("math", "12", "I think \\boxed{12}", true);
  EXPECT_FALSE(grade.answer_found);
  EXPECT_EQ(grade.verdict, Verdict::not_equal);
  EXPECT_EQ(grade.details.at("unclosed"), true);
  EXPECT_EQ(grade.details.at("sensitivity").at("verdict"), "equal");
}

TEST(MathEval, TheLastNumberNeverScores) {
  const Grade grade = graded("math", "12", "7 + 5 = 12");
  EXPECT_FALSE(grade.answer_found);
  EXPECT_EQ(grade.verdict, Verdict::not_equal);
  EXPECT_EQ(grade.rung, "no answer");
  EXPECT_EQ(grade.details.at("sensitivity").at("last_number"), "12");
}

TEST(AimeEval, DecidesEveryAnswer) {
  EXPECT_EQ(graded("aime", "25", "\\boxed{025}").verdict, Verdict::equal);
  EXPECT_EQ(graded("aime", "025", "\\boxed{25}").verdict, Verdict::equal);
  EXPECT_EQ(graded("aime", "0", "The answer is $000$.").verdict, Verdict::equal);
  EXPECT_EQ(graded("aime", "25", "\\boxed{m+n = 25}").verdict, Verdict::equal);
  EXPECT_EQ(graded("aime", "25.0", "\\boxed{x = 25.0}").verdict, Verdict::equal);
  EXPECT_EQ(graded("aime", "25", "\\boxed{m+n = 14+11}").verdict, Verdict::not_equal);
  EXPECT_EQ(graded("aime", "25", "\\boxed{0025}").verdict, Verdict::not_equal);
  EXPECT_EQ(graded("aime", "25", "\\boxed{25.5}").verdict, Verdict::not_equal);
  EXPECT_EQ(graded("aime", "25", "\\boxed{\\sqrt{625}}").verdict, Verdict::not_equal);
  EXPECT_EQ(graded("aime", "25", "\\boxed{-25}").verdict, Verdict::not_equal);
  EXPECT_EQ(graded("aime", "25", "\\boxed{1025}").verdict, Verdict::not_equal);
  EXPECT_FALSE(graded("aime", "25", "\\boxed{1025}").answer_parses);
  EXPECT_TRUE(graded("aime", "25", "\\boxed{24}").answer_parses);
}

TEST(MathEval, AnyBytesAreGraded) {
  std::string bytes;
  for (int i = 0; i < 4096; ++i) bytes += static_cast<char>(i * 37 + i / 256);
  for (const char* name : {"math", "aime"}) {
    EXPECT_NE(graded(name, "1", bytes).verdict, Verdict::equal);
    EXPECT_NE(graded(name, "1", "\\boxed{" + bytes).verdict, Verdict::equal);
  }
}

}  // namespace
}  // namespace assay
