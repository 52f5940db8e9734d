// The endpoint against a server that misbehaves in every way: each failure has its class, what may
// pass is tried again, every request is answered once, and no key is ever seen.
#include "backends/http/completer.h"

#include <gmock/gmock.h>

#include <atomic>
#include <cstdlib>

#include "tests/backends/http/support.h"
#include "tests/support/test_data.h"

namespace assay::http {
namespace {

using namespace testing;  // NOLINT: the helpers of these tests
using nlohmann::json;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kKey = "sk-very-secret-key-0123456789";

class HttpCompleter : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSAY_REQUIRE_PYTHON();
    ::setenv("ASSAY_TEST_KEY", kKey, 1);
    server_ = std::make_unique<assay::testing::PythonServer>(std::string(ASSAY_TEST_SCRIPTS) +
                                                             "/hostile_server.py");
  }
  std::string url(const std::string& kind) const {
    return fmt::format("http://127.0.0.1:{}/{}/v1", server_->port(), kind);
  }
  std::unique_ptr<HttpEndpoint> endpoint(const std::string& kind, const Settings& more = {},
                                         bool thinking = false, bool opened = false) const {
    auto out = make_endpoint(quick_settings(url(kind), more), byte_vocabulary());
    EndpointNeeds needs;
    needs.thinking = thinking, needs.opened_by_prompt = opened;
    out->prepare(needs);
    return out;
  }
  EndpointCompletion one(const std::string& kind, const Settings& more = {},
                         const Prompt& prompt = chat("What is 2 + 2?")) const {
    return run_all(*endpoint(kind, more), requests(1, prompt)).at("k0");
  }
  json log() const {
    const Options options = value_or_throw(parse_options({{"url", url("x")}}, 1));
    const Answer answer =
        ask(options, fmt::format("http://127.0.0.1:{}/log", server_->port()), {}, 5);
    return json::parse(answer.body);
  }

  std::unique_ptr<assay::testing::PythonServer> server_;
};

TEST_F(HttpCompleter, ASoundStreamIsACompletion) {
  const EndpointCompletion c = one("good");
  EXPECT_EQ(c.text, "2 + 2 = 4.\n\nSo the answer is \\boxed{4}.");
  EXPECT_EQ(c.stop, StopReason::eos);
  EXPECT_EQ(c.error, "");
  EXPECT_EQ(c.tokens.size(), c.text.size() + 1) << "the end token is counted";
  EXPECT_EQ(c.tokens.back(), 256);
  EXPECT_EQ(c.reply.form, "content");
  EXPECT_EQ(c.reply.finish_reason, "stop");
  EXPECT_EQ(c.reply.attempts, 1);
  EXPECT_GT(c.ttft_ms, 0);
}

TEST_F(HttpCompleter, WithoutAVocabularyNothingIsCounted) {
  auto bare = make_endpoint(quick_settings(url("lying")));
  bare->prepare({});
  const EndpointCompletion c = run_all(*bare, requests(1, chat("x"))).at("k0");
  EXPECT_EQ(c.stop, StopReason::eos);
  EXPECT_FALSE(c.tokens_known);
  EXPECT_TRUE(c.tokens.empty()) << "usage is a claim, not a count";
}

