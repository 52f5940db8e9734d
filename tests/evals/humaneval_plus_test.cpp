// HumanEval+: inputs, base and plus, whose outputs the canonical solution gives.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "evals/common/sandbox/sandbox.h"
#include "evals/humaneval/code_tests.h"

namespace assay::evals {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

class PlusTests : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto& unavailable = sandbox::PythonSandbox::shared().unavailable();
    if (unavailable) GTEST_SKIP() << unavailable->line();
  }

  static Problem problem(const std::string& body, json base, json plus, double atol = 0) {
    Problem out;
    out.id = "plus/1";
    out.question = "def f(x):\n    \"\"\"Doc.\"\"\"\n";
    out.extra = {{"entry_point", "f"}, {"canonical_solution", body},
                 {"base_input", base}, {"plus_input", plus},
                 {"atol", atol},       {"test", ""}};
    return out;
  }

  Grade run(const Problem& problem, const std::string& program) {
    ExtractedProgram extracted;
    extracted.program = program;
    Grade out;
    tests_.run(problem, extracted, out);
    return out;
  }

  Grade grade(const Problem& problem, const std::string& body) {
    return run(problem, "def f(x):\n" + body);
  }

  CodeTests tests_;
};

TEST_F(PlusTests, BaseAndPlusAreTwoVerdicts) {
  const Problem doubling = problem("    return 2 * x\n", {{1}, {2}}, {{-3}, {1 << 20}});
  const Grade right = grade(doubling, "    return x + x\n");
  EXPECT_EQ(right.verdict, Verdict::equal) << right.why << right.details.dump();
  EXPECT_EQ(right.details.at("base"), "passed");
  EXPECT_EQ(right.details.at("plus"), "passed");
  const Grade base_only = grade(doubling, "    return 2 * abs(x)\n");
  EXPECT_EQ(base_only.verdict, Verdict::not_equal);
  EXPECT_EQ(base_only.details.at("base"), "passed");
  EXPECT_EQ(base_only.details.at("plus"), "failed");
  EXPECT_THAT(base_only.details.at("why").get<std::string>(), HasSubstr("input 3"));
  const Grade none = grade(doubling, "    return 2\n");
  EXPECT_EQ(none.details.at("base"), "failed");
  EXPECT_EQ(none.details.at("plus"), "failed");
  const Grade without_plus =
      grade(problem("    return 2 * x\n", {{1}}, json::array()), "    return 2 * x\n");
  EXPECT_TRUE(without_plus.details.at("plus").is_null());
  EXPECT_EQ(without_plus.verdict, Verdict::equal);
}

TEST_F(PlusTests, ACrashInPlusLeavesTheBaseVerdict) {
  const Problem doubling = problem("    return 2 * x\n", {{1}, {2}}, {{-3}});
  const Grade crash =
      grade(doubling, "    import os\n    if x < 0:\n        os.abort()\n    return 2 * x\n");
  EXPECT_EQ(crash.rung, "tests crashed");
  EXPECT_EQ(crash.details.at("base"), "passed");
  EXPECT_EQ(crash.details.at("plus"), "failed");
}

TEST_F(PlusTests, FloatsToATolerance) {
  const Problem half = problem("    return x / 3\n", {{1}, {1e9}}, {{7}});
  EXPECT_EQ(grade(half, "    return x * (1 / 3)\n").verdict, Verdict::equal);
  EXPECT_EQ(grade(half, "    return x / 3 + 1e-5\n").verdict, Verdict::not_equal);
  const Problem list = problem("    return [x / 3, x]\n", {{1}}, {{2}}, 1e-3);
  EXPECT_EQ(grade(list, "    return [x / 3 + 1e-4, x]\n").verdict, Verdict::equal);
  EXPECT_EQ(grade(list, "    return (x / 3 + 1e-4, x)\n").verdict, Verdict::not_equal);
  EXPECT_EQ(grade(list, "    return [x / 3 + 1e-4]\n").verdict, Verdict::not_equal);
  const Problem text = problem("    return 'a'\n", {{1}}, {{2}}, 1e-3);
  EXPECT_EQ(grade(text, "    return 'b'\n").verdict, Verdict::not_equal);
}

TEST_F(PlusTests, AnyRootOfAPolynomialIsRight) {
  Problem roots;
  roots.id = "plus/2";
  roots.question = "def find_zero(xs):\n";
  roots.extra = {{"entry_point", "find_zero"},
                 {"canonical_solution", "    return 2.0\n"},  // of x^2 - 3x + 2
                 {"base_input", json::array({json::array({json::array({2, -3, 1})})})},
                 {"plus_input", json::array()},
                 {"atol", 1e-4}};
  const Grade other = run(roots, "def find_zero(xs):\n    return 1.0\n");
  EXPECT_EQ(other.verdict, Verdict::equal) << other.details.dump();
  EXPECT_EQ(run(roots, "def find_zero(xs):\n    return 1.5\n").verdict, Verdict::not_equal);
  EXPECT_EQ(run(roots, "def find_zero(xs):\n    return None\n").verdict, Verdict::not_equal);
}

TEST_F(PlusTests, ASolutionMayGoOnFromItsContract) {
  Problem doubling = problem("    return 2 * number\n", {{1}}, {{2}});
  doubling.extra["contract"] = "    number = x\n    assert number > 0\n";
  EXPECT_EQ(grade(doubling, "    return 2 * x\n").verdict, Verdict::equal);
}

TEST_F(PlusTests, AnEmptyDefinitionBehindTheSolutionIsLeftOut) {
  const Problem doubling = problem("    return 2 * x\n\ndef check(candidate):\n\n", {{1}}, {{2}});
  EXPECT_EQ(grade(doubling, "    return 2 * x\n").verdict, Verdict::equal);
}

TEST_F(PlusTests, ASolutionThatGivesNothingIsNone) {
  const Grade empty = grade(problem("    pass\n", {{1}}, {{2}}), "    return 2 * x\n");
  EXPECT_EQ(empty.status, Grade::Status::infrastructure_failure);
  EXPECT_THAT(empty.why, HasSubstr("gives None for every input"));
}

TEST_F(PlusTests, EachInputIsFresh) {
  const Problem append = problem("    x.append(1)\n    return x\n", {{{5}}, {{5}}}, {{{5}}});
  EXPECT_EQ(grade(append, "    return x + [1]\n").verdict, Verdict::equal);
}

TEST_F(PlusTests, ACanonicalSolutionThatFailsIsNoVerdict) {
  const Problem broken = problem("    return 1 // x\n", {{1}}, {{0}});
  const Grade grade_ = grade(broken, "    return 1 // x\n");
  EXPECT_EQ(grade_.status, Grade::Status::infrastructure_failure);
  EXPECT_THAT(grade_.why, HasSubstr("input 2: ZeroDivisionError"));
}

}  // namespace
}  // namespace assay::evals
