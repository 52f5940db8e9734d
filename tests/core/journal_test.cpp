#include "core/journal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/test_data.h"

namespace assay {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

json plan() {
  return {{"type", "plan"},
          {"schema_version", kJournalVersion},
          {"tasks", {{{"name", "second"}}, {{"name", "first"}}}}};
}

json sample(const std::string& task, int index, int number) {
  const std::string key = task + std::to_string(index) + "#" + std::to_string(number);
  return {{"type", "sample"}, {"key", key}, {"task", task}, {"index", index}, {"sample", number}};
}

std::string lines(const std::vector<json>& records) {
  std::string out;
  for (const json& record : records) out += journal_line(record);
  return out;
}

/// The one line that a person would read about `text`.
std::string error_of(const std::string& text) {
  const Result<Journal> journal = parse_journal(text, "run/journal.jsonl");
  if (journal) return "no error";
  EXPECT_EQ(journal.error().kind(), ErrorKind::environment);
  EXPECT_EQ(journal.error().line().find('\n'), std::string::npos);
  return journal.error().line();
}

TEST(Journal, LinesReadBack) {
  const json record = {{"type", "sample"}, {"text", "a\"b\\c\n\u00e9\u2603"}, {"x", 0.1}};
  const std::string line = journal_line(record);
  EXPECT_EQ(line.back(), '\n');
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  EXPECT_EQ(*parse_journal_line(line.substr(0, line.size() - 1)), record);
}

TEST(Journal, TheLineIsJsonItself) {
  const json line = json::parse(journal_line(plan()));
  EXPECT_EQ(line["record"], plan());
  EXPECT_EQ(line["crc"].get<std::string>().size(), 8);
}

TEST(Journal, BrokenUtf8IsReplacedWhenWritten) {
  const std::string line = journal_line({{"text", "a\xC3(\xFFz"}});
  const Result<json> record = parse_journal_line(line.substr(0, line.size() - 1));
  ASSERT_TRUE(record.has_value());
  EXPECT_EQ((*record)["text"], "a\xEF\xBF\xBD(\xEF\xBF\xBDz");
}

TEST(Journal, RecordsGoWhereTheyBelong) {
  const std::string text = lines({plan(),
                                  sample("first", 1, 0),
                                  {{"type", "grade"}, {"key", "first1#0"}, {"verdict", "equal"}},
                                  {{"type", "chain"}, {"key", "first1#0"}},
                                  {{"type", "bench"}, {"phase", "decode"}},
                                  {{"type", "resume"}},
                                  {{"type", "totals"}}});
  const Journal journal = value_or_throw(parse_journal(text, "j"));
  EXPECT_EQ(journal.plan, plan());
  EXPECT_EQ(journal.samples.size(), 1);
  EXPECT_EQ(journal.grades.at("first1#0")["verdict"], "equal");
  EXPECT_EQ(journal.chains.size(), 1);
  EXPECT_EQ(journal.bench.size(), 1);
  EXPECT_EQ(journal.totals.size(), 1);
  EXPECT_EQ(journal.sound_bytes, text.size());
  EXPECT_FALSE(journal.cut_last_line);
}

TEST(Journal, SamplesAreSortedByThePlan) {
  const Journal journal = value_or_throw(
      parse_journal(lines({plan(), sample("unknown", 0, 0), sample("first", 0, 1),
                           sample("first", 0, 0), sample("second", 1, 0), sample("second", 0, 0)}),
                    "j"));
  std::vector<std::string> keys;
  for (const json& it : journal.samples) keys.push_back(it["key"]);
  EXPECT_THAT(
      keys, ::testing::ElementsAre("second0#0", "second1#0", "first0#0", "first0#1", "unknown0#0"));
}

TEST(Journal, TheLastGradeCounts) {
  const json first = {{"type", "grade"}, {"key", "k"}, {"verdict", "not_equal"}};
  const json second = {{"type", "grade"}, {"key", "k"}, {"verdict", "equal"}};
  const Journal journal = value_or_throw(parse_journal(lines({plan(), first, second}), "j"));
  EXPECT_EQ(journal.grades.at("k")["verdict"], "equal");
}

TEST(Journal, ALastLineCutAnywhereIsReadPast) {
  const std::string whole = lines({plan(), sample("first", 0, 0)});
  const std::string last = journal_line(sample("first", 1, 0));
  for (std::size_t cut = 0; cut < last.size(); ++cut) {
    const Result<Journal> journal = parse_journal(whole + last.substr(0, cut), "j");
    ASSERT_TRUE(journal.has_value()) << cut;
    EXPECT_EQ(journal->samples.size(), 1);
    EXPECT_EQ(journal->sound_bytes, whole.size());
    EXPECT_EQ(journal->cut_last_line, cut > 0);
  }
}

TEST(Journal, AnyFlippedBitIsFound) {
  const std::string text = lines({plan(), sample("first", 0, 0), sample("first", 1, 0)});
  for (std::size_t at = 0; at + 1 < text.size(); ++at) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      std::string damaged = text;
      damaged[at] = static_cast<char>(static_cast<unsigned char>(damaged[at]) ^ (1U << bit));
      EXPECT_FALSE(parse_journal(damaged, "j").has_value()) << at << " " << bit;
    }
  }
}