TEST_F(HttpCompleter, EachFailureHasItsClass) {
  const std::map<std::string, std::string> expected = {{"always429", "http_429"},
                                                       {"always500", "http_5xx"},
                                                       {"refuses", "http_4xx"},
                                                       {"html", "html_error"},
                                                       {"disguised", "html_error"},
                                                       {"words", "wrong_content_type"},
                                                       {"empty", "empty_reply"},
                                                       {"nocontent", "empty_reply"},
                                                       {"halfline", "truncated_stream"},
                                                       {"reset", "reset"},
                                                       {"hangup", "reset"},
                                                       {"nochoices", "empty_choices"},
                                                       {"donetooearly", "no_finish_reason"},
                                                       {"badjson", "bad_json"},
                                                       {"deepjson", "bad_json"},
                                                       {"errorevent", "server_error"},
                                                       {"filtered", "content_filter"},
                                                       {"endless", "endless_stream"},
                                                       {"endlessline", "endless_stream"},
                                                       {"endlessheaders", "bad_http"},
                                                       {"interim", "bad_http"},
                                                       {"bomb", "content_encoding"},
                                                       {"silent", "timeout"},
                                                       {"drip", "timeout"},
                                                       {"stalls", "timeout"},
                                                       {"round", "redirect"},
                                                       {"asget", "redirect"},
                                                       {"tofile", "redirect"}};
  for (const auto& [kind, error_class] : expected) {
    const EndpointCompletion c = one(kind, {{"retries", "1"}});
    EXPECT_EQ(c.stop, StopReason::error) << kind;
    EXPECT_EQ(c.reply.error_class, error_class) << kind << ": " << c.error;
    EXPECT_THAT(c.error, HasSubstr(error_class)) << kind;
    EXPECT_EQ(c.error.find('\n'), std::string::npos) << kind;
    EXPECT_EQ(c.text, "") << kind;
  }
}

TEST_F(HttpCompleter, ACutConnectionIsNoCompletion) {
  const EndpointCompletion c = one("halfchunk", {{"retries", "0"}});
  EXPECT_EQ(c.stop, StopReason::error);
  EXPECT_THAT(c.reply.error_class, ::testing::AnyOf("truncated_stream", "reset"));
}

TEST_F(HttpCompleter, AWholeAnswerThatIsTooSlowIsCut) {
  const EndpointCompletion c = one("slow", {{"total-timeout", "0.4"}, {"retries", "0"}});
  EXPECT_EQ(c.reply.error_class, "timeout");
  EXPECT_THAT(c.error, HasSubstr("whole answer"));
}

TEST_F(HttpCompleter, NobodyThereIsAFailureOfItsOwn) {
  auto lost = make_endpoint(quick_settings("http://127.0.0.1:1/v1"));
  lost->prepare({});
  const auto all = run_all(*lost, requests(12, chat("x")));
  ASSERT_EQ(all.size(), 12U);
  std::int64_t attempts = 0;
  for (const auto& [key, c] : all) {
    EXPECT_EQ(c.reply.error_class, "connect");
    attempts += c.reply.attempts;
  }
  EXPECT_LT(attempts, 12 * 4) << "after some samples nobody waits for retries any more";
}

TEST_F(HttpCompleter, WhatPassesIsTriedAgain) {
  EXPECT_EQ(one("busy").reply.attempts, 3);
  EXPECT_EQ(one("failsonce").reply.attempts, 2);
  const EndpointCompletion c = one("resetonce");
  EXPECT_EQ(c.reply.attempts, 2);
  EXPECT_EQ(c.text, "2 + 2 = 4.\n\nSo the answer is \\boxed{4}.") << "nothing of the first attempt";
  EXPECT_EQ(one("always429").reply.attempts, 4) << "retries=3";
  EXPECT_EQ(one("refuses").reply.attempts, 1);
}

TEST_F(HttpCompleter, RetryAfterIsHonoured) {
  const double before = now_seconds();
  EXPECT_EQ(one("later").reply.attempts, 2);
  EXPECT_GE(now_seconds() - before, 0.95);
}

TEST_F(HttpCompleter, OddRepliesAreTakenAndNoted) {
  const std::map<std::string, std::string> expected = {{"nodone", "no_done"},
                                                       {"twice", "duplicate_final_chunk"},
                                                       {"afterfinish", "text_after_finish"},
                                                       {"lying", "usage_differs"},
                                                       {"plain", "wrong_content_type"},
                                                       {"badutf8", "invalid_utf8"},
                                                       {"lingers", "no_end"}};
  for (const auto& [kind, note] : expected) {
    const EndpointCompletion c = one(kind);
    EXPECT_EQ(c.stop, StopReason::eos) << kind << ": " << c.error;
    EXPECT_THAT(c.reply.notes, Contains(note)) << kind;
    EXPECT_THAT(c.text, Not(HasSubstr("\\boxed{5}"))) << kind;
  }
  for (const char* kind : {"split", "comments", "document", "hints"}) {
    const EndpointCompletion c = one(kind);
    EXPECT_EQ(c.stop, StopReason::eos) << kind << ": " << c.error;
    EXPECT_THAT(c.text, HasSubstr("\\boxed{4}")) << kind;
  }
  EXPECT_THAT(one("split").text, HasSubstr("né→😀"));
  EXPECT_FALSE(one("document").times_known);
}

