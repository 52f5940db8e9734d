// Replies of servers, read from bytes that are split anywhere; stop strings; secrets.
#include "backends/http/reply.h"

#include <gmock/gmock.h>

#include "backends/http/secrets.h"
#include "backends/http/stop_cut.h"

namespace assay::http {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string event(const std::string& data) {
  return "data: " + data + "\n\n";
}
std::string delta(const std::string& text, const std::string& finish = "null") {
  return event(R"({"choices":[{"index":0,"delta":{"content":")" + text + R"("},"finish_reason":)" +
               finish + "}]}");
}

/// The reader after the bytes, handed over in pieces of `step` bytes.
ReplyReader read(const std::string& bytes, std::size_t step = 1 << 20,
                 const std::string& type = "text/event-stream") {
  ReplyReader reader(16);
  reader.begin(type, "");
  for (std::size_t i = 0; i < bytes.size(); i += step) reader.push(bytes.substr(i, step));
  reader.finish();
  return reader;
}

std::string error_class(const std::string& bytes, const std::string& type = "text/event-stream") {
  const ReplyReader reader = read(bytes, 1 << 20, type);
  return reader.failure() ? reader.failure()->error_class : "";
}

TEST(ReplyReader, AnySplitGivesTheSameReply) {
  const std::string bytes = ": comment\r\n\r\n" + delta("a\\u00e9 b") + delta(" \xF0\x9F\x98\x80") +
                            "event: x\ndata: {\"choices\":[{\"index\":0,\ndata: \"delta\":{}, "
                            "\"finish_reason\":\"stop\"}]}\n\n" +
                            event("[DONE]");
  for (std::size_t step = 1; step < bytes.size(); ++step) {
    ReplyReader reader = read(bytes, step);
    ASSERT_FALSE(reader.failure()) << reader.failure()->text;
    EXPECT_EQ(reader.reply().content, "aé b 😀");
    EXPECT_EQ(reader.reply().finish_reason, "stop");
    EXPECT_THAT(reader.reply().notes, ElementsAre());
  }
}

TEST(ReplyReader, EachWayToBreakHasItsName) {
  EXPECT_EQ(error_class(""), "empty_reply");
  EXPECT_EQ(error_class("  <html>x"), "html_error");
  EXPECT_EQ(error_class("x", "text/html; charset=utf-8"), "html_error");
  EXPECT_EQ(error_class("hello", "text/plain"), "wrong_content_type");
  EXPECT_EQ(error_class("hello", "application/json"), "bad_json");
  EXPECT_EQ(error_class(event("{\"choices\":")), "bad_json");
  EXPECT_EQ(error_class(event("7")), "bad_json");
  EXPECT_EQ(error_class("{\"choices\":[", "application/json"), "bad_json");
  EXPECT_EQ(error_class("data: " + std::string(100000, '[') + "\n\n"), "bad_json");
  EXPECT_EQ(error_class(event(R"({"choices":[]})") + event("[DONE]")), "empty_choices");
  EXPECT_EQ(error_class(event(R"({"id":"x"})")), "empty_choices");
  EXPECT_EQ(error_class(delta("a")), "truncated_stream");
  EXPECT_EQ(error_class(delta("a") + "data: {\"cho"), "truncated_stream");
  EXPECT_EQ(error_class(delta("a") + event("[DONE]")), "no_finish_reason");
  EXPECT_EQ(error_class(event(R"({"error":{"message":"no memory","code":400}})")), "server_error");
  EXPECT_EQ(error_class(event(R"({"error":"no memory"})")), "server_error");
}

TEST(ReplyReader, ALossOfTheConnectionMayPassAndALieDoesNot) {
  EXPECT_TRUE(read(delta("a")).failure()->may_pass);
  EXPECT_FALSE(read(event("{")).failure()->may_pass);
  EXPECT_TRUE(read(event(R"({"error":{"message":"x","code":503}})")).failure()->may_pass);
}

TEST(ReplyReader, OddButWholeRepliesAreTakenAndNoted) {
  const std::string end = delta("", "\"stop\"");
  EXPECT_THAT(read(delta("a") + end).reply().notes, ElementsAre("no_done"));
  EXPECT_THAT(read(delta("a") + end + end + event("[DONE]")).reply().notes,
              ElementsAre("duplicate_final_chunk"));
  ReplyReader after = read(delta("a") + end + delta("b") + event("[DONE]"));
  EXPECT_EQ(after.reply().content, "a");
  EXPECT_THAT(after.reply().notes, ElementsAre("text_after_finish"));
  EXPECT_THAT(read(delta("a", "\"stop\"") + "data: [DONE]").reply().notes,
              ElementsAre("no_blank_line"));
  EXPECT_THAT(read(delta("a", "\"stop\"") + event("[DONE]") + delta("b")).reply().notes,
              ElementsAre("events_after_done"));
  ReplyReader broken = read(delta("a\xFF\xC3", "\"stop\"") + event("[DONE]"));
  EXPECT_EQ(broken.reply().content, "a\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_THAT(broken.reply().notes, ElementsAre("invalid_utf8"));
}

TEST(ReplyReader, OneDocumentIsAReplyToo) {
  ReplyReader reader = read(
      R"({"choices":[{"index":0,"message":{"content":"hi","reasoning":"hm"},"finish_reason":"length"}],
          "usage":{"prompt_tokens":3,"completion_tokens":-4},
          "timings":{"predicted_n":5,"predicted_ms":10.5,"prompt_n":2,"prompt_ms":1}})",
      7, "application/json");
  ASSERT_FALSE(reader.failure());
  EXPECT_FALSE(reader.is_stream());
  EXPECT_EQ(reader.reply().content, "hi");
  EXPECT_EQ(reader.reply().reasoning, "hm");
  EXPECT_EQ(reader.reply().reasoning_field, "reasoning");
  EXPECT_EQ(reader.reply().usage_prompt_tokens, 3);
  EXPECT_FALSE(reader.reply().usage_completion_tokens) << "a count is never negative";
  EXPECT_EQ(reader.reply().server_decode_tokens, 5);
  EXPECT_EQ(reader.reply().server_decode_ms, 10.5);
}

