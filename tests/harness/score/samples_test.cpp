// Which tool wrote a file: recognition, on what grounds, and the texts it yields.
#include "harness/score/samples_file.h"

#include <gmock/gmock.h>

#include "tests/support/test_data.h"

namespace assay::score {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

class Samples : public ::testing::Test {
 protected:
  Result<SamplesFile> read(const std::vector<json>& records, const SampleFields& given = {}) {
    std::string text;
    for (const json& record : records) text += record.dump() + "\n";
    testing::write_text(dir_.path() / "f.jsonl", text);
    return read_samples((dir_.path() / "f.jsonl").string(), given, "task");
  }
  SamplesFile sound(const std::vector<json>& records, const SampleFields& given = {}) {
    Result<SamplesFile> file = read(records, given);
    EXPECT_TRUE(file) << file.error().line();
    return file ? std::move(*file) : SamplesFile();
  }
  testing::TempDir dir_;
};

TEST_F(Samples, HumanEvalsOwn) {
  const SamplesFile file = sound({{{"task_id", "HumanEval/3"}, {"completion", "  return 1"}}});
  EXPECT_EQ(file.shape.name, "humaneval");
  EXPECT_EQ(file.shape.grounds, "task_id and completion in 1 of the first 1 records");
  ASSERT_EQ(file.samples.size(), 1U);
  EXPECT_EQ(file.samples[0].id, "HumanEval/3");
  EXPECT_EQ(file.samples[0].text, "  return 1");
  EXPECT_FALSE(file.samples[0].gold || file.samples[0].label || file.samples[0].stop);
}

TEST_F(Samples, CountedTokensAndAbsentGolds) {
  const SamplesFile file = sound(
      {{{"id", "a"}, {"completion", "x"}, {"gold", " "}, {"tokens", 7}},
       {{"id", "b"}, {"completion", "x"}, {"gold", "1"}, {"usage", {{"completion_tokens", 9}}}},
       {{"id", "c"}, {"completion", {"x", "y"}}, {"tokens", 7}}});
  EXPECT_EQ(file.samples[0].n_tokens, 7);
  EXPECT_EQ(file.samples[0].gold, "");
  EXPECT_EQ(file.samples[1].n_tokens, 9);
  EXPECT_FALSE(file.samples[2].n_tokens) << "one count for two texts";
}

TEST_F(Samples, EvalplusWithAVerdict) {
  const SamplesFile file =
      sound({{{"task_id", "HumanEval/3"}, {"solution", "def f(): pass"}, {"base_status", "pass"}},
             {{"task_id", "HumanEval/4"}, {"solution", "x"}, {"base_status", "fail"}}});
  EXPECT_EQ(file.shape.name, "evalplus");
  EXPECT_EQ(file.samples[0].label, true);
  EXPECT_EQ(file.samples[1].label, false);
  EXPECT_EQ(
      sound({{{"task_id", "T/1"}, {"solution", "x"}, {"test", "def check(f): f()"}}}).shape.name,
      "reflexion");
}

TEST_F(Samples, LmEvalKeepsOneFilterAndTheDocumentsOwnId) {
  const json doc = {{"task_id", "T/1"}, {"question", "What is 2+2?"}};
  const json base = {{"doc_id", 0},
                     {"doc", doc},
                     {"target", "so\n#### 4"},
                     {"resps", json::array({json::array({"It is #### 4", "It is 5"})})},
                     {"filtered_resps", json::array({"4"})}};
  json strict = base;
  strict["filter"] = "strict-match";
  json flexible = base;
  flexible["filter"] = "flexible-extract";
  const SamplesFile file = sound({strict, flexible});
  EXPECT_EQ(file.shape.name, "lm-eval");
  ASSERT_EQ(file.samples.size(), 2U) << "two responses of one record";
  EXPECT_EQ(file.other_filters, 1);
  EXPECT_EQ(file.samples[0].id, "T/1");
  EXPECT_EQ(file.samples[0].question, "What is 2+2?");
  EXPECT_EQ(file.samples[0].gold, "4");
  EXPECT_EQ(file.samples[1].text, "It is 5");
}

TEST_F(Samples, QwenMathWithSeveralCompletionsAndScores) {
  const SamplesFile file = sound({{{"idx", 7},
                                   {"question", "q"},
                                   {"gt", "1/2"},
                                   {"answer", 0.5},
                                   {"solution", "long"},
                                   {"code", json::array({"first", "second"})},
                                   {"score", {true, false}}}});
  EXPECT_EQ(file.shape.name, "qwen-math");
  ASSERT_EQ(file.samples.size(), 2U);
  EXPECT_EQ(file.samples[0].gold, "1/2");
  EXPECT_EQ(file.samples[0].place, 7);
  EXPECT_EQ(file.samples[0].label, true);
  EXPECT_EQ(file.samples[1].label, false);
  EXPECT_EQ(file.samples[1].text, "second");
}

TEST_F(Samples, ResponsesByTemperature) {
  const SamplesFile file = sound(
      {{{"problem", "q"},
        {"answer", "204"},
        {"responses", {{"0.7", {{"content", "text"}, {"correctness", true}, {"reason", ""}}}}}}});
  EXPECT_EQ(file.shape.name, "skythought");
  ASSERT_EQ(file.samples.size(), 1U);
  EXPECT_EQ(file.samples[0].text, "text");
  EXPECT_EQ(file.samples[0].label, true);
  EXPECT_EQ(file.samples[0].gold, "204");
}

TEST_F(Samples, PlainOnesAndChats) {
  EXPECT_EQ(sound({{{"id", "a"}, {"completion", "x"}}}).shape.name, "plain");
  const SamplesFile several = sound({{{"id", "a"}, {"completions", {"x", "y", "z"}}}});
  EXPECT_EQ(several.samples.size(), 3U);
  const SamplesFile chat =
      sound({{{"question_id", 3},
              {"output",
               {{{"role", "user"}, {"content", "q"}}, {{"role", "assistant"}, {"content", "a"}}}},
              {"finish_reason", "length"}}});
  EXPECT_EQ(chat.shape.name, "fields found by name");
  ASSERT_EQ(chat.samples.size(), 1U);
  EXPECT_EQ(chat.samples[0].text, "a");
  EXPECT_EQ(chat.samples[0].stop, StopReason::length);
}

TEST_F(Samples, RepliesOfChatServers) {
  const json reply = {{"message", {{"role", "assistant"}, {"content", "a"}}}};
  const SamplesFile batch = sound(
      {{{"custom_id", "p/1"}, {"response", {{"body", {{"choices", json::array({reply})}}}}}}});
  EXPECT_EQ(batch.shape.name, "openai-batch");
  EXPECT_EQ(batch.samples.at(0).id, "p/1");
  EXPECT_EQ(batch.samples.at(0).text, "a");
  const json turns = {{{"role", "user"}, {"content", "q"}},
                      {{"role", "assistant"}, {"content", "b"}}};
  EXPECT_EQ(sound({{{"id", 1}, {"messages", turns}}}).samples.at(0).text, "b");
  EXPECT_EQ(sound({{{"id", 1}, {"messages", turns}, {"response", "c"}}}).samples.at(0).text, "c");
}

TEST_F(Samples, ReasoningThatAServerKeptApartIsPutBack) {
  const json message = {{"role", "assistant"}, {"reasoning_content", "r"}, {"content", "a"}};
  const SamplesFile file =
      sound({{{"id", "x"}, {"choices", json::array({{{"message", message}}})}}});
  EXPECT_EQ(file.samples.at(0).text, "<think>\nr\n</think>\n\na");
  const json cut = {{"role", "assistant"}, {"reasoning_content", "r"}, {"content", nullptr}};
  EXPECT_EQ(sound({{{"id", "x"}, {"messages", json::array({cut})}}}).samples.at(0).text,
            "<think>\nr");
}

TEST_F(Samples, ChatsOfSeveralToolsKnowTheirQuestion) {
  const json share = {{{"from", "human"}, {"value", "q"}}, {{"from", "gpt"}, {"value", "a"}}};
  const SamplesFile file = sound({{{"conversations", share}}});
  EXPECT_EQ(file.samples.at(0).text, "a");
  EXPECT_EQ(file.samples.at(0).question, "q");
  const json output = {{"model", "m"},
                       {"choices", json::array({{{"message", {{"content", "b"}}}}})}};
  const SamplesFile inspect = sound({{{"id", 1}, {"input", "q"}, {"output", output}}});
  ASSERT_EQ(inspect.samples.size(), 1U);
  EXPECT_EQ(inspect.samples[0].text, "b");
  EXPECT_EQ(inspect.samples[0].question, "q");
}

TEST_F(Samples, TextsAloneAreByPlace) {
  testing::write_text(dir_.path() / "g.json", R"([["x", "y"], ["z", "w"]])");
  const auto lists = read_samples((dir_.path() / "g.json").string(), {}, "task");
  ASSERT_TRUE(lists);
  ASSERT_EQ(lists->samples.size(), 4U);
  EXPECT_EQ(lists->samples[3].text, "w");
  EXPECT_EQ(lists->samples[3].place, 1);
  testing::write_text(dir_.path() / "h.jsonl", "\xFF\xFE{\n");
  const auto other = read_samples((dir_.path() / "h.jsonl").string(), {}, "task");
  ASSERT_FALSE(other);
  EXPECT_THAT(other.error().line(), HasSubstr("not UTF-8); give JSON lines or a JSON document"));
}

TEST_F(Samples, IdsThatEndInNumbers) {
  const SamplesFile file =
      sound({{{"id", "r-7"}, {"completion", "x"}}, {{"id", "r-12"}, {"completion", "y"}}});
  EXPECT_EQ(file.samples[1].number, 12);
  EXPECT_FALSE(file.samples[1].place);
  const SamplesFile mixed =
      sound({{{"id", "r-7"}, {"completion", "x"}}, {{"id", "s-12"}, {"completion", "y"}}});
  EXPECT_FALSE(mixed.samples[1].number);
}

TEST_F(Samples, FieldsGivenByTheUserReachIntoObjects) {
  SampleFields given;
  given.completion = "models.v1.5";  // a member whose own name holds a dot
  given.answer = "correct";
  const SamplesFile file = sound({{{"question", "q"},
                                   {"correct", "steps\n#### 1,234"},
                                   {"models", {{"v1.5", "text"}, {"other", "no"}}}}},
                                 given);
  EXPECT_EQ(file.shape.name, "given fields");
  EXPECT_EQ(file.shape.grounds, "models.v1.5 in 1 of the first 1 records");
  ASSERT_EQ(file.samples.size(), 1U);
  EXPECT_EQ(file.samples[0].text, "text");
  EXPECT_EQ(file.samples[0].gold, "1,234");
}

TEST_F(Samples, AnUnknownShapeListsItsTexts) {
  const auto file = read({{{"question", "q"}, {"m", {{"one", "x"}, {"two", "y"}}}}});
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().kind(), ErrorKind::environment);
  EXPECT_THAT(file.error().line(), HasSubstr("--completion-field; texts are in: m.one, m.two"));
  SampleFields given;
  given.completion = "nosuch";
  const auto missing = read({{{"id", "q"}, {"completion", "x"}}}, given);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind(), ErrorKind::usage);
  EXPECT_THAT(missing.error().line(), HasSubstr("no record has the field 'nosuch'"));
  EXPECT_THAT(read({}).error().line(), HasSubstr("holds no record"));
}

