// The readers of MATH, GSM8K, AMC 2023 and HumanEval+: on the files that exist, and on broken ones.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "datasets/math/boxed_answer.h"
#include "datasets/math/csv.h"
#include "tests/datasets/find_dataset.h"
#include "tests/support/test_data.h"

namespace assay {
namespace {

using testing::dataset;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// Reads `text` as the dataset's file.
Result<DatasetContent> read_text_as(const std::string& name, const std::string& text) {
  const testing::TempDir dir;
  testing::write_text(dir.path() / "f.txt", text);
  return dataset(name).read((dir.path() / "f.txt").string());
}

TEST(Math, BothSchemasGiveTheSameIdsAndAnswers) {
  ASSAY_REQUIRE_TEST_DATA(folder, "data/datasets/math_full");
  const auto lines = dataset("math").read((folder / "tora_math_test.jsonl").string());
  const auto csv = dataset("math").read((folder / "simple-evals_math_test.csv").string());
  ASSERT_TRUE(lines) << lines.error().line();
  ASSERT_TRUE(csv) << csv.error().line();
  EXPECT_EQ(lines->sha256, dataset("math").manifest.sha256);
  std::map<std::string, std::string> answers;
  for (const Problem& problem : lines->problems) answers[problem.id] = problem.answer;
  EXPECT_EQ(answers.size(), 5000U);
  for (const Problem& problem : csv->problems) {
    EXPECT_EQ(answers[problem.id], problem.answer) << problem.id;
  }
}

TEST(Math, BrokenFilesAreNamedByLine) {
  EXPECT_THAT(read_text_as("math", "{\"problem\": \"p\", \"solution\": \"no box\"}").error().line(),
              HasSubstr("f.txt:1: the solution boxes no answer"));
  EXPECT_THAT(read_text_as("math", ",Question,Answer\n0,\"p").error().line(),
              HasSubstr("f.txt:2: a quote that never closes"));
  EXPECT_THAT(read_text_as("math", ",Question,Answer\n0,p,1\n").error().line(),
              HasSubstr("math has 5000 problems, this file has 1"));
  EXPECT_THAT(read_text_as("math", "\xff\xfe").error().line(), HasSubstr("this file has 0"));
}

TEST(Csv, QuotesCommasAndNewlines) {
  const auto rows = datasets::parse_csv("a,\"b, \"\"c\"\"\nd\",\r\n\n\"\",x", "f");
  ASSERT_TRUE(rows) << rows.error().line();
  ASSERT_EQ(rows->size(), 3U);
  EXPECT_THAT((*rows)[0].fields, ElementsAre("a", "b, \"c\"\nd", ""));
  EXPECT_THAT((*rows)[1].fields, ElementsAre(""));
  EXPECT_EQ((*rows)[2].line, 4U);
  EXPECT_THAT((*rows)[2].fields, ElementsAre("", "x"));
  EXPECT_THAT(datasets::parse_csv("\"a\"b", "f").error().line(),
              HasSubstr("f:1: text behind a closing quote"));
}

TEST(BoxedAnswer, TheLastBoxCounts) {
  EXPECT_EQ(datasets::boxed_answer("$\\boxed{1}$, no: $\\boxed{ \\frac{1}{2} }.$"), "\\frac{1}{2}");
  EXPECT_EQ(datasets::boxed_answer("\\fbox{A}"), "A");
  EXPECT_EQ(datasets::boxed_answer("$\\boxed 7$ apples"), "7");
  EXPECT_EQ(datasets::boxed_answer("\\boxed{\\{1, 2\\}}"), "\\{1, 2\\}");
  for (const char* none : {"", "7", "\\boxed", "\\boxed{", "\\boxed{{1}"}) {
    EXPECT_EQ(datasets::boxed_answer(none), std::nullopt) << none;
  }
}

TEST(Gsm8k, AnswersAreTheNumbersBehindTheMark) {
  ASSAY_REQUIRE_TEST_DATA(path, "data/datasets/other/gsm8k_test.jsonl");
  const auto content = dataset("gsm8k").read(path.string());
  ASSERT_TRUE(content) << content.error().line();
  EXPECT_EQ(content->sha256, dataset("gsm8k").manifest.sha256);
  EXPECT_EQ(content->problems.size(), 1319U);
  for (const Problem& problem : content->problems) {
    EXPECT_EQ(problem.answer.find_first_not_of("-0123456789."), std::string::npos) << problem.id;
  }
  EXPECT_EQ(content->problems.front().id, "gsm8k/0");
}

TEST(Gsm8k, AnAnswerWithoutTheMarkIsRefused) {
  EXPECT_THAT(read_text_as("gsm8k", "{\"question\": \"q\", \"answer\": \"18\"}").error().line(),
              HasSubstr("f.txt:1: the answer does not end in '#### number'"));
}

TEST(Amc23, FloatsThatAreIntegersAreIntegers) {
  ASSAY_REQUIRE_TEST_DATA(path, "data/datasets/other/amc23_test.jsonl");
  const auto content = dataset("amc23").read(path.string());
  ASSERT_TRUE(content) << content.error().line();
  EXPECT_EQ(content->sha256, dataset("amc23").manifest.sha256);
  std::set<std::string> ids;
  for (const Problem& problem : content->problems) {
    ids.insert(problem.id);
    EXPECT_EQ(problem.answer.find('.'), std::string::npos) << problem.answer;
  }
  EXPECT_EQ(ids.size(), 40U);
  EXPECT_THAT(read_text_as("amc23", "{\"problem\": \"p\", \"answer\": 0.5}").error().line(),
              HasSubstr("f.txt:1: the answer is no integer"));
}

TEST(HumanEvalPlus, InputsInsteadOfAssertions) {
  ASSAY_REQUIRE_TEST_DATA(path, "data/datasets/humaneval/evalplus_HumanEvalPlus.304k.jsonl");
  const auto content = dataset("humaneval-plus").read(path.string());
  ASSERT_TRUE(content) << content.error().line();
  EXPECT_EQ(content->sha256, dataset("humaneval-plus").manifest.sha256);
  for (const Problem& problem : content->problems) {
    EXPECT_GT(problem.extra["base_input"].size(), 0U) << problem.id;
    EXPECT_TRUE(problem.extra["plus_input"].empty()) << "the pinned file has none";
    EXPECT_FALSE(problem.extra["canonical_solution"].get<std::string>().empty());
  }
}

TEST(HumanEvalPlus, LaterReleasesAndBrokenOnes) {
  const nlohmann::json record = {{"task_id", "HumanEval/0"},
                                 {"prompt", "def f(x):\n"},
                                 {"entry_point", "f"},
                                 {"canonical_solution", "    return x\n"},
                                 {"base_input", {{1}}},
                                 {"plus_input", {{2}, {3}}},
                                 {"atol", 1e-6}};
  const auto too_few = read_text_as("humaneval-plus", record.dump());
  ASSERT_FALSE(too_few);
  EXPECT_THAT(too_few.error().line(), HasSubstr("has 164 problems, this file has 1"));
  for (const auto& [field, value] :
       std::map<std::string, nlohmann::json>{{"base_input", {1, 2}},
                                             {"plus_input", "text"},
                                             {"entry_point", "g"},
                                             {"canonical_solution", nullptr}}) {
    nlohmann::json broken = record;
    broken[field] = value;
    EXPECT_THAT(read_text_as("humaneval-plus", broken.dump()).error().line(),
                HasSubstr("f.txt:1: "))
        << field;
  }
}

}  // namespace
}  // namespace assay