TEST(ReplyReader, RawCompletionsAndListsOfParts) {
  ReplyReader raw =
      read(event(R"({"choices":[{"text":"a","finish_reason":null}]})") +
           event(R"({"choices":[{"text":"b","finish_reason":"stop","stop_reason":"STOP"}]})") +
           event("[DONE]"));
  EXPECT_EQ(raw.reply().content, "ab");
  EXPECT_TRUE(raw.reply().by_stop_string);
  ReplyReader parts = read(event(
      R"({"choices":[{"delta":{"content":[{"text":"a"},{"text":"b"}]},"finish_reason":"stop"}]})"));
  EXPECT_EQ(parts.reply().content, "ab");
  ReplyReader others = read(event(R"({"choices":[{"index":1,"delta":{"content":"no"}},)"
                                  R"({"index":0,"delta":{"content":"yes"},)"
                                  R"("finish_reason":"stop"}]})"));
  EXPECT_EQ(others.reply().content, "yes");
}

/// Whether the thinking part was closed, read as our own server's or another's; with its field.
std::string closing(const std::string& choices, bool own) {
  ReplyReader reader(16, own);
  reader.begin("text/event-stream", "");
  reader.push(choices + event("[DONE]"));
  reader.finish();
  EXPECT_FALSE(reader.failure());
  return reader.reply().reasoning_field + (reader.reply().closed ? " closed" : " open");
}

TEST(ReplyReader, OurOwnServerTellsAnEmptyPartFromNone) {
  const auto chunk = [](const std::string& said, const char* finish = "null") {
    return event(R"({"choices":[{"index":0,"delta":)" + said + R"(,"finish_reason":)" + finish +
                 "}]}");
  };
  const std::string role = chunk(R"({"role":"assistant","content":""})");
  const std::string thought = chunk(R"({"reasoning_content":"x"})");
  const std::string end = chunk("{}", "\"stop\"");
  const std::string empty = chunk(R"({"content":""})");
  EXPECT_EQ(closing(role + thought + end, true), "reasoning_content open");
  EXPECT_EQ(closing(role + thought + empty + end, true), "reasoning_content closed");
  EXPECT_EQ(closing(role + chunk(R"({"reasoning_content":""})") + empty + end, true),
            "reasoning_content closed");
  // Others fill in what they do not have.
  EXPECT_EQ(closing(role + thought + empty + end, false), "reasoning_content open");
  EXPECT_EQ(closing(role + chunk(R"({"reasoning_content":"","content":"a"})") + end, false),
            " closed");
  const auto whole = [&](const std::string& message, bool own) {
    ReplyReader reader(16, own);
    reader.begin("application/json", "");
    reader.push(R"({"choices":[{"message":)" + message + R"(,"finish_reason":"stop"}]})");
    reader.finish();
    return reader.reply().closed;
  };
  EXPECT_TRUE(whole(R"({"reasoning_content":"x","content":""})", true));
  EXPECT_FALSE(whole(R"({"reasoning_content":"x","content":null})", true));
  EXPECT_FALSE(whole(R"({"reasoning_content":"x","content":""})", false));
}

