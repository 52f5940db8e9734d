// How other harnesses read a completion, defects included; and what our own reading must bear.
#include "evals/humaneval/extract_compat.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/evals/find_eval.h"

namespace assay {
namespace {

using testing::make_eval;

constexpr const char* prompt = "import math\n\n\ndef f(x):\n    \"\"\"Doc.\"\"\"\n";
const std::string two_blocks =
    "First:\n```python\ndef f(x):\n    return 1\n```\nThen:\n```python\ndef f(x):\n    return "
    "2\n```\n";

TEST(SimpleEvals, TakesTheFirstBlocksBody) {
  EXPECT_EQ(evals::program_as_simple_evals(two_blocks, prompt).program,
            std::string(prompt) + "    return 1\n");
  EXPECT_EQ(evals::program_as_simple_evals("    return 1", prompt).program,
            std::string(prompt) + "   return 1");  // their defect: a character goes
  EXPECT_EQ(evals::program_as_simple_evals("", prompt).program, prompt);
  EXPECT_EQ(evals::program_as_simple_evals("```python\n```", prompt).program, prompt);
}

TEST(LmEval, TakesWhatStandsBeforeTheFirstFence) {
  EXPECT_EQ(evals::program_as_lm_eval("    return 1\n```\nDone", prompt).program,
            std::string(prompt) + "    return 1\n");
  EXPECT_EQ(evals::program_as_lm_eval("    return 1", prompt).program,
            std::string(prompt) + "    return 1");
}

Problem doubling() {
  Problem problem;
  problem.id = "compat/1";
  problem.question = prompt;
  problem.extra = {{"entry_point", "f"},
                   {"canonical_solution", "    return 2 * x\n"},
                   {"test", "def check(candidate):\n    assert candidate(3) == 6\n"}};
  return problem;
}

Grade grade(const std::string& text, const std::string& protocol) {
  return make_eval("humaneval")->grade(doubling(), text, {protocol, false});
}

TEST(EvalPlus, TakesTheLongestPythonAndWhatTheFunctionNeeds) {
  if (const auto why = make_eval("humaneval")->unavailable()) GTEST_SKIP() << *why;
  const Grade whole = grade(
      "Sure, here it is:\n\n```python\nimport math\n\n@staticmethod\ndef unused():\n    pass\n\n"
      "TWO = 2\ndef g(x):\n    return TWO * x\n\ndef f(x):\n    return g(x)\n\n"
      "assert f(1) == 3\n```\nThat is all!\n",
      "evalplus");
  EXPECT_EQ(whole.verdict, Verdict::equal) << whole.details.dump();
  EXPECT_EQ(grade("    return 2 * x\n", "evalplus").verdict, Verdict::equal);
  EXPECT_EQ(grade("I do not know.", "evalplus").verdict, Verdict::not_equal);
  EXPECT_EQ(grade("", "evalplus").verdict, Verdict::not_equal);
  // The same text under the plain rule: the assertion is run and fails.
  EXPECT_EQ(
      grade("```python\ndef f(x):\n    return 2 * x\nassert f(1) == 3\n```", "chat-think").rung,
      "tests failed");
}

TEST(HumanEvalProtocols, EachReadsInItsOwnWay) {
  if (const auto why = make_eval("humaneval")->unavailable()) GTEST_SKIP() << *why;
  const std::string text =
      "```python\ndef f(x):\n    return 0\n```\nBetter:\n```python\ndef f(x):\n    return 2 * "
      "x\n```\n";
  EXPECT_EQ(grade(text, "chat-think").verdict, Verdict::equal);        // the last block
  EXPECT_EQ(grade(text, "simple-evals").verdict, Verdict::not_equal);  // the first
  EXPECT_EQ(grade("    return 2 * x\n```\nDone", "lm-eval").verdict, Verdict::equal);
  EXPECT_EQ(grade("    return 2 * x\n```\nDone", "chat-prefill").verdict, Verdict::equal);
  EXPECT_EQ(grade("    return 2 * x\n\nprint(f(1/0))\n", "completion").verdict, Verdict::equal);
  EXPECT_EQ(make_eval("humaneval")->stored_protocols().size(), 5U);
}

std::string from_chat(std::string_view text) {
  const auto program = evals::program_from_chat(text, prompt, "f");
  return program ? program->program : "(none)";
}

const std::string preamble = "import math\n\n\n\n";

TEST(ProgramFromChat, BlocksInListsLoseTheirIndentation) {
  EXPECT_EQ(
      from_chat("1. So:\n\n   ```python\n   def f(x):\n\n       return 2\n   ```\n2. Done.\n"),
      preamble + "def f(x):\n\n    return 2\n");
  EXPECT_EQ(from_chat("  ```\ndef f(x):\n    return 2\n  ```"),
            preamble + "def f(x):\n    return 2\n");
}

TEST(ProgramFromChat, InlineCodeIsNoFence) {
  EXPECT_EQ(from_chat("Use ```x``` or\n```f(x)```:\n```python\ndef f(x):\n    return 2\n```"),
            preamble + "def f(x):\n    return 2\n");
}

TEST(ProgramFromChat, WithoutFencesProseIsLeftOut) {
  EXPECT_EQ(
      from_chat("from what I see this doubles.\n\nimport os\ndef f(x):\n    return 2\n\nprint "
                "it and see.\n"),
      preamble + "import os\ndef f(x):\n    return 2\n");
  EXPECT_EQ(from_chat("def f(x):\n    return 1\n\nNo, better:\n\ndef f(x):\n    return 2"),
            preamble + "def f(x):\n    return 2");
}

TEST(ProgramFromContinuation, AFencedAnswerIsReadAsAChats) {
  const auto program = evals::program_from_continuation(
      "Here:\n```python\ndef f(x):\n    return 2\n```\n", prompt, "f", {"\n```"});
  EXPECT_EQ(program->program, preamble + "def f(x):\n    return 2\n");
}

}  // namespace
}  // namespace assay
