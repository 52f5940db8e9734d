// The shipped teacher and students load, answer, and keep their order; the same tokens everywhere.
#include <gmock/gmock.h>

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/support/process.h"
#include "tests/support/test_data.h"

namespace assay {
namespace {

using nlohmann::json;
using testing::ProcessResult;

const std::filesystem::path kModels = std::filesystem::path(ASSAY_SOURCE_DIR) / "distill/models";
constexpr std::uintmax_t kShippedBytesMax = 25'000'000;
constexpr const char* kMeasured = "mini-chain-held-out:first=300";

class DistillModels : public ::testing::Test {
 protected:
  ProcessResult assay(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), ASSAY_BINARY);
    testing::ProcessOptions options;
    options.environment.push_back("XDG_CACHE_HOME=" + (dir_.path() / "cache").string());
    return testing::run_process(arguments, options);
  }
  /// Runs `task` and returns the folder of the run.
  std::filesystem::path run(const std::string& model, const std::string& task,
                            const std::string& backend = "cpu") {
    const std::filesystem::path out = dir_.path() / std::to_string(++runs_);
    const std::string path = model.find('/') == model.npos ? (kModels / model).string() : model;
    const ProcessResult result = assay(
        {"run", "--model", path, "--backend", backend, "--task", task, "--out", out.string()});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return out;
  }
  /// Shares of right answers and of complete chains.
  struct Rates {
    double right, complete;
  };
  static Rates rates(const std::filesystem::path& run) {
    const json task = json::parse(testing::read_text(run / "report.json")).at("tasks").at(0);
    return {task.at("metrics").at("pass@1").at("value").get<double>(),
            task.at("chain").at("complete_rate").at("value").get<double>()};
  }
  static std::map<std::string, std::vector<int>> tokens(const std::filesystem::path& run) {
    std::map<std::string, std::vector<int>> out;
    std::istringstream lines(testing::read_text(run / "journal.jsonl"));
    for (std::string line; std::getline(lines, line);) {
      const json record = json::parse(line).at("record");
      if (record.at("type") == "sample") {
        out[record.at("problem").get<std::string>()] = record.at("tokens").get<std::vector<int>>();
      }
    }
    return out;
  }

  testing::TempDir dir_;
  int runs_ = 0;
};

TEST_F(DistillModels, AreSmallAndEachHasItsCard) {
  std::uintmax_t bytes = 0;
  for (const char* name : {"teacher", "student", "student-undistilled"}) {
    EXPECT_TRUE(std::filesystem::exists(kModels / name / "README.md")) << name;
    for (const auto& entry : std::filesystem::directory_iterator(kModels / name)) {
      bytes += entry.file_size();
    }
  }
  EXPECT_LE(bytes, kShippedBytesMax);
}

// The bounds lie below what was measured (100, 78 and 67 % of the 1,000 held-out problems).
TEST_F(DistillModels, TeacherStudentAndUndistilledStudentAnswerInThisOrder) {
  const Rates teacher = rates(run("teacher", "mini-chain"));
  EXPECT_GE(teacher.right, 0.90);
  EXPECT_GE(teacher.complete, 0.99);
  const Rates student = rates(run("student", kMeasured));
  EXPECT_GE(student.right, 0.70);
  EXPECT_LE(student.right, teacher.right - 0.05) << "nothing is left to lose or to win";
  const Rates undistilled = rates(run("student-undistilled", kMeasured));
  EXPECT_LE(undistilled.right, student.right - 0.08);
}

TEST_F(DistillModels, ReferenceAndCpuGiveTheSameTokens) {
  for (const char* name : {"teacher", "student"}) {
    const auto cpu = tokens(run(name, "mini-chain:first=4"));
    EXPECT_EQ(cpu.size(), 4U);
    EXPECT_EQ(cpu, tokens(run(name, "mini-chain:first=4", "reference"))) << name;
  }
}

// Of all 1,000 held-out problems BF16 alone solved 61, Q2_K alone 24 (McNemar: p below 0.0001).
TEST_F(DistillModels, QuantisationDoesItsDamage) {
  const double full = rates(run("student", kMeasured)).right;
  const std::string q2 = (dir_.path() / "q2.gguf").string();
  const ProcessResult quantised =
      assay({"quantize", "--model", (kModels / "student").string(), "--type", "Q2_K", "--out", q2});
  ASSERT_EQ(quantised.exit_code, 0) << quantised.err;
  EXPECT_LE(rates(run(q2, kMeasured)).right, full - 0.04);
}

}  // namespace
}  // namespace assay
