// Reaching a server: every way not to is one line that says what to do.
#include <gmock/gmock.h>

#include <cstdlib>

#include "tests/backends/http/support.h"
#include "tests/support/test_data.h"

namespace assay::http {
namespace {

using namespace testing;  // NOLINT: the helpers of these tests
using ::testing::HasSubstr;
using ::testing::Not;

class HttpConnect : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSAY_REQUIRE_PYTHON();
    server_ = std::make_unique<assay::testing::PythonServer>(std::string(ASSAY_TEST_SCRIPTS) +
                                                             "/hostile_server.py");
  }
  std::string url(const std::string& kind) const {
    return fmt::format("http://127.0.0.1:{}/{}/v1", server_->port(), kind);
  }
  static std::string error_of(const std::string& url, const Settings& more = {}) {
    Settings settings = quick_settings(url, more);
    settings["retries"] = "0";
    const auto result = make_endpoint(settings)->connect();
    if (result) return "none";
    EXPECT_EQ(result.error().kind(), ErrorKind::environment);
    EXPECT_EQ(result.error().line().find('\n'), std::string::npos);
    return result.error().line();
  }

  std::unique_ptr<assay::testing::PythonServer> server_;
};

TEST_F(HttpConnect, TheOnlyModelIsTaken) {
  auto good = make_endpoint(quick_settings(url("good")));
  const EndpointFacts facts = value_or_throw(good->connect());
  EXPECT_EQ(facts.model, "m");
  EXPECT_EQ(facts.server, "");
  EXPECT_FALSE(facts.thinks);
  auto thinking = make_endpoint(quick_settings(url("reasoning")));
  EXPECT_TRUE(value_or_throw(thinking->connect()).thinks);
  auto moved = make_endpoint(quick_settings(url("moved"), {{"model", "m"}}));
  EXPECT_THAT(error_of(url("moved")), HasSubstr("gives no completion"))
      << "the list may be redirected, a question may not";
}

TEST_F(HttpConnect, EachWayNotToReachAServer) {
  EXPECT_THAT(error_of("http://127.0.0.1:1/v1"), HasSubstr("is the server running there?"));
  EXPECT_THAT(error_of("https://127.0.0.1:1/v1"), HasSubstr("is the server running there?"));
  EXPECT_THAT(error_of(fmt::format("https://127.0.0.1:{}/good/v1", server_->port())),
              HasSubstr("add ca=FILE"));
  EXPECT_THAT(error_of(url("locked")), HasSubstr("add key-env=VARIABLE"));
  EXPECT_THAT(error_of(url("nomodels")), HasSubstr("HTTP status 404"));
  EXPECT_THAT(error_of(url("many")), HasSubstr("add model=NAME; it has a, b"));
  EXPECT_THAT(error_of(url("many"), {{"model", "c"}}), HasSubstr("no model 'c'; it has a, b"));
  EXPECT_THAT(error_of(url("always500")), HasSubstr("gives no completion: http_5xx"));
  ::setenv("ASSAY_TEST_KEY", "sk-wrong-key", 1);
  const std::string refused = error_of(url("locked"), {{"key-env", "ASSAY_TEST_KEY"}});
  EXPECT_THAT(refused, HasSubstr("the key is not accepted there"));
  EXPECT_THAT(refused, Not(HasSubstr("sk-wrong-key")));
}

TEST_F(HttpConnect, AServerWithoutAListMayStillKnowTheName) {
  auto named = make_endpoint(quick_settings(url("nomodels"), {{"model", "x"}, {"retries", "0"}}));
  const auto result = named->connect();
  ASSERT_FALSE(result) << "it has no completions either";
  EXPECT_THAT(result.error().line(), HasSubstr("model 'x' gives no completion"));
}

TEST_F(HttpConnect, WhatAnApiCannotCarryIsRefused) {
  auto endpoint = make_endpoint(quick_settings(url("good")));
  Prompt raw;
  raw.raw = "def f():";
  EXPECT_THAT(endpoint->accepts(raw).error().line(), HasSubstr("add api=completions"));
  EXPECT_TRUE(endpoint->accepts(chat("x")));
  auto completions = make_endpoint(quick_settings(url("good"), {{"api", "completions"}}));
  EXPECT_TRUE(completions->accepts(raw));
  EXPECT_THAT(completions->accepts(chat("x")).error().line(), HasSubstr("give --model"));
}

}  // namespace
}  // namespace assay::http
