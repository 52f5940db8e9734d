// Code as files of samples hold it: behind the prompt, with it, or alone.
#include <gmock/gmock.h>

#include "evals/humaneval/extract_code.h"

namespace assay::evals {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr const char* prompt =
    "from typing import List\n\ndef helper(x):\n    return x\n\ndef wanted(x):\n    "
    "\"\"\"Doc.\"\"\"\n";

TEST(SamplePrograms, ABodyGoesBehindThePrompt) {
  const std::string body = "    y = 1\n    return y\n\ndef other():\n    pass\n";
  const auto program = program_from_sample(body, prompt, "wanted");
  ASSERT_TRUE(program);
  EXPECT_EQ(program->program, prompt + body) << "nothing is cut off";
}

TEST(SamplePrograms, AWholeFunctionGetsThePromptsHelpers) {
  const auto program =
      program_from_sample("def wanted(x):\n    return helper(x)\n", prompt, "wanted");
  ASSERT_TRUE(program);
  EXPECT_THAT(program->program, StartsWith("from typing import List"));
  EXPECT_THAT(program->program, HasSubstr("def helper"));
  EXPECT_THAT(program->program, Not(HasSubstr("Doc.")));
  EXPECT_TRUE(program->helpers_for_tests);
}

TEST(SamplePrograms, AFencedTextIsOpened) {
  const auto program = program_from_sample("Here:\n```python\ndef wanted(x):\n    return 2\n```\n",
                                           prompt, "wanted");
  ASSERT_TRUE(program);
  EXPECT_THAT(program->program, EndsWith("    return 2\n"));
  EXPECT_THAT(program->program, Not(HasSubstr("Here")));
  EXPECT_FALSE(program_from_sample(" \n", prompt, "wanted"));
}

TEST(SamplePrograms, StandingAloneHasImportsButNoHelpers) {
  const auto alone =
      program_standing_alone("def wanted(x):\n    return math.pi\n", prompt, "wanted");
  ASSERT_TRUE(alone);
  EXPECT_THAT(alone->program, HasSubstr("import math\n"));
  EXPECT_THAT(alone->program, Not(HasSubstr("def helper")));
  EXPECT_FALSE(alone->helpers_for_tests);
  const auto with = program_standing_alone(
      "def helper(x):\n    return 3\ndef wanted(x):\n    return 4\n", prompt, "wanted");
  EXPECT_TRUE(with->helpers_for_tests);
  const auto body = program_standing_alone("    return helper(x)\n", prompt, "wanted");
  EXPECT_THAT(body->program, EndsWith(std::string(prompt) + "    return helper(x)\n"));
  EXPECT_TRUE(body->helpers_for_tests);
  EXPECT_FALSE(program_standing_alone("", prompt, "wanted"));
}

TEST(SamplePrograms, ANameIsAWholeWord) {
  const auto longer = program_standing_alone("def wanted2(x):\n    return 1\n", prompt, "wanted");
  EXPECT_THAT(longer->program, HasSubstr("Doc.")) << "it continues the prompt, wrongly";
}

}  // namespace
}  // namespace assay::evals
