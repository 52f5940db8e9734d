#include "core/jsonl.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <array>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/sha256.h"
#include "tests/support/test_data.h"

namespace assay {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string gzip(const std::string& text) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(deflateBound(&stream, text.size()) + 64, '\0');
  std::string in = text;
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

struct Collected {
  std::vector<std::string> values;
  std::vector<std::string> places;
  std::string error;
};

Collected collect(std::string_view text, const JsonlLimits& limits = {}) {
  Collected out;
  const Result<void> result = for_each_jsonl(
      text, "f.jsonl",
      [&](const nlohmann::json& record, const std::string& where) -> Result<void> {
        out.values.push_back(record.at("a").dump());
        out.places.push_back(where);
        return {};
      },
      limits);
  if (!result) out.error = result.error().line();
  return out;
}

TEST(Jsonl, AcceptsBlankLinesCrlfByteOrderMarkAndNoLastNewline) {
  const Collected got = collect("\xEF\xBB\xBF{\"a\":1}\r\n\n  \n{\"a\":2}");
  EXPECT_EQ(got.error, "");
  EXPECT_THAT(got.values, ElementsAre("1", "2"));
  EXPECT_THAT(got.places, ElementsAre("f.jsonl:1", "f.jsonl:4"));
}

TEST(Jsonl, NamesFileAndLineOfABadLine) {
  EXPECT_THAT(collect("{\"a\":1}\n{\"a\":}\n").error, HasSubstr("f.jsonl:2: not valid JSON"));
  EXPECT_THAT(collect("{\"a\":1}\n[1]\n").error,
              HasSubstr("f.jsonl:2: expected a JSON object, found array"));
  EXPECT_THAT(collect("{\"a\":\"\xFF\"}").error, HasSubstr("f.jsonl:1: not valid JSON"));
  EXPECT_THAT(collect("\x01\x02\x03").error, HasSubstr("f.jsonl:1: not valid JSON"));
  EXPECT_THAT(collect(std::string(5, '\0')).error, HasSubstr("f.jsonl:1: not valid JSON"));
}

TEST(Jsonl, LimitsDepthAndLineLength) {
  const std::string deep = "{\"a\":" + std::string(100'000, '[') + std::string(100'000, ']') + "}";
  EXPECT_THAT(collect(deep).error, HasSubstr("f.jsonl:1: the JSON nests deeper than 64 levels"));
  EXPECT_EQ(collect(R"({"a":"[[[[\"[[[["})", {.max_depth = 2}).error, "");
  EXPECT_THAT(collect("{\"a\":123456}", {.max_line_bytes = 8}).error,
              HasSubstr("the line has 12 bytes, more than the limit of 8"));
}

TEST(Jsonl, ASinkEndsTheReading) {
  int calls = 0;
  const Result<void> result = for_each_jsonl(
      "{}\n{}\n", "f", [&](const nlohmann::json&, const std::string& where) -> Result<void> {
        ++calls;
        return env_failure(where + ": no");
      });
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message(), "f:1: no");
  EXPECT_EQ(calls, 1);
}

TEST(Gunzip, ReadsOneAndSeveralMembers) {
  const std::string big(300'000, 'x');
  EXPECT_EQ(gunzip(gzip(big), "f", 1 << 20).value(), big);
  EXPECT_EQ(gunzip(gzip("one ") + gzip("") + gzip("two"), "f", 100).value(), "one two");
}

TEST(Gunzip, RefusesBombsAndDamage) {
  const std::string packed = gzip(std::string(300'000, 'x'));
  EXPECT_THAT(gunzip(packed, "f", 1000).error().line(),
              HasSubstr("f unpacks to more than 1000 bytes"));
  for (std::size_t length = 2; length < packed.size(); ++length) {
    EXPECT_FALSE(gunzip(std::string_view(packed).substr(0, length), "f", 1 << 20)) << length;
  }
  EXPECT_THAT(gunzip(packed.substr(0, 20), "f", 1 << 20).error().line(), HasSubstr("is cut"));
  std::string damaged = packed;
  damaged[packed.size() - 6] ^= 1;  // the checksum
  EXPECT_THAT(gunzip(damaged, "f", 1 << 20).error().line(), HasSubstr("is damaged"));
  EXPECT_FALSE(gunzip(packed + "junk", "f", 1 << 20));
}

TEST(ReadTextFile, HashesTheBytesOnDisk) {
  const testing::TempDir dir;
  const std::string packed = gzip("{}\n");
  testing::write_text(dir.path() / "a.gz", packed);
  const Result<TextFile> file = read_text_file((dir.path() / "a.gz").string());
  ASSERT_TRUE(file);
  EXPECT_EQ(file->text, "{}\n");
  EXPECT_EQ(file->sha256, sha256_hex(packed));
}

TEST(ReadTextFile, SaysWhatIsWrong) {
  const testing::TempDir dir;
  EXPECT_THAT(read_text_file((dir.path() / "none").string()).error().line(),
              HasSubstr("No such file"));
  EXPECT_FALSE(read_text_file(dir.path().string()));
  testing::write_text(dir.path() / "b", "12345");
  EXPECT_THAT(read_text_file((dir.path() / "b").string(), {.max_file_bytes = 4}).error().line(),
              HasSubstr("is larger than 4 bytes"));
}

}  // namespace
}  // namespace assay
