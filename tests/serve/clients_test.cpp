// The official `openai` client and lm-eval against `assay serve`: each Python file is one test.
#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/support/process.h"

namespace assay {
namespace {

constexpr int kModuleAbsent = 77;  // what conftest.py ends with

void run_clients(const std::string& file) {
  const char* named = std::getenv("ASSAY_TEST_PYTHON");
  const std::string python = named != nullptr && *named != '\0' ? named : "python3";
  testing::ProcessOptions options;
  options.environment = {"ASSAY_BINARY=" ASSAY_BINARY, "PYTHONPATH=" ASSAY_SOURCE_DIR,
                         "PYTHONDONTWRITEBYTECODE=1"};
  const testing::ProcessResult probe = testing::run_process({python, "-c", "import pytest"});
  if (probe.exit_code != 0) GTEST_SKIP() << "this Python lacks pytest (ci/requirements.txt)";
  const testing::ProcessResult result =
      testing::run_process({python, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider",
                            std::string(ASSAY_SOURCE_DIR) + "/tests/serve/clients/" + file},
                           options);
  if (result.exit_code == kModuleAbsent) GTEST_SKIP() << result.err << result.out;
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
}

TEST(ServeClients, OpenAi) {
  run_clients("test_openai.py");
}
TEST(ServeClients, Native) {
  run_clients("test_native.py");
}
TEST(ServeClients, LmEval) {
  run_clients("test_lm_eval.py");
}
TEST(ServeClients, OpenWebUi) {
  run_clients("test_open_webui.py");
}
TEST(ServeClients, Hostile) {
  run_clients("test_hostile.py");
}

}  // namespace
}  // namespace assay
