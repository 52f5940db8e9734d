// `assay score` as a person runs it: shapes, parts, exit codes, both outputs.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <string>

#include "core/journal.h"
#include "tests/support/process.h"
#include "tests/support/test_data.h"
#include "tests/support/tiny_model.h"

namespace assay {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::ProcessOptions;
using testing::ProcessResult;

class ScoreCli : public ::testing::Test {
 protected:
  ProcessResult assay(std::vector<std::string> arguments,
                      const std::vector<std::string>& environment = {}) {
    arguments.insert(arguments.begin(), ASSAY_BINARY);
    ProcessOptions options;
    options.environment = environment;
    options.environment.push_back("XDG_CACHE_HOME=" + path("cache"));
    return testing::run_process(arguments, options);
  }
  std::string path(const std::string& name) const { return (dir_.path() / name).string(); }
  std::string write(const std::string& name, const std::string& text) {
    testing::write_text(path(name), text);
    return path(name);
  }
  json score(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "score");
    arguments.push_back("--json");
    const ProcessResult result = assay(arguments);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return result.exit_code == 0 ? json::parse(result.out) : json();
  }
  void expect_error(const std::vector<std::string>& arguments, int code, const std::string& part) {
    const ProcessResult result = assay(arguments);
    EXPECT_EQ(result.exit_code, code) << result.err;
    EXPECT_THAT(result.err, HasSubstr(part));
    EXPECT_EQ(result.out, "");
  }
  testing::TempDir dir_;
};

TEST_F(ScoreCli, CodeRunsAndIsCounted) {
  // mini-code/1 twice: as a body behind the prompt, and as another problem's function.
  const std::string file = write("s.jsonl", R"({"task_id": "mini-code/1", "completion": "    0/0\n"}
{"task_id": "mini-code/99", "completion": "    pass\n"}
not JSON
)");
  const ProcessResult result = assay({"score", "--task", "mini-code", file, "--json"});
  if (result.exit_code == 3) GTEST_SKIP() << result.err;
  const json out = json::parse(result.out);
  EXPECT_EQ(out["metrics"]["pass@1"]["value"], 0.0);
  EXPECT_EQ(out["metrics"]["pass@1"]["of_n"], 20);
  EXPECT_EQ(out["metrics"]["pass@1"]["partial"], true);
  EXPECT_EQ(out["metrics"]["pass@1"]["bounds"], json({0.0, 0.95}));
  EXPECT_EQ(out["shape"]["name"], "humaneval");
  EXPECT_EQ(out["coverage"]["unknown_ids"]["count"], 1);
  EXPECT_EQ(out["file"]["unreadable"]["not_json"], 1);
  EXPECT_EQ(out["coverage"]["missing_problems"]["count"], 19);
}

TEST_F(ScoreCli, WithoutBubblewrapACodeTaskAloneIsAnEnvironmentError) {
  const std::string file =
      write("s.jsonl", R"({"task_id": "mini-code/1", "completion": "    pass\n"})");
  // bubblewrap itself hides bubblewrap, which is looked for in /usr/bin whatever PATH says.
  const std::vector<std::string> hidden = {"/usr/bin/bwrap", "--dev-bind",    "/", "/", "--ro-bind",
                                           "/dev/null",      "/usr/bin/bwrap"};
  const auto run_hidden = [&](const std::vector<std::string>& command) {
    std::vector<std::string> words = hidden;
    words.insert(words.end(), command.begin(), command.end());
    ProcessOptions options;
    options.environment = {"PATH=/bin", "XDG_CACHE_HOME=" + path("cache")};
    return testing::run_process(words, options);
  };
  if (run_hidden({"/usr/bin/test", "!", "-x", "/bin/bwrap"}).exit_code != 0) {
    GTEST_SKIP() << "no bubblewrap to hide, or it cannot be hidden";
  }
  const ProcessResult result = run_hidden({ASSAY_BINARY, "score", "--task", "mini-code", file});
  EXPECT_EQ(result.exit_code, 3) << result.out << result.err;
  EXPECT_THAT(result.err, HasSubstr("cannot be graded here"));
  EXPECT_THAT(result.err, HasSubstr("apt-get install"));
}

TEST_F(ScoreCli, TextNamesWhatWasLeftOut) {
  std::string lines;
  for (int i = 0; i < 3; ++i)
    lines += "{\"id\": \"mini-math/1\", \"completion\": \"\\\\boxed{1}\"}\n";
  lines += "{\"id\": \"nosuch/\\u001b[31m\", \"completion\": \"x\"}\n";
  const ProcessResult result = assay({"score", "--task", "mini-math", write("s.jsonl", lines)});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("pass@1 of 1 of 20 problems x 3"));
  EXPECT_THAT(result.out, HasSubstr("A PART ONLY      19 problems have no completion"));
  EXPECT_THAT(result.out, HasSubstr("1 of unknown problems"));
  EXPECT_THAT(result.out, HasSubstr("pass@3"));
  EXPECT_THAT(result.out, Not(HasSubstr("\x1b"))) << "no escape reaches the terminal";
}

