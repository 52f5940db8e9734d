// Extraction of programs, and HumanEval's own solutions in the sandbox.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "evals/humaneval/extract_code.h"
#include "tests/datasets/find_dataset.h"
#include "tests/evals/find_eval.h"
#include "tests/support/test_data.h"

namespace assay {
namespace {

using testing::dataset;
using ::testing::HasSubstr;
using testing::make_eval;

constexpr const char* prompt =
    "import math\n\n\ndef helper(x):\n    return x\n\n\ndef f(x):\n    \"\"\"Doc.\"\"\"\n";

std::string from_chat(std::string_view text) {
  const auto program = evals::program_from_chat(text, prompt, "f");
  return program ? program->program : "(none)";
}

const std::string preamble = "import math\n\n\ndef helper(x):\n    return x\n\n\n\n";

TEST(ProgramFromChat, TakesTheLastBlockThatDefinesTheFunction) {
  EXPECT_EQ(from_chat("First:\n```python\ndef f(x):\n    return 1\n```\nBetter:\n```python\n"
                      "def f(x):\n    return 2\n```\nUse:\n```\nprint(f(1))\n```\n"),
            preamble + "def f(x):\n    return 2\n");
  EXPECT_EQ(from_chat("```python\ndef ff(x):\n    return 1\n```\n"),
            preamble + "def ff(x):\n    return 1\n");
  EXPECT_EQ(from_chat("```py\ndef f(x):\n    return 3"), preamble + "def f(x):\n    return 3");
  EXPECT_EQ(from_chat("~~~~\ndef f (x):\n    '''\n~~~\n    '''\n~~~~\n"),
            preamble + "def f (x):\n    '''\n~~~\n    '''\n");
}

TEST(ProgramFromChat, KeepsThePromptsHelpersOnce) {
  const std::string whole =
      "import math\n\n\ndef helper(x):\n    return x\n\n\ndef f(x):\n    pass\n";
  EXPECT_EQ(from_chat("```python\n" + whole + "```"), whole);
}

TEST(ProgramFromChat, ABodyGoesBehindThePrompt) {
  EXPECT_EQ(from_chat("```python\n    return 2 * x\n```"),
            std::string(prompt) + "    return 2 * x\n");
  EXPECT_EQ(from_chat("    return 2 * x\n"), std::string(prompt) + "    return 2 * x\n");
}

TEST(ProgramFromChat, WithoutFencesTakesTheCode) {
  EXPECT_EQ(from_chat("Sure:\n\ndef f(x):\n    return 2\n\nThis doubles it.\n"),
            preamble + "def f(x):\n    return 2\n");
  EXPECT_EQ(from_chat("I do not know."), "(none)");
  EXPECT_EQ(from_chat(""), "(none)");
  EXPECT_EQ(from_chat("```python\n\n```"), "(none)");
}

TEST(DefinesFunction, MatchesWholeNames) {
  EXPECT_TRUE(evals::defines_function("x\nasync def f (a):", "f"));
  EXPECT_FALSE(evals::defines_function("def ff(a):", "f"));
  EXPECT_FALSE(evals::defines_function("def f_(a):", "f"));
  EXPECT_FALSE(evals::defines_function("undef f(a):", "f"));
  EXPECT_FALSE(evals::defines_function("def f", "f"));
}

TEST(ProgramFromContinuation, StopsWhereTheProtocolSays) {
  const std::vector<std::string> stops = {"\ndef", "\nprint"};
  const auto program =
      evals::program_from_continuation("    return 1\n\ndef g():\n", prompt, "f", stops);
  EXPECT_EQ(program->program, std::string(prompt) + "    return 1\n");
  const auto whole =
      evals::program_from_continuation("def f(x):\n    return 1\n```\nDone", prompt, "f", stops);
  EXPECT_EQ(whole->program, preamble + "def f(x):\n    return 1");
  EXPECT_FALSE(evals::program_from_continuation(" \n", prompt, "f", stops));
}

TEST(HumanEval, PromptsFollowTheirProtocol) {
  const auto eval = make_eval("humaneval");
  ASSERT_EQ(eval->protocols().front(), "chat-think");
  Problem problem;
  problem.question = prompt;
  const Prompt chat = eval->prompt(problem, {"chat-think", false});
  EXPECT_THAT(chat.messages.at(0).content, HasSubstr("```python\n" + std::string(prompt) + "```"));
  EXPECT_TRUE(chat.assistant_prefix.empty() && chat.stop_strings.empty());
  const Prompt prefill = eval->prompt(problem, {"chat-prefill", false});
  EXPECT_TRUE(prefill.assistant_prefix.ends_with("```python\n" + std::string(prompt)));
  EXPECT_EQ(prefill.stop_strings, std::vector<std::string>{"\n```"});
  const Prompt raw = eval->prompt(problem, {"completion", false});
  EXPECT_TRUE(raw.messages.empty());
  EXPECT_EQ(raw.raw, prompt);
  EXPECT_EQ(raw.stop_strings.size(), 5U);
}

/// Grades one completion for each problem, two at a time; returns the ids for which `expected` did
/// not come out, with the reason.
std::vector<std::string> surprises(const std::vector<Problem>& problems,
                                   const std::vector<std::string>& texts,
                                   const std::string& protocol, Verdict expected) {
  const auto eval = make_eval("humaneval");
  std::vector<std::string> out;
  std::mutex mutex;
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (std::size_t i = next++; i < problems.size(); i = next++) {
      const Grade grade = eval->grade(problems[i], texts[i], {protocol, false});
      if (grade.status == Grade::Status::graded && grade.verdict == expected) continue;
      const std::lock_guard lock(mutex);
      out.push_back(problems[i].id + ": " + grade.rung + " " + grade.why + grade.details.dump());
    }
  };
  std::thread other(work);
  work();
  other.join();
  return out;
}

class HumanEvalSandbox : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const auto why = make_eval("humaneval")->unavailable()) GTEST_SKIP() << *why;
  }
};

