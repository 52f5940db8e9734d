// Chains from foreign files: which field is the text, why a chain is dropped, the rating sheet.
#include "harness/chain/chain_file.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "harness/chain/clean.h"
#include "harness/chain/sheet.h"
#include "tests/support/test_data.h"

namespace assay {
namespace {

using nlohmann::json;

std::vector<ChainText> chains(const char* record, const std::string& field = "") {
  return chains_of_record(json::parse(record), "f.jsonl:1", field);
}

TEST(ChainFile, FindsTheTextOfTheShapesInUse) {
  const auto expect = [](const char* record, const char* text, const char* field) {
    const auto found = chains(record);
    ASSERT_EQ(found.size(), 1U) << record;
    EXPECT_EQ(found[0].text, text) << record;
    EXPECT_EQ(found[0].field, field) << record;
  };
  expect(R"({"completion": "a", "text": "b"})", "a", "completion");
  expect(R"({"response": "a"})", "a", "response");
  expect(R"({"code": ["a"], "solution": "gold"})", "a", "code[0]");
  expect(R"({"resps": [["a"]]})", "a", "resps[0][0]");
  expect(
      R"({"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]})",
      "a", "messages[1]");
  expect(R"({"conversations": [{"from": "human", "value": "q"}, {"from": "gpt", "value": "a"}]})",
         "a", "conversations[1]");
  expect(R"({"choices": [{"message": {"role": "assistant", "reasoning_content": "r",
             "content": "a"}}]})",
         "<think>r</think>a", "choices[0]");
  expect(R"({"steps": ["a", "b"]})", "a\n\nb", "steps");
  expect(R"({"completion": "", "solution": "gold"})", "", "completion");
  EXPECT_TRUE(chains(R"({"question": "q", "answer": "12"})").empty());
}

TEST(ChainFile, TakesWhatElseARecordTells) {
  const auto found = chains(R"({"id": 7, "problem": "p", "gt": 12, "response": ["a", "b"],
                                "finish_reason": "length"})");
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].id, "7");
  EXPECT_EQ(found[1].id, "7#2");
  EXPECT_EQ(found[1].text, "b");
  EXPECT_EQ(found[0].question, "p");
  EXPECT_EQ(found[0].answer, "12");
  EXPECT_EQ(found[0].stop, StopReason::length);
  const auto named = chains(R"({"a": {"b": "text"}, "completion": "x"})", "a.b");
  ASSERT_EQ(named.size(), 1U);
  EXPECT_EQ(named[0].text, "text");
}

TEST(ChainFile, APromptInTheSameFieldIsCutOff) {
  const auto found = chains(
      "{\"full_response\": \"<\xEF\xBD\x9CUser\xEF\xBD\x9C>q"
      "<\xEF\xBD\x9C"
      "Assistant\xEF\xBD\x9C><think>a\"}");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].text, "<think>a");
  EXPECT_EQ(found[0].text_begin, 30U);
}

TEST(ChainFile, ReadsLinesAndArraysAndSaysWhatIsMissing) {
  const testing::TempDir folder;
  const std::string path = (folder.path() / "f.json").string();
  testing::write_text(path, "[{\"text\": \"a\"}, {\"text\": \"b\"}]");
  EXPECT_EQ(read_chain_file(path, "")->chains.size(), 2U);
  testing::write_text(path, "{\"text\": \"a\"}\n{\"n\": 1}\n{\"text\": \"b\"}");
  EXPECT_EQ(read_chain_file(path, "")->chains.size(), 2U);
  EXPECT_EQ(read_chain_file(path, "nothing").error().kind(), ErrorKind::usage);
  testing::write_text(path, "{\"n\": 1}\n");
  EXPECT_NE(read_chain_file(path, "").error().line().find("--text-field"), std::string::npos);
  testing::write_text(
      path, "\xEF\xBB\xBF{\"text\": \"a\"}\r\nrubbish\r\n{\"n\": 1}\r\n{\"text\": \"b\"}");
  const auto lines = read_chain_file(path, "");
  ASSERT_TRUE(lines);
  EXPECT_EQ(lines->chains.size(), 2U);
  EXPECT_EQ(lines->chains[1].where, "f.json:4");
  EXPECT_EQ(lines->without_text, 1);
  EXPECT_EQ(lines->summary.unreadable.not_json, 1);
  testing::write_text(path, "{\"meta\": 1, \"rows\": [{\"text\": \"a\"}, {\"text\": \"b\"}]}");
  EXPECT_EQ(read_chain_file(path, "")->chains.size(), 2U);
  testing::write_text(path, "rubbish\n");
  EXPECT_NE(read_chain_file(path, "").error().line().find("f.json:1: not JSON"), std::string::npos);
  testing::write_text(path, "[{\"text\":");
  EXPECT_EQ(read_chain_file(path, "").error().kind(), ErrorKind::environment);
  EXPECT_FALSE(read_chain_file("absent.jsonl", ""));
}

