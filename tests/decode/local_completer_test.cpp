#include "decode/local_completer.h"

#include <gmock/gmock.h>

#include "tests/decode/fake_session.h"
#include "tests/model/tiny_vocabulary.h"

namespace assay {
namespace {

using testing::FakeSession;
using ::testing::HasSubstr;

constexpr std::int64_t kContext = 128;

class LocalCompleterTest : public ::testing::Test {
 protected:
  Request request(const std::string& prompt, std::int32_t sample = 0,
                  std::int64_t max_new_tokens = 20) const {
    Request request;
    request.key = prompt + "#" + std::to_string(sample);
    request.problem_id = prompt;
    request.sample = sample;
    request.prompt.raw = prompt;
    request.sampling = sampling_;
    request.max_new_tokens = max_new_tokens;
    return request;
  }

  std::map<std::string, Completion> run(FakeSession& session, std::vector<Request> requests,
                                        std::int64_t batch) {
    const auto encode = [this](const Prompt& prompt) -> Result<std::vector<TokenId>> {
      if (prompt.raw == "unrenderable") return env_failure("the template refuses this");
      return tokenizer_.encode(prompt.raw, false);
    };
    LocalCompleterOptions options;
    options.max_batch = batch;
    const auto completer = make_local_completer(session, tokenizer_, encode, options);
    std::map<std::string, Completion> done;
    std::size_t next = 0;
    totals_ = completer->run(
        [&]() -> std::optional<Request> {
          if (next == requests.size()) return std::nullopt;
          return requests[next++];
        },
        [&](const Request& request, Completion completion) {
          EXPECT_TRUE(done.emplace(request.key, std::move(completion)).second) << request.key;
        },
        cancelled_);
    EXPECT_EQ(session.open_sequences(), 0) << "a sequence was left open";
    return done;
  }

  FakeSession session(std::int64_t batch) const {
    return {tokenizer_.vocab_size(), kContext, batch};
  }

