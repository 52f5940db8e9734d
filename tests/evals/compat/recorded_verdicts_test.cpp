// The qwen grader against verdicts that the original recorded: every set of the index that names
// it. Prints one line a set and one a difference, so that docs/compat-agreement.md can be made
// again.
#include <gtest/gtest.h>

#include <cmath>
#include <iomanip>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "core/json_access.h"
#include "core/jsonl.h"
#include "evals/common/compat/compat_grader.h"
#include "tests/support/test_data.h"

namespace assay::evals::compat {
namespace {

struct SetResult {
  int n = 0;
  int ours = 0;
  int recorded = 0;
  int agree = 0;
  int same_prediction = 0;
};

std::string first_text(const nlohmann::json& record, std::string_view name) {
  const nlohmann::json& list = json_list(record, name);
  return !list.empty() && list[0].is_string() ? list[0].get<std::string>() : std::string();
}

/// "idx 7: gold ..., extracted ..., rung, recorded 1"
void print_difference(const nlohmann::json& record, const CompatGrade& grade, bool recorded) {
  std::cout << "  idx " << json_integer(record, "idx").value_or(-1) << "  gold " << grade.gold
            << "  ours '" << grade.extracted.value_or("(none)").substr(0, 200) << "' ("
            << grade.rung << ")  recorded '" << first_text(record, "pred").substr(0, 200) << "' "
            << (recorded ? "right" : "wrong") << "\n";
}

SetResult grade_set(const std::string& path, const std::string& task) {
  const CompatGrader& grader = *find_compat_grader("qwen");
  SetResult result;
  const auto file = read_text_file(path);
  EXPECT_TRUE(file) << path;
  if (!file) return result;
  const auto sink = [&](const nlohmann::json& record, const std::string&) -> Result<void> {
    const nlohmann::json& score = json_list(record, "score");
    const bool recorded = !score.empty() && score[0].is_boolean() && score[0].get<bool>();
    const std::string gold = json_text(record, "gt");
    const CompatGrade grade = compat_grade(grader, first_text(record, "code"), {task, gold});
    const bool ours = grade.verdict == Verdict::equal;
    ++result.n;
    result.ours += ours ? 1 : 0;
    result.recorded += recorded ? 1 : 0;
    result.agree += ours == recorded ? 1 : 0;
    result.same_prediction += grade.extracted == first_text(record, "pred") ? 1 : 0;
    const bool differs = ours != recorded || grade.extracted != first_text(record, "pred");
    if (differs) print_difference(record, grade, recorded);
    return {};
  };
  EXPECT_TRUE(for_each_jsonl(file->text, path, sink));
  return result;
}

TEST(RecordedVerdicts, QwenScoresEverySetAsPublished) {
  ASSAY_REQUIRE_TEST_DATA(index, "data/generations/INDEX.jsonl");
  const auto file = read_text_file(index.string());
  ASSERT_TRUE(file);
  int sets = 0;
  const auto sink = [&](const nlohmann::json& entry, const std::string&) -> Result<void> {
    if (json_text(entry, "grader") != "qwen") return {};
    const std::string task = json_text(entry, "task");
    const std::string name = json_text(entry, "file");
    const SetResult result = grade_set((index.parent_path() / name).string(), task);
    if (result.n == 0) return {};
    const double percent = 100.0 * result.ours / result.n;
    const double published = json_number(entry, "published").value_or(-1);
    std::cout << std::fixed << std::setprecision(2) << task << "  n " << result.n << "  published "
              << published << "  ours " << percent << "  verdicts " << result.agree << "/"
              << result.n << "  predictions " << result.same_prediction << "/" << result.n << "  "
              << name << "\n";
    EXPECT_EQ(result.n, json_integer(entry, "n").value_or(-1)) << name;
    EXPECT_NEAR(percent, published, 0.5) << name;
    ++sets;
    return {};
  };
  ASSERT_TRUE(for_each_jsonl(file->text, index.string(), sink));
  EXPECT_GE(sets, 1);
}

}  // namespace
}  // namespace assay::evals::compat