TEST(ChainFile, ARecordOfSeveralTurnsOrChoicesIsOneRecord) {
  const testing::TempDir folder;
  const std::string path = (folder.path() / "f.jsonl").string();
  testing::write_text(path, R"({"conversations": [{"from": "human", "value": "q"},
                                                  {"from": "gpt", "value": "a"}]})");
  EXPECT_EQ(read_chain_file(path, "")->chains.at(0).text, "a");
  testing::write_text(path, R"({"choices": [{"message": {"content": "a"}},
                                            {"message": {"content": "b"}}]})");
  const auto file = read_chain_file(path, "");
  ASSERT_EQ(file->chains.size(), 2U);
  EXPECT_EQ(file->chains[0].problem, file->chains[1].problem);
}

TEST(ChainFile, ReadsTheSamplesOfAJournal) {
  const testing::TempDir folder;
  const std::string path = (folder.path() / "journal.jsonl").string();
  testing::write_text(path, R"({"crc": 1, "record": {"type": "plan", "text": "no"}}
{"crc": 2, "record": {"type": "sample", "problem": "p/1", "text": "a", "stop": "length"}}
{"crc": 3, "record": {"type": "grade", "extracted": "no"}}
)");
  const auto file = read_chain_file(path, "");
  ASSERT_EQ(file->chains.size(), 1U);
  EXPECT_EQ(file->chains[0].id, "p/1");
  EXPECT_EQ(file->chains[0].stop, StopReason::length);
  EXPECT_EQ(file->without_text, 2);
}

std::string reasons(const std::string& text) {
  ChainText chain;
  chain.text = text;
  std::string out;
  for (const Drop& drop : drops_of(chain, analyse_text(chain, true))) {
    out += (out.empty() ? "" : ", ") + std::string(drop_reason_name(drop.reason));
  }
  return out;
}

TEST(Clean, NamesEveryReason) {
  const std::string sound = "<think>\nStep 1: 3 + 4 = 7.\n\nStep 2: so 7 it is.\n</think>\n";
  EXPECT_EQ(reasons(sound + "The answer is \\boxed{7}."), "");
  EXPECT_EQ(reasons(" \n"), "empty");
  EXPECT_EQ(reasons("<think>a\n\nb</think></think>\\boxed{7}."), "broken, jumping");
  EXPECT_EQ(reasons(sound), "broken");
  EXPECT_EQ(reasons(sound + "The answer is \\boxed{7}. It fol"), "cut off");
  EXPECT_EQ(reasons("<think>\nStep 1: a.\n\nStep 4: 7.\n</think>\n\\boxed{7}."), "jumping");
  EXPECT_EQ(reasons("<think>It is 7.</think>\n\\boxed{7}."), "jumping");
  EXPECT_EQ(reasons(sound + "The answer is \\boxed{8}."), "jumping");
  EXPECT_EQ(reasons(sound + "It is \\boxed{8}.\n\nNo, it is \\boxed{7}."), "contradictory answers");
  std::string loop = "<think>\nStep 1: 7.\n\n";
  for (int i = 0; i < 40; ++i) loop += "Wait, let me look at this once more from the start. ";
  EXPECT_EQ(reasons(loop + "7.\n\nStep 2: 7.\n</think>\n\\boxed{7}."), "looping");
}

TEST(Clean, SplitsIntoSteps) {
  ChainText chain;
  chain.id = "a";
  chain.question = "q";
  chain.text = "<think>one\n\ntwo 7</think>\\boxed{7}.";
  const json record = cleaned_record(chain, analyse_text(chain, true));
  EXPECT_EQ(record.at("steps"), json({"one", "two 7"}));
  EXPECT_EQ(record.at("chain"), "[STEP] one\n[STEP] two 7");
  EXPECT_EQ(record.at("answer"), "7");
}

TEST(Sheet, IsBlindAndHarmless) {
  EXPECT_EQ(csv_cell("=1+1"), "\"'=1+1\"");
  EXPECT_EQ(csv_cell(" @x"), "\"' @x\"");
  EXPECT_EQ(csv_cell("a \"b\"\nc"), "\"a \"\"b\"\"\nc\"");
  EXPECT_EQ(csv_cell("\x1B[31m"), "\"\xEF\xBF\xBD[31m\"");
  EXPECT_LT(csv_cell(std::string(100'000, 'x')).size(), 32'767U);
  ChainText a;
  a.id = "model-a/1";
  a.text = "-x";
  ChainText b;
  b.id = "model-b/2";
  b.text = "y";
  const std::vector<ChainText> one = {a, b};
  const std::vector<ChainText> other = {b, a};
  const RatingSheet sheet = rating_sheet(one);
  EXPECT_EQ(sheet.sheet, rating_sheet(other).sheet);
  EXPECT_EQ(sheet.sheet.find("model"), std::string::npos);
  EXPECT_NE(sheet.key.find("model-a/1"), std::string::npos);
  EXPECT_NE(sheet.sheet.find("\"'-x\""), std::string::npos);
}

}  // namespace
}  // namespace assay