TEST(Journal, ADamagedLineIsNamed) {
  std::string text = lines({plan(), sample("first", 0, 0), sample("first", 1, 0)});
  text[text.find("first0#0") + 5] = '7';
  EXPECT_EQ(error_of(text),
            "run/journal.jsonl line 2 is damaged: its checksum does not match; delete that line: "
            "--resume makes what it held again; or restore the file");
}

TEST(Journal, WithoutItsPlanNothingCanBeMadeAgain) {
  std::string text = lines({plan(), sample("first", 0, 0)});
  text[text.find("second")] = 'S';
  EXPECT_EQ(error_of(text),
            "run/journal.jsonl line 1 is damaged: its checksum does not match; restore the file, "
            "or choose another --out");
}

TEST(Journal, AFailedSampleMayBeTriedAgain) {
  json failed = sample("a", 0, 0);
  failed["stop"] = "error";
  json again = sample("a", 0, 0);
  again["stop"] = "eos";
  const json grade = {{"type", "grade"}, {"key", "a0#0"}};
  const json chain = {{"type", "chain"}, {"key", "a0#0"}};
  const auto journal =
      parse_journal(lines({plan(), failed, chain, sample("a", 1, 0), again, grade}), "j");
  ASSERT_TRUE(journal) << journal.error().line();
  ASSERT_EQ(journal->samples.size(), 2U);
  EXPECT_EQ(journal->samples[0]["stop"], "eos");
  EXPECT_EQ(journal->grades.count("a0#0"), 1U);
  EXPECT_EQ(journal->chains.count("a0#0"), 0U) << "it told of the failure";
  EXPECT_THAT(error_of(lines({plan(), failed, again, failed})), HasSubstr("stands there twice"));
}

TEST(Journal, ErrorsOfRecords) {
  EXPECT_THAT(error_of(lines({plan(), plan()})), HasSubstr("line 2 is damaged: a second plan"));
  EXPECT_THAT(error_of(lines({plan(), sample("a", 0, 0), sample("a", 0, 0)})),
              HasSubstr("line 3 is damaged: sample 'a0#0' stands there twice"));
  EXPECT_THAT(error_of(lines({sample("a", 0, 0), plan()})),
              HasSubstr("line 1 is damaged: the first record is not the plan"));
  EXPECT_THAT(error_of(lines({plan(), {{"type", "grade"}}})),
              HasSubstr("a record without its key"));
  EXPECT_THAT(error_of(lines({plan(), {{"type", "song"}}})),
              HasSubstr("unknown record type 'song'"));
  EXPECT_THAT(error_of(lines({plan(), json::array({1})})), HasSubstr("it is not a JSON object"));
  EXPECT_THAT(error_of("hello\n"), HasSubstr("line 1 is damaged: not a journal line"));
  EXPECT_THAT(error_of(""), HasSubstr("holds no plan record"));
  EXPECT_THAT(error_of(journal_line(plan()).substr(0, 30)), HasSubstr("holds no plan record"));
}

TEST(Journal, AnotherVersionIsRefusedByName) {
  json other = plan();
  other["schema_version"] = 7;
  EXPECT_THAT(error_of(lines({other})), HasSubstr("journal schema 7, this assay reads 1"));
  other.erase("schema_version");
  EXPECT_THAT(error_of(lines({other})), HasSubstr("journal schema 0, this assay reads 1"));
}

TEST(Journal, DeepNestingIsRefused) {
  std::string nested = "0";
  for (int i = 0; i < 1000; ++i) nested = "[" + nested + "]";
  const std::string body = R"({"type":"plan","x":)" + nested + "}";
  // The checksum is right: only the nesting is wrong.
  EXPECT_THAT(error_of(journal_line(json::parse(body))), HasSubstr("nested deeper than 64"));
}

TEST(Journal, UnreadableFileIsSaid) {
  const Result<Journal> journal = read_journal("/nowhere/journal.jsonl");
  ASSERT_FALSE(journal.has_value());
  EXPECT_EQ(journal.error().message(), "cannot read /nowhere/journal.jsonl");
}

TEST(Journal, FilesReadLikeText) {
  const testing::TempDir dir;
  const std::string text = lines({plan(), sample("first", 0, 0)});
  testing::write_text(dir.path() / "journal.jsonl", text);
  const Journal journal = value_or_throw(read_journal((dir.path() / "journal.jsonl").string()));
  EXPECT_EQ(journal.samples.size(), 1);
  EXPECT_EQ(journal.sound_bytes, text.size());
}

}  // namespace
}  // namespace assay
