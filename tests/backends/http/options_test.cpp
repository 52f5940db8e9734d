// --backend http:...: what is taken, what is refused, and what is never repeated.
#include "backends/http/options.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include <nlohmann/json.hpp>
#include "backends/http/body.h"
#include "tests/support/test_data.h"

namespace assay::http {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

std::map<std::string, std::string> with(std::map<std::string, std::string> more) {
  more.emplace("url", "http://127.0.0.1:8000/v1/");
  return more;
}

Options parsed(std::map<std::string, std::string> more) {
  return value_or_throw(parse_options(with(std::move(more)), 8));
}

std::string error_of(std::map<std::string, std::string> options) {
  const Result<Options> result = parse_options(options, 8);
  return result ? "none" : result.error().line();
}

TEST(HttpOptions, DefaultsAndUrls) {
  const Options options = parsed({});
  EXPECT_EQ(options.concurrency, 8);
  EXPECT_EQ(api_url(options, "models"), "http://127.0.0.1:8000/v1/models");
  EXPECT_EQ(root_url(options, "/props"), "http://127.0.0.1:8000/props");
  const Options query = parsed({{"url", "https://h/x/v1?version=3"}});
  EXPECT_EQ(api_url(query, "chat/completions"), "https://h/x/v1/chat/completions?version=3");
  EXPECT_EQ(root_url(query, "/props"), "https://h/x/props?version=3");
}

TEST(HttpOptions, MistakesNameTheCure) {
  EXPECT_THAT(error_of({}), HasSubstr("url=http://127.0.0.1:8000/v1"));
  EXPECT_THAT(error_of({{"url", "ftp://x"}}), HasSubstr("no http or https URL"));
  EXPECT_THAT(error_of(with({{"api", "talk"}})), HasSubstr("known: chat, completions"));
  EXPECT_THAT(error_of(with({{"concurrency", "0"}})), HasSubstr("1 to 4096"));
  EXPECT_THAT(error_of(with({{"idle-timeout", "soon"}})), HasSubstr("seconds"));
  EXPECT_THAT(error_of(with({{"port", "1"}})), HasSubstr("no option 'port'; known: url, model"));
}

TEST(HttpOptions, KeysComeFromEnvironmentOrFileAndAreNeverShown) {
  const testing::TempDir dir;
  const std::string file = (dir.path() / "key").string();
  testing::write_text(file, "sk-secret-1\n");
  EXPECT_EQ(parsed({{"key-file", file}}).key, "sk-secret-1");
  EXPECT_EQ(parsed({{"key-file", file}}).shown.at("key-file"), "given");
  testing::write_text(file, "sk-secret-1\r\nX-Other: 1");
  EXPECT_THAT(error_of(with({{"key-file", file}})), Not(HasSubstr("sk-secret")));
  EXPECT_THAT(error_of(with({{"key-file", file}})), HasSubstr("on one line"));
  EXPECT_THAT(error_of(with({{"key-file", "/nonexistent"}})), HasSubstr("cannot read"));
  ::setenv("ASSAY_TEST_KEY", "sk-secret-2", 1);
  EXPECT_EQ(parsed({{"key-env", "ASSAY_TEST_KEY"}}).key, "sk-secret-2");
  EXPECT_THAT(error_of(with({{"key-env", "ASSAY_TEST_KEY"}, {"key-file", file}})),
              Not(HasSubstr("sk-secret")));
  ::unsetenv("ASSAY_TEST_KEY");
  // A key where its variable's name belongs.
  EXPECT_THAT(error_of(with({{"key-env", "sk-secret-3"}})), Not(HasSubstr("sk-secret")));
  EXPECT_THAT(error_of(with({{"key-env", "ASSAY_NO_SUCH_KEY"}})),
              Not(HasSubstr("ASSAY_NO_SUCH_KEY")));
}

TEST(HttpOptions, UserinfoAndQueryOfAUrlAreSecret) {
  const Options options = parsed({{"url", "https://me:pa%20ss@h:81/v1?key=abc#x"}});
  EXPECT_EQ(options.url.user, "me");
  EXPECT_EQ(options.url.password, "pa ss");
  EXPECT_EQ(options.url.text, "https://h:81/v1?key=abc");
  EXPECT_EQ(options.shown.at("url"), "https://h:81/v1");
  EXPECT_EQ(options.secrets.scrub("pa ss, bWU6cGEgc3M=, key=abc"), "[secret], [secret], [secret]");
}

json body_of(const Dialect& dialect, const Ask& ask, const LocalVocabulary& vocabulary = {}) {
  return json::parse(value_or_throw(completion_body(dialect, ask, vocabulary)));
}

TEST(HttpBody, WhatEachServerIsSent) {
  Prompt prompt;
  prompt.messages = {{"user", "hi"}};
  prompt.stop_strings = {"a", "b", "c", "d", "e"};
  Ask ask{&prompt, {}, 7, 100};
  Dialect dialect;
  dialect.model = "m";
  json body = body_of(dialect, ask);
  EXPECT_EQ(body["temperature"], 0);
  EXPECT_EQ(body["max_tokens"], 100);
  EXPECT_EQ(body["stop"].size(), 4U);
  EXPECT_FALSE(body.contains("seed")) << "greedy draws nothing";
  EXPECT_FALSE(body.contains("cache_prompt"));
  dialect.thinking = true;
  EXPECT_FALSE(body_of(dialect, ask).contains("stop")) << "it would end the thinking part";
  ask.sampling.temperature = 0.6, ask.sampling.top_p = 0.95;
  body = body_of(dialect, ask);
  EXPECT_EQ(body["seed"], 7);
  EXPECT_EQ(body["top_p"], 0.95);
  EXPECT_FALSE(body.contains("top_k"));
  dialect.server = "llama.cpp", dialect.extra_fields = true;
  body = body_of(dialect, ask);
  EXPECT_EQ(body["top_k"], 0);
  EXPECT_EQ(body["min_p"], 0);
  EXPECT_EQ(body["cache_prompt"], false);
  dialect.server = "vllm";
  EXPECT_EQ(body_of(dialect, ask)["top_k"], -1);
  prompt.assistant_prefix = "So";
  body = body_of(dialect, ask);
  EXPECT_EQ(body["messages"].back()["content"], "So");
  EXPECT_EQ(body["continue_final_message"], true);
}

TEST(HttpBody, RawPromptsAsIdsOrText) {
  Prompt prompt;
  prompt.raw = "once";
  const Ask ask{&prompt, {}, 0, 1};
  Dialect dialect;
  dialect.api = Api::completions;
  EXPECT_EQ(body_of(dialect, ask)["prompt"], "once");
  LocalVocabulary vocabulary;
  vocabulary.render = [](const Prompt&) -> Result<RenderedPrompt> {
    return RenderedPrompt{"<s>once", {1, 2}};
  };
  EXPECT_EQ(body_of(dialect, ask, vocabulary)["prompt"], "<s>once");
  dialect.send_ids = true;
  EXPECT_EQ(body_of(dialect, ask, vocabulary)["prompt"], json({1, 2}));
}

}  // namespace
}  // namespace assay::http