TEST_F(ScoreCli, ARunsJournalGradesAgainAsItWas) {
  testing::TinyModel tiny = testing::tiny_model(Arch::llama, TensorType::F32);
  tiny.max_context = 4096;
  testing::tiny_gguf(tiny).write(path("m.gguf"));
  const ProcessResult run = assay({"run", "--model", path("m.gguf"), "--task", "mini-aime",
                                   "--max-new-tokens", "24", "--out", path("run")});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const json report = json::parse(testing::read_text(path("run") + "/report.json"))["tasks"][0];
  const json again = score({"--task", "mini-aime", path("run") + "/journal.jsonl"});
  EXPECT_EQ(again["shape"]["name"], "assay-journal");
  EXPECT_EQ(again["metrics"]["pass@1"]["value"], report["metrics"]["pass@1"]["value"]);
  EXPECT_EQ(again["outcomes"], report["outcomes"]);
  EXPECT_EQ(again["labels"]["agree"], 20);
  EXPECT_FALSE(again["partial"].get<bool>());
}

TEST_F(ScoreCli, AFailedSampleIsLeftOutAndBounded) {
  std::string journal = journal_line({{"type", "plan"},
                                      {"schema_version", kJournalVersion},
                                      {"tasks", {{{"name", "mini-math"}}}}});
  for (int i = 1; i <= 20; ++i) {
    const bool failed = i == 7;
    journal += journal_line({{"type", "sample"},
                             {"key", std::to_string(i)},
                             {"task", "mini-math"},
                             {"problem", "mini-math/" + std::to_string(i)},
                             {"index", i - 1},
                             {"sample", 0},
                             {"text", "The answer is 123456789."},
                             {"tokens", json::array()},
                             {"stop", failed ? "error" : "eos"},
                             {"error", failed ? json("the server went away") : json()}});
  }
  const std::string file = write("journal.jsonl", journal);
  const json pass = score({"--task", "mini-math", file})["metrics"]["pass@1"];
  EXPECT_EQ(pass["value"], 0.0);
  EXPECT_EQ(pass["n"], 19);
  EXPECT_EQ(pass["failed"], 1);
  EXPECT_EQ(pass["bounds"], json({0.0, 0.05}));
  EXPECT_THAT(assay({"score", "--task", "mini-math", file}).out,
              HasSubstr("FAILED           1 sample left out, neither right nor wrong: with it "
                        "the score lies between 0.0 and 5.0 %"));
}

TEST_F(ScoreCli, PassAtMoreThanThereIsIsRefused) {
  const std::string file =
      write("s.jsonl", R"({"id": "mini-math/1", "completions": ["\\boxed{12}", "\\boxed{13}"]})");
  const json out = score({"--task", "mini-math", "--k", "2,3", file});
  EXPECT_EQ(out["metrics"]["pass@2"]["value"], 1.0);
  EXPECT_TRUE(out["metrics"]["pass@3"]["value"].is_null());
  EXPECT_THAT(out["metrics"]["pass@3"]["why"].get<std::string>(),
              HasSubstr("pass@3 needs 3 completed samples of each problem; mini-math/1 has 2"));
}

TEST_F(ScoreCli, GradersByName) {
  const std::string file =
      write("s.jsonl", R"({"idx": 0, "gt": "1", "code": ["\\boxed{100\\%}"]})");
  EXPECT_EQ(
      score({"--task", "math500", "--grader", "qwen", "--answer-field", "gt", file})["grader"],
      "qwen");
  expect_error({"score", "--task", "math500", "--grader", "qwn", file}, 2,
               "did you mean 'qwen'? known: assay, ");
  expect_error({"score", "--task", "mini-code", "--grader", "qwen", file}, 2,
               "mini-code is graded by its tests");
}

TEST_F(ScoreCli, MistakesNameTheCure) {
  const std::string file = write("s.jsonl", R"({"id": "mini-math/1", "completion": "x"})");
  expect_error({"score", file}, 2, "--task is needed");
  expect_error({"score", "--task", "mini-math"}, 2, "give FILE.jsonl, or --pairs FILE");
  expect_error({"score", "--pairs", file, "--task", "mini-math"}, 2, "--pairs stands alone");
  expect_error({"score", "--task", "mini-math", path("absent")}, 3, "cannot open");
  expect_error({"score", "--task", "mini-math", write("e.jsonl", "")}, 3, "holds no record");
  expect_error({"score", "--task", "mini-math", "--id-field", "x", file}, 2,
               "no record has the field 'x'");
  expect_error({"score", "--pairs", file}, 3, "no text in 'gold'");
}

TEST_F(ScoreCli, Pairs) {
  const json out =
      score({"--pairs", write("p.jsonl", R"({"gold": "1/2", "pred": "0.5", "label": 1})")});
  EXPECT_EQ(out["pairs"][0]["verdict"], "equal");
  EXPECT_EQ(out["agreement"], 1.0);
}

}  // namespace
}  // namespace assay