TEST_F(HttpCompleter, BudgetsAndStopStrings) {
  const EndpointCompletion c = one("length");
  EXPECT_EQ(c.stop, StopReason::length);
  EXPECT_THAT(c.reply.notes, Contains("cut_below_budget"));
  Prompt prompt = chat("x");
  prompt.stop_strings = {"STOP"};
  const EndpointCompletion cut = one("stops", {}, prompt);
  EXPECT_EQ(cut.stop, StopReason::stop_string);
  EXPECT_EQ(cut.text, "The answer is 4. ");
}

TEST_F(HttpCompleter, TheThinkingPartIsJoined) {
  const auto text = [&](bool thinking, bool opened) {
    auto e = endpoint("reasoning", {}, thinking, opened);
    const EndpointCompletion c = run_all(*e, requests(1, chat("x"))).at("k0");
    EXPECT_EQ(c.reply.form, "reasoning_content");
    return c.text;
  };
  EXPECT_EQ(text(true, true), "2 + 2 = 4</think>The answer is \\boxed{4}.");
  EXPECT_EQ(text(true, false), "<think>2 + 2 = 4</think>The answer is \\boxed{4}.");
}

TEST_F(HttpCompleter, EveryRequestIsAnsweredOnceAtAnyConcurrency) {
  for (const char* n : {"1", "7", "64"}) {
    auto many = endpoint("counted", {{"concurrency", n}, {"retries", "20"}});
    const auto all = run_all(*many, requests(64, chat("x")));
    ASSERT_EQ(all.size(), 64U);
    for (const auto& [key, c] : all) EXPECT_EQ(c.stop, StopReason::eos) << key << c.error;
  }
}

TEST_F(HttpCompleter, NoMoreRequestsAreTakenThanAreInTheAir) {
  auto limited = endpoint("good", {{"concurrency", "3"}});
  std::vector<Request> all = requests(20, chat("x"));
  std::size_t taken = 0;
  std::size_t delivered = 0;
  limited->answer(
      [&]() -> std::optional<Request> {
        if (taken >= all.size()) return std::nullopt;
        EXPECT_LT(taken - delivered, 3U);
        return all[taken++];
      },
      [&](const Request&, const EndpointCompletion&) { ++delivered; }, nullptr);
  EXPECT_EQ(delivered, 20U);
}

TEST_F(HttpCompleter, CancellingReturnsAtOnceAndDeliversNothingHalf) {
  auto silent = endpoint("silent", {{"first-token-timeout", "0"}, {"total-timeout", "0"}});
  int polls = 0;
  std::size_t delivered = 0;
  bool given = false;
  silent->answer(
      [&]() -> std::optional<Request> {
        if (std::exchange(given, true)) return std::nullopt;
        return requests(1, chat("x")).front();
      },
      [&](const Request&, const EndpointCompletion&) { ++delivered; }, [&] { return ++polls > 5; });
  EXPECT_EQ(delivered, 0U);
}

TEST_F(HttpCompleter, TheSeedIsTheRequestsOwn) {
  auto e = endpoint("good");
  std::vector<Request> all = requests(3, chat("the sea"));
  for (Request& request : all) request.sampling.temperature = 1, request.sampling.seed = 5;
  all[1].problem_id = all[0].problem_id;
  all[2].problem_id = all[0].problem_id, all[2].sample = 1;
  const auto out = run_all(*e, all);
  EXPECT_EQ(out.at("k0").text, out.at("k1").text);
  EXPECT_NE(out.at("k0").text, out.at("k2").text);
}

