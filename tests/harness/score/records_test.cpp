// Foreign files of records: packings, containers, and every kind of rubbish.
#include "harness/score/json_records.h"

#include <gmock/gmock.h>
#include <zip.h>
#include <zlib.h>

#include "tests/support/test_data.h"

namespace assay::score {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Records : public ::testing::Test {
 protected:
  std::string write(const std::string& text, const std::string& name = "f.jsonl") {
    const auto path = dir_.path() / name;
    testing::write_text(path, text);
    return path.string();
  }
  std::string write_gzip(const std::string& text) {
    const std::string path = (dir_.path() / "f.jsonl.gz").string();
    gzFile file = gzopen(path.c_str(), "wb");
    EXPECT_EQ(gzwrite(file, text.data(), static_cast<unsigned>(text.size())),
              static_cast<int>(text.size()));
    gzclose(file);
    return path;
  }
  std::string write_zip(const std::vector<std::string>& members, const std::string& text) {
    const std::string path = (dir_.path() / "f.zip").string();
    int code = 0;
    zip_t* archive = zip_open(path.c_str(), ZIP_CREATE | ZIP_TRUNCATE, &code);
    for (const std::string& name : members) {
      zip_source_t* source = zip_source_buffer(archive, text.data(), text.size(), 0);
      zip_file_add(archive, name.c_str(), source, 0);
    }
    EXPECT_EQ(zip_close(archive), 0);
    return path;
  }
  /// The records' field "a", in order.
  Result<RecordsSummary> read(const std::string& path, const RecordLimits& limits = {}) {
    values_.clear();
    places_.clear();
    return read_records(
        path,
        [this](const json& record, const std::string& where) -> Result<void> {
          values_.push_back(record.value("a", -1));
          places_.push_back(where);
          return {};
        },
        limits);
  }

  testing::TempDir dir_;
  std::vector<int> values_;
  std::vector<std::string> places_;
};

TEST_F(Records, JsonLinesInEveryPacking) {
  const std::string text = "\xEF\xBB\xBF{\"a\": 1}\r\n\n  \n{\"a\": 2}";  // no last newline
  for (const std::string& path : {write(text), write_gzip(text), write_zip({"x"}, text)}) {
    const auto summary = read(path);
    ASSERT_TRUE(summary) << summary.error().line();
    EXPECT_THAT(values_, ElementsAre(1, 2)) << path;
    EXPECT_EQ(summary->container, "JSON lines");
    EXPECT_EQ(summary->records, 2);
    EXPECT_EQ(summary->unreadable.total(), 0);
  }
  EXPECT_EQ(read(write_gzip(text))->packing, "gzip");
  EXPECT_EQ(read(write_zip({"x"}, text))->packing, "zip");
  EXPECT_EQ(read(write(text))->packing, "");
}

TEST_F(Records, DocumentsOfEveryForm) {
  const std::vector<std::pair<std::string, std::string>> documents = {
      {R"([{"a": 1}, {"a": 2}])", "a JSON array"},
      {"[\n {\"a\": 1},\n {\"a\": 2}\n]\n", "a JSON array"},
      {R"({"meta": {"n": 2}, "tasks": [{"a": 1}, {"a": 2}]})",
       "the array 'tasks' of a JSON object"},
      {"{\n\"few\": [{\"a\": 9}], \"many\": [{\"a\": 1}, {\"a\": 2}]\n}",
       "the array 'many' of a JSON object"},
      {R"({"date": "x", "eval": {"H/0": [{"a": 1}], "H/1": [{"a": 2}]}})",
       "the table 'eval' of a JSON object"},
      {R"({"first": {"a": 1}, "second": {"a": 2}})", "a table of JSON objects"}};
  for (const auto& [text, container] : documents) {
    const auto summary = read(write(text, "f.json"));
    ASSERT_TRUE(summary) << text;
    EXPECT_THAT(values_, ElementsAre(1, 2)) << text;
    EXPECT_EQ(summary->container, container);
  }
  ASSERT_TRUE(read(write(R"({"a": 7})")));
  EXPECT_THAT(values_, ElementsAre(7)) << "one record alone";
}

TEST_F(Records, NumbersBeyondADoubleKeepTheirDigits) {
  const std::string text =
      R"({"a": 123456789012345678901234567890, "b": [0.12345678901234567890, {"c": 0.1}],)"
      R"( "d": 18446744073709551615, "e": 0.9166666666666666, "f": "\"3", "g": null, "h": true})";
  json record;
  ASSERT_TRUE(
      read_records(write(text + "\n"), [&](const json& found, const std::string&) -> Result<void> {
        record = found;
        return {};
      }));
  EXPECT_EQ(record.dump(),
            R"({"a":"123456789012345678901234567890","b":["0.12345678901234567890",{"c":0.1}],)"
            R"("d":18446744073709551615,"e":0.9166666666666666,"f":"\"3","g":null,"h":true})");
}

