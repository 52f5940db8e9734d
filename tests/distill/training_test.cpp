// The Python of distill/: problems, prompt and loss against what the harness and the goldens say.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "tests/support/process.h"
#include "tests/support/test_data.h"

namespace assay {
namespace {

using testing::ProcessResult;

constexpr int kModuleAbsent = 77;  // what the check_*.py end with

/// ASSAY_TEST_PYTHON, or the python3 of PATH.
std::string python() {
  const char* named = std::getenv("ASSAY_TEST_PYTHON");
  return named != nullptr && *named != '\0' ? named : "python3";
}

ProcessResult run_python(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), python());
  testing::ProcessOptions options;
  options.environment = {"PYTHONPATH=" ASSAY_SOURCE_DIR, "PYTHONDONTWRITEBYTECODE=1"};
  return testing::run_process(arguments, options);
}

ProcessResult check(const std::string& name, std::vector<std::string> arguments = {}) {
  arguments.insert(arguments.begin(), ASSAY_SOURCE_DIR "/tests/distill/check_" + name + ".py");
  return run_python(std::move(arguments));
}

TEST(DistillTraining, ShippedProblemsAreWhatTheGeneratorWrites) {
  const testing::TempDir dir;
  const ProcessResult made =
      run_python({"-m", "distill.make_corpus", "tasks", "--out", dir.path().string()});
  ASSERT_EQ(made.exit_code, 0) << made.err;
  for (const char* name : {"mini-chain.jsonl", "mini-chain-held-out.jsonl"}) {
    const auto shipped = std::filesystem::path(ASSAY_SOURCE_DIR) / "datasets/mini" / name;
    EXPECT_TRUE(testing::read_text(dir.path() / name) == testing::read_text(shipped)) << name;
  }
}

TEST(DistillTraining, NoTemplateAndNoNumbersAreOnBothSides) {
  const ProcessResult result = check("split");
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
}

TEST(DistillTraining, PromptOfTrainingIsThePromptOfTheHarness) {
  const testing::TempDir dir;
  const std::string run = (dir.path() / "run").string();
  const ProcessResult ran = testing::run_process(
      {ASSAY_BINARY, "run", "--model", ASSAY_SOURCE_DIR "/distill/models/student", "--task",
       "mini-chain", "--max-new-tokens", "1", "--out", run});
  ASSERT_EQ(ran.exit_code, 0) << ran.err;
  const ProcessResult result = check("prompts", {run + "/journal.jsonl"});
  if (result.exit_code == kModuleAbsent) GTEST_SKIP() << result.err;
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
}

TEST(DistillTraining, LossMatchesTheGoldenFixture) {
  ASSAY_REQUIRE_TEST_DATA(golden, "golden/distill_loss");
  const ProcessResult result = check("loss", {golden.string()});
  if (result.exit_code == kModuleAbsent) GTEST_SKIP() << result.err;
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
}

}  // namespace
}  // namespace assay
