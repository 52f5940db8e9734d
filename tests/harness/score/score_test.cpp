// From a file to a score, on the embedded mini sets: nothing is fetched.
#include "harness/score/score.h"

#include <fmt/core.h>
#include <gmock/gmock.h>

#include "core/plugins.h"
#include "harness/names.h"
#include "reports/common/task_report.h"
#include "tests/support/test_data.h"

namespace assay::score {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

std::vector<Problem> problems_of(const std::string& task) {
  return value_or_throw(value_or_throw(find_task(task))->read("")).problems;
}

class Score : public ::testing::Test {
 protected:
  std::string write(const std::vector<json>& records) {
    std::string text;
    for (const json& record : records) text += record.dump() + "\n";
    const auto path = dir_.path() / "f.jsonl";
    testing::write_text(path, text);
    return path.string();
  }
  /// One record a problem of mini-math, the first `n_right` of them right.
  static std::vector<json> answers(std::size_t n_right) {
    std::vector<json> records;
    for (const Problem& problem : problems_of("mini-math")) {
      const bool right = records.size() < n_right;
      const std::string answer = right ? problem.answer : "123456789";
      records.push_back({{"id", problem.id}, {"completion", "So \\boxed{" + answer + "}."}});
    }
    return records;
  }
  static ScoreOptions options(const std::string& path, const std::string& task = "mini-math") {
    ScoreOptions options;
    options.path = path;
    options.task = task;
    return options;
  }
  static json report(const Scored& scored) {
    return build_task_report(scored.task, scored.journal);
  }
  static std::string error(const ScoreOptions& options) {
    try {
      score_file(options, {});
    } catch (const Error& error) {
      return error.line();
    }
    return "none";
  }
  testing::TempDir dir_;
};

TEST_F(Score, AWholeTask) {
  const Scored scored = score_file(options(write(answers(15))), {});
  const json out = report(scored);
  EXPECT_EQ(out["metrics"]["pass@1"]["value"], 0.75);
  EXPECT_EQ(out["metrics"]["pass@1"]["n"], 20);
  EXPECT_FALSE(out["partial"].get<bool>());
  // How a text ends is judged by its last characters where the file does not tell.
  EXPECT_EQ(out["outcomes"]["correct_complete"], 15) << out["outcomes"];
  EXPECT_EQ(out["outcomes"]["wrong_complete"], 5);
  EXPECT_EQ(scored.shape["name"], "plain");
  EXPECT_EQ(scored.task["gold_from"], "dataset");
  EXPECT_EQ(scored.file["sha256"].get<std::string>().size(), 64U);
  EXPECT_TRUE(scored.labels.is_null());
}

TEST_F(Score, APartSaysSo) {
  std::vector<json> records = answers(5);
  records.resize(8);
  const Scored scored = score_file(options(write(records)), {});
  const json out = report(scored);
  EXPECT_TRUE(out["partial"].get<bool>());
  EXPECT_EQ(out["metrics"]["pass@1"]["value"], 5.0 / 8);
  EXPECT_EQ(out["metrics"]["pass@1"]["n"], 8);
  EXPECT_EQ(out["n_problems"], 20);
  EXPECT_EQ(scored.counts["missing_problems"]["count"], 12);
}

TEST_F(Score, SeveralSamplesGivePassAtKAndVotes) {
  std::vector<json> records;
  for (const Problem& problem : problems_of("mini-math")) {
    const std::string right = "\\boxed{" + problem.answer + "}";
    records.push_back({{"id", problem.id}, {"completions", {right, right, "\\boxed{99999}", ""}}});
  }
  ScoreOptions asked = options(write(records));
  asked.pass_at = {3, 9};
  const json out = report(score_file(asked, {}));
  const json& metrics = out["metrics"];
  EXPECT_EQ(metrics["pass@1"]["value"], 0.5);
  EXPECT_EQ(metrics["pass@1"]["samples"], 80);
  EXPECT_EQ(metrics["pass@3"]["value"], 1.0) << "1 - C(2,3)/C(4,3)";
  EXPECT_NEAR(metrics["pass@2"]["value"].get<double>(), 1 - 1.0 / 6, 1e-12);
  EXPECT_EQ(metrics["cons@k"]["value"], 1.0);
  EXPECT_TRUE(metrics["pass@9"]["value"].is_null());
  EXPECT_THAT(metrics["pass@9"]["why"].get<std::string>(), HasSubstr("pass@9 needs"));
  std::int64_t total = 0;
  for (const auto& [name, count] : out["outcomes"].items()) total += count.get<std::int64_t>();
  EXPECT_EQ(total, 80) << "the outcomes are a partition";
}

TEST_F(Score, GoldAnswersInTheFileNeedNoDataset) {
  std::vector<json> records;
  for (int i = 0; i < 4; ++i) {
    records.push_back({{"idx", i},
                       {"gt", std::to_string(i)},
                       {"code", {"\\boxed{" + std::to_string(i / 2 * 2) + "}"}},
                       {"score", {i % 2 == 0}}});
  }
  const std::string path = write(records);
  ScoreOptions asked = options(path, "aime24");
  asked.fields.answer = "gt";
  const Scored scored = score_file(asked, {});
  EXPECT_EQ(report(scored)["metrics"]["pass@1"]["value"], 0.5);
  EXPECT_EQ(report(scored)["n_problems"], 4) << "ids of the file's own: it is the whole";
  EXPECT_FALSE(report(scored)["partial"].get<bool>());
  EXPECT_TRUE(report(scored)["problems"][0]["tokens"].is_null()) << "unknown, not 0";
  EXPECT_TRUE(report(scored)["length"]["median_tokens"].is_null());
  for (json& record : records) record["idx"] = "aime24/II-" + record["idx"].dump();
  records[3]["gt"] = "1000";
  asked.path = write(records);
  const Scored part = score_file(asked, {});
  EXPECT_EQ(report(part)["n_problems"], 30) << "the task's ids";
  EXPECT_TRUE(report(part)["partial"].get<bool>());
  EXPECT_EQ(part.counts["without_gold"], 1);
  EXPECT_THAT(part.notes, ::testing::Contains(HasSubstr("'1000' at")));
  for (json& record : records) record["gt"] = std::to_string(&record - records.data());
  write(records);
  EXPECT_EQ(scored.task["gold_from"], "file");
  EXPECT_EQ(scored.labels["agree"], 4);
  // A benchmark that assay does not know.
  EXPECT_THAT(error(options(path, "olympiad")), HasSubstr("--answer-field gt"));
  ScoreOptions named = options(path, "olympiad");
  named.fields.answer = "gt";
  const Scored unknown = score_file(named, {});
  EXPECT_EQ(report(unknown)["metrics"]["pass@1"]["value"], 0.5);
  EXPECT_FALSE(report(unknown)["partial"].get<bool>());
  EXPECT_THAT(unknown.notes.front(), HasSubstr("'olympiad' is no task of assay"));
  EXPECT_THAT(error(options(path, "aime2")), HasSubstr("did you mean 'aime24'"));
}

TEST_F(Score, DifferencesFromTheFilesVerdictsAreListed) {
  std::vector<json> records = answers(2);
  for (json& record : records) record["is_correct"] = false;
  const Scored scored = score_file(options(write(records)), {});
  EXPECT_EQ(scored.labels["n"], 20);
  EXPECT_EQ(scored.labels["right"], 0);
  EXPECT_EQ(scored.labels["agree"], 18);
  ASSERT_EQ(scored.labels["differences"].size(), 2U);
  EXPECT_EQ(scored.labels["differences"][0]["id"], "mini-math/1");
  EXPECT_EQ(scored.labels["field"], "is_correct");
}

TEST_F(Score, ThinkTagsMakeTheProfile) {
  std::vector<json> records = answers(20);
  records[0]["completion"] = "<think>hm</think>" + records[0]["completion"].get<std::string>();
  records[1]["completion"] = "<think>" + records[1]["completion"].get<std::string>();
  const Scored scored = score_file(options(write(records)), {});
  EXPECT_EQ(scored.task["chain_profile"], "plain") << "of most texts";
  EXPECT_EQ(scored.counts["unclosed"], 1) << "texts without a tag did not think";
  for (json& record : records) {
    record["completion"] = "<think>hm</think>" + record["completion"].get<std::string>();
  }
  EXPECT_EQ(score_file(options(write(records)), {}).task["chain_profile"], "thinking");
  ScoreOptions plain = options(write(answers(20)));
  plain.profile = ProfileChoice::plain;
  EXPECT_EQ(score_file(plain, {}).counts["unclosed"], 0);
}

TEST_F(Score, APromptThatOpensTheThinkingPartLeavesCutChainsWithoutATag) {
  std::vector<json> records = answers(20);
  for (std::size_t i = 0; i < 12; ++i) {
    records[i]["completion"] = "hm</think>" + records[i]["completion"].get<std::string>();
  }
  const Scored scored = score_file(options(write(records)), {});
  EXPECT_EQ(scored.task["chain_profile"], "thinking");
  EXPECT_EQ(scored.counts["unclosed"], 8) << "without a closing tag there is no answer zone";
  ASSERT_EQ(scored.notes.size(), 1U);
  EXPECT_THAT(scored.notes[0], HasSubstr("8 of 20 texts have no thinking tag"));
}

TEST_F(Score, TheChainKnowsItsAnswerAndItsProblem) {
  std::vector<json> records = answers(20);
  records[0]["completion"] = "First 1 + 1 = 2.\n\nSo \\boxed{98765}.";
  const Scored scored = score_file(options(write(records)), {});
  const json out = report(scored);
  EXPECT_FALSE(out["chain"]["components"]["C8"]["value"].is_null());
  EXPECT_LT(out["chain"]["components"]["C8"]["value"].get<double>(), 1.0);
}

/// Solutions of mini-code that are right only behind "import math", which the reading "standalone"
/// puts there and "samples" does not; the file says of each that it `passed`.
std::vector<json> solutions_that_need_math(bool passed) {
  std::vector<json> records;
  for (const Problem& problem : problems_of("mini-code")) {
    const auto body = problem.extra.at("canonical_solution").get<std::string>();
    records.push_back({{"task_id", problem.id},
                       {"solution", problem.question + "    math.sqrt(4)\n" + body},
                       {"test", "-"},
                       {"is_solved", passed}});
  }
  return records;
}

TEST_F(Score, CodeIsReadAsItsOwnVerdictsSay) {
  if (value_or_throw(find_eval("humaneval"))->create()->unavailable()) {
    GTEST_SKIP() << "no sandbox here";
  }
  const Scored wrong = score_file(options(write(solutions_that_need_math(false)), "mini-code"), {});
  EXPECT_EQ(wrong.task["protocol"], "samples");
  EXPECT_EQ(wrong.labels["agree"], 20);
  ASSERT_EQ(wrong.notes.size(), 1U);
  EXPECT_THAT(wrong.notes[0], HasSubstr("samples agrees with 20 of its 20 own verdicts, standalone "
                                        "with 0; --protocol standalone"));
  const Scored right = score_file(options(write(solutions_that_need_math(true)), "mini-code"), {});
  EXPECT_EQ(right.task["protocol"], "standalone");
  EXPECT_TRUE(right.notes.empty());
  ScoreOptions named = options(write(solutions_that_need_math(false)), "mini-code");
  named.protocol = "standalone";
  EXPECT_EQ(score_file(named, {}).labels["agree"], 0) << "a named protocol stays";
}

TEST_F(Score, CodeBehindThinkingTagsIsAChats) {
  if (value_or_throw(find_eval("humaneval"))->create()->unavailable()) {
    GTEST_SKIP() << "no sandbox here";
  }
  std::vector<json> records;
  for (const Problem& problem : problems_of("mini-code")) {
    records.push_back({{"id", problem.id}, {"completion", "<think>\nhm\n</think>\nSorry."}});
  }
  EXPECT_EQ(score_file(options(write(records), "mini-code"), {}).task["protocol"], "chat-think");
}

TEST_F(Score, WholeProgramsAreNotCutOff) {
  if (value_or_throw(find_eval("humaneval"))->create()->unavailable()) {
    GTEST_SKIP() << "no sandbox here";
  }
  const json out =
      report(score_file(options(write(solutions_that_need_math(true)), "mini-code"), {}));
  EXPECT_EQ(out["outcomes"]["truncated"], 0);
  EXPECT_EQ(out["outcomes"]["correct_complete"], 20) << out["outcomes"];
}

TEST_F(Score, MistakesAreNamed) {
  const std::string path = write(answers(1));
  EXPECT_THAT(error(options(path, "mini-mth")), HasSubstr("did you mean 'mini-math'"));
  EXPECT_THAT(error(options("/no/such", "mini-math")), HasSubstr("cannot open /no/such"));
  EXPECT_THAT(error(options(path, "mini-code")), HasSubstr("none of its 20 samples"));
  ScoreOptions wrong = options(path);
  wrong.grader = "nosuch";
  EXPECT_THAT(error(wrong), HasSubstr("unknown grader 'nosuch'"));
  wrong = options(path);
  wrong.protocol = "nosuch";
  EXPECT_THAT(error(wrong), HasSubstr("unknown protocol 'nosuch'"));
  wrong = options(path, "mini-code");
  wrong.protocol = "chat";
  EXPECT_THAT(error(wrong), HasSubstr("completion, samples, standalone"));
}

TEST_F(Score, TheSameFileGivesTheSameBytes) {
  const ScoreOptions asked = options(write(answers(11)));
  EXPECT_EQ(report(score_file(asked, {})).dump(), report(score_file(asked, {})).dump());
}

}  // namespace
}  // namespace assay::score
