// The readers of HumanEval, MATH-500 and AIME on the files that exist, and on broken ones.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "tests/datasets/find_dataset.h"
#include "tests/support/test_data.h"

namespace assay {
namespace {

using testing::dataset;
using ::testing::HasSubstr;

std::map<std::string, std::string> answers_by_id(const DatasetContent& content) {
  std::map<std::string, std::string> out;
  for (const Problem& problem : content.problems) out[problem.id] = problem.answer;
  return out;
}

TEST(Registry, ManifestsAreComplete) {
  std::set<std::string> names;
  for (const DatasetPlugin& plugin : dataset_plugins()) {
    const DatasetManifest& manifest = plugin.manifest;
    EXPECT_TRUE(names.insert(manifest.name).second) << manifest.name;
    EXPECT_FALSE(manifest.title.empty() || manifest.licence.empty() || manifest.source.empty());
    EXPECT_GT(manifest.n_problems, 0);
    EXPECT_EQ(manifest.embedded, manifest.urls.empty());
    EXPECT_EQ(manifest.sha256.size(), manifest.embedded ? 0 : 64);
    EXPECT_FALSE(manifest.file_name.empty());
    ASSERT_NE(plugin.read, nullptr);
  }
  EXPECT_TRUE(names.contains("mini-math") && names.contains("humaneval"));
}

class AimeFiles : public ::testing::TestWithParam<const char*> {};

TEST_P(AimeFiles, AllSchemasGiveTheSameIdsAndAnswers) {
  const std::string name = GetParam();
  ASSAY_REQUIRE_TEST_DATA(folder, "data/datasets/" + name);
  std::map<std::string, std::string> expected;
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const Result<DatasetContent> content = dataset(name).read(entry.path().string());
    ASSERT_TRUE(content) << content.error().line();
    const auto answers = answers_by_id(*content);
    EXPECT_EQ(answers.size(), 30U);
    if (files++ == 0) expected = answers;
    EXPECT_EQ(answers, expected) << entry.path();
    for (const Problem& problem : content->problems) {
      EXPECT_EQ(problem.question.find("Please reason"), std::string::npos);
      EXPECT_GT(problem.question.size(), 40U);
    }
  }
  EXPECT_EQ(files, 3);
  EXPECT_TRUE(expected.contains(name + "/I-1") && expected.contains(name + "/II-15"));
}

INSTANTIATE_TEST_SUITE_P(Years, AimeFiles, ::testing::Values("aime24", "aime25"),
                         [](const auto& info) { return std::string(info.param); });

TEST(Aime24, IdsFollowTheExamsOwnNumbers) {
  ASSAY_REQUIRE_TEST_DATA(path, "data/datasets/aime24/qwq_aime24.jsonl");
  const Result<DatasetContent> content = dataset("aime24").read(path.string());
  ASSERT_TRUE(content) << content.error().line();
  const auto answers = answers_by_id(*content);
  EXPECT_EQ(answers.at("aime24/I-2"), "25");  // written 025 in another file
  EXPECT_EQ(answers.at("aime24/II-10"), "468");
  EXPECT_EQ(content->problems[1].id, "aime24/I-10");
}

/// The lines of an AIME file, to be spoilt.
std::vector<std::string> lines_of(const std::filesystem::path& path) {
  std::vector<std::string> lines;
  std::istringstream in(testing::read_text(path));
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::string read_error(const char* name, const std::vector<std::string>& lines) {
  const testing::TempDir dir;
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  testing::write_text(dir.path() / "bad.jsonl", text);
  const Result<DatasetContent> content = dataset(name).read((dir.path() / "bad.jsonl").string());
  return content ? "" : content.error().line();
}

TEST(Aime24, RefusesShuffledPartialAndWrongFiles) {
  ASSAY_REQUIRE_TEST_DATA(path, "data/datasets/aime24/qwq_aime24.jsonl");
  const std::vector<std::string> good = lines_of(path);
  ASSERT_EQ(read_error("aime24", good), "");

  auto shuffled = good;
  std::swap(shuffled[0], shuffled[1]);
  EXPECT_THAT(read_error("aime24", shuffled), HasSubstr("are not those of AIME 2024"));
  auto cut = good;
  cut.pop_back();
  EXPECT_THAT(read_error("aime24", cut), HasSubstr("aime24 has 30 problems, this file has 29"));
  auto more = good;
  more.push_back(good[0]);
  EXPECT_THAT(read_error("aime24", more), HasSubstr("bad.jsonl:31: more than 30 problems"));
  for (const char* answer : {"1000", "-1", "7.5", "\"12a\"", "\"\"", "null", "[1]", "1e300"}) {
    auto wrong = good;
    wrong[4] = std::string(R"({"prompt": "p", "answer": )") + answer + "}";
    EXPECT_THAT(read_error("aime24", wrong),
                HasSubstr("bad.jsonl:5: the answer is no integer from 0 to 999"))
        << answer;
  }
  auto typed = good;
  typed[2] = R"({"prompt": 5, "answer": 5})";
  EXPECT_THAT(read_error("aime24", typed), HasSubstr("field 'prompt' is number"));
}

TEST(Aime24, UrlsDecideWhereThereAreUrls) {
  ASSAY_REQUIRE_TEST_DATA(path, "data/datasets/aime24/qwen25math_test.jsonl");
  auto lines = lines_of(path);
  std::swap(lines[3], lines[20]);
  EXPECT_EQ(read_error("aime24", lines), "");
  lines[3] = lines[4];
  EXPECT_THAT(read_error("aime24", lines),
              HasSubstr("bad.jsonl:5: problem aime24/I-13 was already at"));
  EXPECT_THAT(read_error("aime25", lines), HasSubstr("the url names no problem of AIME 2025"));
}

TEST(Math500, BothFilesGiveTheSameProblems) {
  ASSAY_REQUIRE_TEST_DATA(folder, "data/datasets/math500");
  const auto a = dataset("math500").read((folder / "test.jsonl").string());
  const auto b = dataset("math500").read((folder / "limo_test.jsonl").string());  // no last newline
  ASSERT_TRUE(a && b);
  EXPECT_EQ(a->sha256, dataset("math500").manifest.sha256);
  EXPECT_EQ(a->problems.size(), 500U);
  EXPECT_EQ(answers_by_id(*a), answers_by_id(*b));
  EXPECT_TRUE(answers_by_id(*a).contains("math500/precalculus/807"));
  EXPECT_EQ(a->problems[0].extra.at("level"), 2);
}

TEST(Math500, NamesAMissingField) {
  EXPECT_THAT(read_error("math500", {R"({"problem": "p", "answer": "1"})"}),
              HasSubstr("bad.jsonl:1: no field 'unique_id'"));
  EXPECT_THAT(read_error("math500", {R"({"unique_id": "test/a/1.json", "problem": "p"})"}),
              HasSubstr("bad.jsonl:1: no field 'answer'"));
}

TEST(HumanEval, ReadsTheGzippedFile) {
  ASSAY_REQUIRE_TEST_DATA(path, "data/datasets/humaneval/HumanEval.jsonl.gz");
  const auto content = dataset("humaneval").read(path.string());
  ASSERT_TRUE(content) << content.error().line();
  EXPECT_EQ(content->sha256, dataset("humaneval").manifest.sha256);
  EXPECT_EQ(content->problems.size(), 164U);
  EXPECT_EQ(content->problems[163].id, "HumanEval/163");
  EXPECT_EQ(content->problems[0].extra.at("entry_point"), "has_close_elements");
}

TEST(HumanEval, RefusesOtherSchemas) {
  EXPECT_THAT(read_error("humaneval", {R"({"task_id": "HumanEval/0", "prompt": "def f():\n"})"}),
              HasSubstr("bad.jsonl:1: no field 'entry_point'"));
  EXPECT_THAT(
      read_error("humaneval", {R"({"task_id": "a", "prompt": "def f():\n", "entry_point": "g", )"
                               R"("test": "", "canonical_solution": ""})"}),
      HasSubstr("bad.jsonl:1: the prompt does not define the entry point"));
}

TEST(Files, AnAbsentFileIsSaid) {
  const auto content = dataset("aime24").read("/nonexistent/aime24.jsonl");
  ASSERT_FALSE(content);
  EXPECT_EQ(content.error().kind(), ErrorKind::environment);
  EXPECT_THAT(content.error().line(), HasSubstr("cannot open /nonexistent/aime24.jsonl"));
}

}  // namespace
}  // namespace assay