TEST_F(HttpCompleter, TheKeyGoesToItsOriginAlone) {
  const Settings keyed = {{"key-env", "ASSAY_TEST_KEY"}};
  EXPECT_EQ(one("keyed", keyed).stop, StopReason::eos);
  EXPECT_EQ(one("here", keyed).stop, StopReason::eos);
  EXPECT_EQ(one("elsewhere", keyed).stop, StopReason::eos);
  std::size_t with = 0;
  for (const json& request : log()) {
    const bool has = request["authorization"].is_string();
    const bool own = request["host"].get<std::string>().starts_with("127.0.0.1");
    EXPECT_EQ(has, own) << request;
    with += has ? 1 : 0;
  }
  EXPECT_EQ(with, 4U);
}

TEST_F(HttpCompleter, NoSecretComesBack) {
  const Settings keyed = {{"key-env", "ASSAY_TEST_KEY"}, {"retries", "0"}};
  for (const char* kind : {"echo", "always500"}) {
    const EndpointCompletion c = one(kind, keyed);
    EXPECT_THAT(c.text + c.error, Not(HasSubstr(kKey))) << kind;
    EXPECT_THAT(c.text + c.error, HasSubstr("[secret]")) << kind;
  }
  const std::string with_user =
      fmt::format("http://me:hunter2@127.0.0.1:{}/echo/v1", server_->port());
  auto basic = make_endpoint(quick_settings(with_user));
  basic->prepare({});
  const EndpointCompletion c = run_all(*basic, requests(1, chat("x"))).at("k0");
  EXPECT_THAT(c.text, HasSubstr("Basic [secret]"));
  EXPECT_THAT(basic->identity().dump(), Not(HasSubstr("hunter2")));
}

TEST_F(HttpCompleter, CertificatesAreVerified) {
  const assay::testing::TempDir dir;
  const auto pem = dir.path() / "c.pem";
  assay::testing::write_certificate(pem);
  const assay::testing::PythonServer secure(std::string(ASSAY_TEST_SCRIPTS) + "/hostile_server.py",
                                            {pem, pem});
  const std::string https = fmt::format("https://127.0.0.1:{}/good/v1", secure.port());
  auto trusting = make_endpoint(quick_settings(https, {{"ca", pem}}));
  trusting->prepare({});
  const EndpointCompletion good = run_all(*trusting, requests(1, chat("x"))).at("k0");
  EXPECT_EQ(good.stop, StopReason::eos) << good.error;
  auto strict = make_endpoint(quick_settings(https));
  strict->prepare({});
  const EndpointCompletion bad = run_all(*strict, requests(1, chat("x"))).at("k0");
  EXPECT_EQ(bad.reply.error_class, "tls");
  EXPECT_EQ(bad.reply.attempts, 1);
  const std::string downgrade = fmt::format("https://127.0.0.1:{}/downgrade/v1", secure.port());
  auto down = make_endpoint(quick_settings(downgrade, {{"ca", pem}}));
  down->prepare({});
  const EndpointCompletion refused = run_all(*down, requests(1, chat("x"))).at("k0");
  EXPECT_EQ(refused.reply.error_class, "redirect");
  EXPECT_THAT(refused.error, HasSubstr("HTTPS to HTTP"));
}

TEST_F(HttpCompleter, ProxiesOfTheEnvironmentAreUsed) {
  ::setenv("http_proxy", fmt::format("http://127.0.0.1:{}", server_->port()).c_str(), 1);
  auto proxied = make_endpoint(quick_settings("http://assay.invalid/good/v1"));
  proxied->prepare({});
  const EndpointCompletion c = run_all(*proxied, requests(1, chat("x"))).at("k0");
  ::unsetenv("http_proxy");
  // The proxy sees the whole URL as path, which this server does not know: it was asked, at least.
  EXPECT_NE(c.reply.error_class, "connect") << c.error;
}

}  // namespace
}  // namespace assay::http