TEST_F(Records, ATablesRowsBearItsNames) {
  std::vector<std::string> ids;
  const auto sink = [&ids](const json& record, const std::string&) -> Result<void> {
    ids.push_back(record.value("task_id", ""));
    return {};
  };
  ASSERT_TRUE(read_records(
      write(R"({"eval": {"H/0": [{"s": "x"}, {"s": "y"}], "H/1": [{"task_id": "own"}]}})"), sink));
  EXPECT_THAT(ids, ElementsAre("H/0", "H/0", "own"));
}

TEST_F(Records, RubbishIsCountedByKindAndTheRestIsRead) {
  RecordLimits limits;
  limits.source.max_line_bytes = 200;
  std::string text = "{\"a\": 1}\n";
  text += std::string("\x00\x01\x02\x7f rubbish", 12) + "\n";  // control bytes: valid UTF-8
  text += "\xff\xfe\x80\n";
  text += "[1, 2]\n\"text\"\n";
  text += "{\"a\": " + std::string(1000, '7') + "}\n";
  text += "{\"a\": 2\n";
  text += std::string(100, '[') + "\n";
  text += "{\"a\": 3}\n";
  const auto summary = read(write(text), limits);
  ASSERT_TRUE(summary) << summary.error().line();
  EXPECT_THAT(values_, ElementsAre(1, 3));
  EXPECT_EQ(summary->unreadable.not_json, 3);
  EXPECT_EQ(summary->unreadable.not_utf8, 1);
  EXPECT_EQ(summary->unreadable.not_an_object, 2);
  EXPECT_EQ(summary->unreadable.too_long, 1);
  EXPECT_EQ(summary->lines, 9);
  EXPECT_EQ(summary->unreadable.examples.size(), 5U);
  EXPECT_THAT(summary->unreadable.examples[0], HasSubstr("f.jsonl:2: "));
  EXPECT_THAT(places_, ElementsAre("f.jsonl:1", "f.jsonl:9"));
}

TEST_F(Records, ABrokenFirstLineHidesNothing) {
  const auto summary = read(write("{\"a\": \n{\"a\": 2}\n{\"a\": 3}\n"));
  ASSERT_TRUE(summary);
  EXPECT_THAT(values_, ElementsAre(2, 3));
  EXPECT_EQ(summary->unreadable.not_json, 1);
}

TEST_F(Records, ALineBeyondTheLimitIsPassedOver) {
  // Compressed, so that the test writes little: zeros unpack a thousandfold.
  const std::string path = (dir_.path() / "long.gz").string();
  gzFile file = gzopen(path.c_str(), "wb1");
  const std::string zeros(1 << 20, '0');
  gzputs(file, "{\"a\": 1}\n{\"a\": ");
  for (int i = 0; i < 96; ++i) gzwrite(file, zeros.data(), 1 << 20);
  gzputs(file, "}\n{\"a\": 2}\n");
  gzclose(file);
  const auto summary = read(path);
  ASSERT_TRUE(summary) << summary.error().line();
  EXPECT_THAT(values_, ElementsAre(1, 2));
  EXPECT_EQ(summary->unreadable.too_long, 1);
  EXPECT_THAT(summary->unreadable.examples[0], HasSubstr("a line of 101 MB"));
}

TEST_F(Records, DamageIsAnErrorThatNamesTheFile) {
  EXPECT_THAT(read("/no/such/file").error().line(), HasSubstr("cannot open /no/such/file"));
  EXPECT_THAT(read(dir_.path().string()).error().line(), HasSubstr("cannot"));
  std::string text;
  for (int i = 0; i < 5000; ++i) text += "{\"a\": " + std::to_string(i * 7919 % 5003) + "}\n";
  const std::string packed = testing::read_text(write_gzip(text));
  const auto cut = read(write(packed.substr(0, packed.size() / 2), "cut.gz"));
  ASSERT_FALSE(cut);
  EXPECT_THAT(cut.error().line(), HasSubstr("cut.gz: the gzip stream is cut"));
  std::string flipped = packed;
  flipped[packed.size() / 2] ^= 0x55;
  EXPECT_FALSE(read(write(flipped, "flipped.gz")));
  EXPECT_THAT(read(write_zip({"a", "b"}, text)).error().line(), HasSubstr("exactly one"));
  EXPECT_FALSE(read(write("PK\x03\x04 and no more", "bad.zip")));
  RecordLimits limits;
  limits.source.max_text_bytes = 1000;
  EXPECT_THAT(read(write_gzip(text), limits).error().line(), HasSubstr("more than 1000 bytes"));
}

TEST_F(Records, NothingIsNoRecord) {
  for (const char* text : {"", "\n\n", "  "}) {
    const auto summary = read(write(text));
    ASSERT_TRUE(summary);
    EXPECT_EQ(summary->records, 0);
  }
}

}  // namespace
}  // namespace assay::score