  Tokenizer tokenizer_ = value_or_throw(Tokenizer::create(testing::tiny_vocabulary()));
  Sampling sampling_{.temperature = 1.0};
  std::function<bool()> cancelled_;
  RunTotals totals_;
};

void expect_same(const Completion& a, const Completion& b) {
  EXPECT_EQ(a.tokens, b.tokens);
  EXPECT_EQ(a.text, b.text);
  EXPECT_EQ(a.stop, b.stop);
  EXPECT_EQ(a.logits_hashes, b.logits_hashes);
}

TEST_F(LocalCompleterTest, ARequestGivesTheSameTokensAloneAndInAnyBatch) {
  std::vector<Request> requests;
  for (int i = 0; i < 9; ++i) {
    requests.push_back(
        request("prompt " + std::string(static_cast<std::size_t>(i), 'x'), 0, 5 + i));
  }
  FakeSession big = session(4);
  const auto together = run(big, requests, 4);
  EXPECT_EQ(big.largest_batch, 4);
  ASSERT_EQ(together.size(), requests.size());
  for (const Request& one : requests) {
    FakeSession small = session(1);
    expect_same(run(small, {one}, 1).at(one.key), together.at(one.key));
  }
}

TEST_F(LocalCompleterTest, SamplesOfOnePromptSharePrefillAndDiffer) {
  FakeSession shared = session(3);
  const auto done = run(shared, {request("same", 0), request("same", 1), request("same", 2)}, 3);
  EXPECT_EQ(shared.prefilled_tokens, 4);
  EXPECT_EQ(totals_.prefill_tokens, 4);
  EXPECT_NE(done.at("same#0").tokens, done.at("same#1").tokens);
  FakeSession alone = session(1);
  expect_same(run(alone, {request("same", 2)}, 1).at("same#2"), done.at("same#2"));
  EXPECT_EQ(alone.forks, 0);
}

TEST_F(LocalCompleterTest, SamplesAreSharedAlsoWhenOnlySomeFitAtOnce) {
  FakeSession narrow = session(2);
  std::vector<Request> requests;
  for (int i = 0; i < 5; ++i) requests.push_back(request("same", i));
  requests.push_back(request("xyzzy"));
  const auto done = run(narrow, requests, 2);
  EXPECT_EQ(done.size(), 6U);
  EXPECT_EQ(narrow.prefilled_tokens, 4 + 5);
}

TEST_F(LocalCompleterTest, TheBudgetEndsACompletion) {
  sampling_.temperature = 0;
  FakeSession one = session(1);
  const Completion done = run(one, {request("abc", 0, 7)}, 1).at("abc#0");
  ASSERT_EQ(done.stop, StopReason::length);
  EXPECT_EQ(done.tokens.size(), 7U);
  EXPECT_EQ(done.logits_hashes.size(), 7U);
  EXPECT_EQ(done.top2_margins.size(), 7U);
  EXPECT_EQ(totals_.decode_tokens, 6);
  EXPECT_EQ(totals_.decode_steps, 6);
}

TEST_F(LocalCompleterTest, TheContextBoundsTheBudget) {
  sampling_.temperature = 0;
  FakeSession one = session(1);
  const std::string prompt(kContext - 3, 'z');
  const Completion done = run(one, {request(prompt, 0, 50)}, 1).at(prompt + "#0");
  EXPECT_LE(done.tokens.size(), 3U);
}

TEST_F(LocalCompleterTest, APromptThatFillsTheContextFailsAlone) {
  FakeSession one = session(1);
  const std::string prompt(kContext, 'z');
  const auto done = run(one, {request(prompt), request("fine")}, 1);
  EXPECT_EQ(done.at(prompt + "#0").stop, StopReason::error);
  EXPECT_THAT(done.at(prompt + "#0").error, HasSubstr("128 tokens leave no room"));
  EXPECT_NE(done.at("fine#0").stop, StopReason::error);
}

TEST_F(LocalCompleterTest, APromptThatCannotBeEncodedFailsAlone) {
  FakeSession one = session(2);
  const auto done = run(one, {request("unrenderable"), request(""), request("fine")}, 2);
  EXPECT_THAT(done.at("unrenderable#0").error, HasSubstr("the template refuses this"));
  EXPECT_THAT(done.at("#0").error, HasSubstr("no tokens"));
  EXPECT_NE(done.at("fine#0").stop, StopReason::error);
}

TEST_F(LocalCompleterTest, LogitsThatAreNotFiniteFailTheSampleWithItsPosition) {
  FakeSession two = session(2);
  two.poison = tokenizer_.encode("!", false).at(0);
  const auto done = run(two, {request("bad!"), request("good")}, 2);
  EXPECT_EQ(done.at("bad!#0").stop, StopReason::error);
  EXPECT_THAT(done.at("bad!#0").error, HasSubstr("not finite"));
  EXPECT_THAT(done.at("bad!#0").error, HasSubstr("position 0"));
  EXPECT_TRUE(done.at("bad!#0").logits_hashes.empty()) << "never hashed";
  EXPECT_NE(done.at("good#0").stop, StopReason::error);
}

TEST_F(LocalCompleterTest, CancellingStopsBetweenStepsAndLeavesNothingOpen) {
  int polls = 0;
  cancelled_ = [&polls] { return ++polls > 6; };
  FakeSession two = session(2);
  const auto done = run(two, {request("a", 0, 1000), request("b", 0, 1000), request("c")}, 2);
  EXPECT_LT(done.size(), 3U);
}

TEST_F(LocalCompleterTest, WhatTheSinkThrowsReachesTheCaller) {
  FakeSession two = session(2);
  const auto completer =
      make_local_completer(two, tokenizer_,
                           [this](const Prompt& prompt) -> Result<std::vector<TokenId>> {
                             return tokenizer_.encode(prompt.raw, false);
                           },
                           {.profile = {}, .max_batch = 2});
  int left = 3;
  const auto source = [&]() -> std::optional<Request> {
    if (left-- == 0) return std::nullopt;
    return request("p" + std::to_string(left), 0, 3);
  };
  const auto full_disk = [](const Request&, const Completion&) {
    throw Error(ErrorKind::environment, "the disk is full");
  };
  try {
    completer->run(source, full_disk, nullptr);
    FAIL() << "the error was swallowed";
  } catch (const Error& error) {
    EXPECT_EQ(error.message(), "the disk is full");
  }
}

TEST_F(LocalCompleterTest, NoRequests) {
  FakeSession one = session(1);
  EXPECT_TRUE(run(one, {}, 1).empty());
  EXPECT_EQ(totals_.prefill_tokens, 0);
}

TEST_F(LocalCompleterTest, WithFewPagesTheYoungestWaitAndNoSampleIsLost) {
  // Sequences of up to ten pages; ten at once would need a hundred.
  constexpr std::int64_t kLong = 1024;
  std::vector<Request> requests;
  for (int i = 0; i < 24; ++i) requests.push_back(request("prompt", i, 400 + i * 10));
  FakeSession roomy(tokenizer_.vocab_size(), kLong, 10);
  const auto expected = run(roomy, requests, 10);
  for (const std::int32_t pages : {17, 20, 40}) {
    FakeSession tight(tokenizer_.vocab_size(), kLong, 10);
    tight.pages = pages;
    const auto got = run(tight, requests, 10);
    ASSERT_EQ(got.size(), requests.size()) << pages;
    for (const auto& [key, completion] : expected) expect_same(got.at(key), completion);
    EXPECT_GT(tight.suspensions, 0) << pages;
    EXPECT_GT(tight.largest_batch, pages / 10) << "more run than would fit at full length";
  }
}

TEST_F(LocalCompleterTest, AStepWithoutMemoryGoesOnWithFewer) {
  std::vector<Request> requests;
  for (int i = 0; i < 9; ++i) requests.push_back(request("prompt " + std::to_string(i), 0, 12));
  FakeSession roomy = session(8);
  const auto expected = run(roomy, requests, 8);
  FakeSession tight = session(8);
  tight.pages = 100;
  tight.memory_for = 3;
  const auto got = run(tight, requests, 8);
  ASSERT_EQ(got.size(), requests.size());
  for (const auto& [key, completion] : expected) expect_same(got.at(key), completion);
  EXPECT_LE(tight.largest_batch, 3);
  EXPECT_GE(tight.largest_batch, 2);

  FakeSession none = session(8);
  none.pages = 100;
  none.memory_for = 0;
  EXPECT_THROW(run(none, requests, 8), OutOfMemory);
}

}  // namespace
}  // namespace assay