std::string solution(const Problem& problem) {
  return problem.extra.at("canonical_solution");
}

TEST_F(HumanEvalSandbox, MiniCodesSolutionsPassInEveryProtocol) {
  const auto content = dataset("mini-code").read("");
  ASSERT_TRUE(content);
  std::vector<std::string> continuations;
  std::vector<std::string> chats;
  for (const Problem& problem : content->problems) {
    continuations.push_back(solution(problem));
    chats.push_back("Here it is:\n```python\n" + problem.question + solution(problem) + "```\n");
  }
  const auto& problems = content->problems;
  EXPECT_THAT(surprises(problems, continuations, "completion", Verdict::equal),
              ::testing::IsEmpty());
  EXPECT_THAT(surprises(problems, continuations, "chat-prefill", Verdict::equal),
              ::testing::IsEmpty());
  EXPECT_THAT(surprises(problems, chats, "chat-think", Verdict::equal), ::testing::IsEmpty());
}

TEST_F(HumanEvalSandbox, AllCanonicalSolutionsPass) {
  ASSAY_REQUIRE_TEST_DATA(path, "data/datasets/humaneval/HumanEval.jsonl.gz");
  const auto content = dataset("humaneval").read(path.string());
  ASSERT_TRUE(content) << content.error().line();
  std::vector<std::string> texts;
  for (const Problem& problem : content->problems) {
    // As a chat model would answer: the function alone, without the prompt's imports and helpers.
    const std::string entry = problem.extra.at("entry_point");
    const std::size_t start = problem.question.rfind("def " + entry + "(");
    texts.push_back("```python\n" + problem.question.substr(start) + solution(problem) + "```");
  }
  EXPECT_THAT(surprises(content->problems, texts, "chat-think", Verdict::equal),
              ::testing::IsEmpty());
}

TEST_F(HumanEvalSandbox, NoProblemIsSolvedByAnothersSolution) {
  ASSAY_REQUIRE_TEST_DATA(path, "data/datasets/humaneval/HumanEval.jsonl.gz");
  const auto content = dataset("humaneval").read(path.string());
  ASSERT_TRUE(content) << content.error().line();
  const auto& problems = content->problems;
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < problems.size(); ++i) {
    texts.push_back(solution(problems[(i + 1) % problems.size()]));
  }
  EXPECT_THAT(surprises(problems, texts, "completion", Verdict::not_equal), ::testing::IsEmpty());
}

TEST_F(HumanEvalSandbox, GradesSayWhatHappened) {
  const auto content = dataset("mini-code").read("");
  const Problem& add = content->problems.front();
  const auto eval = make_eval("humaneval");
  const Grade none = eval->grade(add, "I cannot.", {"chat-think", false});
  EXPECT_FALSE(none.answer_found);
  EXPECT_EQ(none.rung, "no answer");
  const Grade open =
      eval->grade(add, "```python\ndef add(a, b):\n    return a + b\n```", {"chat-think", true});
  EXPECT_FALSE(open.answer_found);  // inside a chain that never ended
  const Grade broken = eval->grade(add, "```python\ndef add(a, b:\n```", {"chat-think", false});
  EXPECT_TRUE(broken.answer_found);
  EXPECT_FALSE(broken.answer_parses);
  EXPECT_EQ(broken.rung, "tests failed");
  const Grade exits = eval->grade(add, "    import os; os._exit(0)\n", {"completion", false});
  EXPECT_EQ(exits.verdict, Verdict::not_equal);
  EXPECT_EQ(exits.status, Grade::Status::graded);
  EXPECT_EQ(exits.rung, "tests crashed");
  EXPECT_EQ(exits.details.at("cpu_limit_seconds"), 4);
}

TEST_F(HumanEvalSandbox, AProblemWhoseOwnSolutionFailsIsNotGraded) {
  const auto content = dataset("mini-code").read("");
  Problem broken = content->problems.front();
  broken.extra["canonical_solution"] = "    return a - b\n";
  const Grade grade =
      make_eval("humaneval")->grade(broken, "    return a + b\n", {"completion", false});
  EXPECT_EQ(grade.status, Grade::Status::infrastructure_failure);
  EXPECT_THAT(grade.why, HasSubstr("canonical solution of mini-code/1 does not pass here"));
}

}  // namespace
}  // namespace assay