TEST(ReplyReader, MemoryIsBounded) {
  ReplyReader line(16);
  line.begin("text/event-stream", "");
  line.push("data: ");
  const std::string filler(1 << 20, 'a');
  for (int i = 0; i < 16 && !line.failure(); ++i) line.push(filler);
  ASSERT_TRUE(line.failure());
  EXPECT_EQ(line.failure()->error_class, "endless_stream");

  ReplyReader document(16);
  document.begin("application/json", "");
  document.push("{\"a\":\"");
  for (int i = 0; i < 16 && !document.failure(); ++i) document.push(filler);
  EXPECT_EQ(document.failure()->error_class, "endless_stream");

  ReplyReader text(16);
  text.begin("text/event-stream", "");
  for (int i = 0; i < 1 << 14 && !text.failure(); ++i) text.push(delta(std::string(4096, 'a')));
  EXPECT_EQ(text.failure()->error_class, "endless_stream");
  EXPECT_LT(text.reply().content.size(), std::size_t{2} << 20);

  ReplyReader packed(16);
  packed.begin("text/event-stream", "gzip");
  EXPECT_EQ(packed.failure()->error_class, "content_encoding");
}

TEST(StopCut, CutsAtTheFirstStopStringHoweverItComes) {
  Reply reply;
  StopCut cut({"STOP", "END"}, false, false);
  reply.content = "a ST";
  EXPECT_FALSE(cut.cut(reply));
  reply.content += "OP b";
  EXPECT_TRUE(cut.cut(reply));
  EXPECT_EQ(reply.content, "a ");
}

TEST(StopCut, NeverInsideTheThinkingPart) {
  Reply inline_tags;
  StopCut opened({"STOP"}, true, true);
  inline_tags.content = "chain STOP </thi";
  EXPECT_FALSE(opened.cut(inline_tags));
  inline_tags.content += "nk> answer STOP";
  EXPECT_TRUE(opened.cut(inline_tags));
  EXPECT_EQ(inline_tags.content, "chain STOP </think> answer ");

  Reply own_tags;
  StopCut own({"STOP"}, true, false);
  own_tags.content = "<think>STOP";
  EXPECT_FALSE(own.cut(own_tags));

  Reply apart;
  StopCut other({"STOP"}, true, true);
  apart.reasoning = "STOP", apart.reasoning_field = "reasoning";
  EXPECT_FALSE(other.cut(apart));
  apart.content = "xSTOP";
  EXPECT_TRUE(other.cut(apart));
  EXPECT_EQ(apart.content, "x");
}

TEST(Failure, RetryAfterIsSecondsOrADate) {
  EXPECT_EQ(retry_after_seconds(""), 0);
  EXPECT_EQ(retry_after_seconds("7"), 7);
  EXPECT_EQ(retry_after_seconds("-7"), 0);
  EXPECT_EQ(retry_after_seconds("nan"), 0);
  EXPECT_EQ(retry_after_seconds("Wed, 21 Oct 2015 07:28:00 GMT"), 0);
  EXPECT_GT(retry_after_seconds("Fri, 21 Oct 2095 07:28:00 GMT"), 1e6);
}

TEST(Failure, MessagesComeFromAnyShape) {
  EXPECT_EQ(message_of(R"({"error":{"message":"a"}})"), "a");
  EXPECT_EQ(message_of(R"({"error":"b"})"), "b");
  EXPECT_EQ(message_of(R"({"detail":"c"})"), "c");
  EXPECT_EQ(message_of("plain"), "plain");
  EXPECT_EQ(message_of("<html>no</html>"), "");
  EXPECT_LT(message_of(std::string(100000, 'x')).size(), 400U);
}

TEST(Secrets, AreTakenOutWherever) {
  Secrets secrets;
  secrets.add("sk-1");
  secrets.add("sk-12345");
  secrets.add("");
  EXPECT_EQ(secrets.scrub("a sk-12345 b sk-1 sk-1"), "a [secret] b [secret] [secret]");
  EXPECT_EQ(base64("user:pw"), "dXNlcjpwdw==");
  EXPECT_EQ(base64("a"), "YQ==");
  EXPECT_EQ(base64("abc"), "YWJj");
}

}  // namespace
}  // namespace assay::http