TEST_F(Samples, RecordsWithoutACompletionAreCounted) {
  const SamplesFile file = sound({{{"id", 1}, {"completion", "x"}},
                                  {{"id", 2}, {"completion", nullptr}},
                                  {{"id", 3}, {"completion", 5}},
                                  {{"id", 4}, {"completion", "y"}},
                                  {{"id", 5}, {"completion", ""}}});
  EXPECT_EQ(file.samples.size(), 3U) << "an empty completion is one";
  EXPECT_EQ(file.without_completion, 2);
}

TEST(GoldAnswer, IsFoundInWholeSolutions) {
  EXPECT_EQ(gold_answer("16 - 3\n#### 18"), "18");
  EXPECT_EQ(gold_answer("16 - 3 = 13\nA: 13"), "13");
  EXPECT_EQ(gold_answer("so $x = \\boxed{\\frac{1}{2}}$."), "\\frac{1}{2}");
  EXPECT_EQ(gold_answer(" 27 "), "27");
  EXPECT_EQ(gold_answer(""), "");
}

TEST(FieldAt, FollowsDots) {
  const json record = {{"a", {{"b", 1}, {"c.d", 2}}}, {"e.f", 3}};
  EXPECT_EQ(field_at(record, "a.b"), 1);
  EXPECT_EQ(field_at(record, "a.c.d"), 2);
  EXPECT_EQ(field_at(record, "e.f"), 3);
  for (const char* path : {"", "x", "a.x", "a.b.c", ".", "a.", ".a", "a..b"}) {
    EXPECT_TRUE(field_at(record, path).is_null()) << path;
  }
}

}  // namespace
}  // namespace assay::score
