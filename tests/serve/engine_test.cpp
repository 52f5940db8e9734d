#include "serve/engine.h"

#include <gmock/gmock.h>

#include <atomic>
#include <chrono>
#include <functional>

#include "core/numerics/sampler.h"
#include "tests/decode/fake_session.h"
#include "tests/model/tiny_vocabulary.h"

namespace assay::serve {
namespace {

using testing::FakeSession;

/// Keeps what it is told; may go away after so many tokens.
class RecordingJob final : public Job {
 public:
  explicit RecordingJob(std::vector<Part> wanted) : done_(wanted.size()) {
    parts = std::move(wanted);
  }
  bool abandoned() override { return gone_; }
  bool wants_prompt_logits(std::size_t) const override { return false; }
  void prompt_logits(std::size_t, std::int64_t, std::span<const float>) override {}
  bool constrain(std::size_t, std::span<const float> logits, std::vector<float>& allowed) override {
    if (!only_) return false;
    allowed.assign(logits.size(), -1e30F);
    allowed[static_cast<std::size_t>(*only_)] = 1;
    return true;
  }
  bool wants_logits(std::size_t) const override { return only_.has_value() || looks_; }
  void drawn(std::size_t, const DrawnToken& token) override {
    if (!token.logits.empty()) ++n_with_logits_;
    if (++n_drawn_ == leave_after_) gone_ = true;
    if (on_drawn_) on_drawn_();
  }
  void done(std::size_t choice, Completion completion) override {
    done_[choice] = std::move(completion);
    ++n_done_;
  }

  const Completion& wait(std::size_t choice = 0) {
    for (int i = 0; i < 2000 && n_done_ < done_.size(); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    EXPECT_EQ(n_done_, done_.size()) << "not delivered";
    return done_[choice];
  }

  std::atomic<bool> gone_ = false;
  std::atomic<std::size_t> n_done_ = 0;
  int n_drawn_ = 0;
  int n_with_logits_ = 0;
  bool looks_ = false;
  int leave_after_ = -1;
  std::optional<TokenId> only_;
  std::function<void()> on_drawn_;
  std::vector<Completion> done_;
};

class EngineTest : public ::testing::Test {
 protected:
  Job::Part part(const std::string& prompt, std::int64_t tokens, std::uint64_t seed = 7) const {
    Job::Part part;
    part.request.max_new_tokens = tokens;
    part.request.sampling.temperature = 1;
    part.prepared.prompt = tokenizer_.encode(prompt, false);
    part.prepared.draw_seed = seed;
    return part;
  }
  /// What the completer makes of it without a watcher.
  Completion alone(const std::string& prompt, std::int64_t tokens, std::int64_t context) {
    FakeSession session(tokenizer_.vocab_size(), context, 1);
    const auto completer =
        make_local_completer(session, tokenizer_,
                             [&](const Prompt& p) -> Result<std::vector<TokenId>> {
                               return tokenizer_.encode(p.raw, false);
                             },
                             {});
    Request request;
    request.key = "k";
    request.problem_id = "p";
    request.prompt.raw = prompt;
    request.sampling.temperature = 1;
    request.max_new_tokens = tokens;
    bool given = false;
    Completion out;
    completer->run(
        [&]() -> std::optional<Request> {
          return std::exchange(given, true) ? std::nullopt : std::optional(request);
        },
        [&](const Request&, Completion completion) { out = std::move(completion); }, nullptr);
    return out;
  }
  std::uint64_t seed_of_alone() const { return numerics::request_seed(0, "p", 0); }

  Tokenizer tokenizer_ = value_or_throw(Tokenizer::create(testing::tiny_vocabulary()));
};

TEST_F(EngineTest, TheSameSeedDrawsTheTokensOfANativeRun) {
  constexpr std::int64_t kContext = 2048;
  FakeSession session(tokenizer_.vocab_size(), kContext, 4);
  std::vector<std::shared_ptr<RecordingJob>> jobs;
  // Prompts of one chunk and of several, so that others decode between the chunks.
  const std::vector<std::string> prompts = {
      "a", std::string(1500, 'b'), "cc", std::string(700, 'd'), "e", "f"};
  {
    Engine engine(session, tokenizer_, {{}, 4, 100});
    for (const std::string& prompt : prompts) {
      jobs.push_back(std::make_shared<RecordingJob>(
          std::vector<Job::Part>{part(prompt, 40, seed_of_alone())}));
      ASSERT_TRUE(engine.submit(jobs.back()));
    }
    for (std::size_t i = 0; i < prompts.size(); ++i) {
      const Completion expected = alone(prompts[i], 40, kContext);
      EXPECT_EQ(jobs[i]->wait().tokens, expected.tokens) << i;
      EXPECT_EQ(jobs[i]->wait().stop, expected.stop) << i;
      EXPECT_EQ(jobs[i]->wait().text, expected.text) << i;
    }
  }
  EXPECT_EQ(session.open_sequences(), 0);
}

TEST_F(EngineTest, AClientThatGoesAwayFreesItsPlaceAndDisturbsNobody) {
  FakeSession session(tokenizer_.vocab_size(), 512, 2);
  {
    Engine engine(session, tokenizer_, {{}, 2, 100});
    const auto leaves = std::make_shared<RecordingJob>(
        std::vector<Job::Part>{part("leaves", 400), part("leaves", 400, 8)});
    leaves->leave_after_ = 5;
    const auto stays =
        std::make_shared<RecordingJob>(std::vector<Job::Part>{part("stays", 30, seed_of_alone())});
    ASSERT_TRUE(engine.submit(leaves));
    ASSERT_TRUE(engine.submit(stays));
    EXPECT_EQ(leaves->wait(0).stop, StopReason::error);
    EXPECT_LT(leaves->wait(1).tokens.size(), 10U);
    EXPECT_EQ(stays->wait().tokens, alone("stays", 30, 512).tokens);
    EXPECT_EQ(engine.running(), 0U);
  }
  EXPECT_EQ(session.open_sequences(), 0);
}

TEST_F(EngineTest, WhatWaitsInVainLeavesTheQueue) {
  FakeSession session(tokenizer_.vocab_size(), 512, 1);
  Engine engine(session, tokenizer_, {{}, 1, 2});
  const auto slow = std::make_shared<RecordingJob>(std::vector<Job::Part>{part("slow", 500)});
  slow->on_drawn_ = [] { std::this_thread::sleep_for(std::chrono::milliseconds(2)); };
  const auto gone = std::make_shared<RecordingJob>(std::vector<Job::Part>{part("gone", 500)});
  gone->gone_ = true;
  ASSERT_TRUE(engine.submit(slow));
  ASSERT_TRUE(engine.submit(gone));
  EXPECT_EQ(gone->wait().stop, StopReason::error);
  EXPECT_TRUE(gone->wait().tokens.empty());
  slow->gone_ = true;
  slow->wait();
}

TEST_F(EngineTest, MoreThanMayWaitIsRefused) {
  FakeSession session(tokenizer_.vocab_size(), 512, 1);
  Engine engine(session, tokenizer_, {{}, 1, 2});
  const auto three = std::make_shared<RecordingJob>(
      std::vector<Job::Part>{part("a", 3), part("a", 3, 1), part("a", 3, 2)});
  EXPECT_FALSE(engine.submit(three)) << "three do not fit a queue of two";
  const auto one = std::make_shared<RecordingJob>(std::vector<Job::Part>{part("a", 3)});
  EXPECT_TRUE(engine.submit(one));
  one->wait();
}

TEST_F(EngineTest, AConstraintDecidesWhatIsDrawn) {
  FakeSession session(tokenizer_.vocab_size(), 512, 1);
  Engine engine(session, tokenizer_, {{}, 1, 2});
  const auto job = std::make_shared<RecordingJob>(std::vector<Job::Part>{part("a", 5)});
  job->only_ = tokenizer_.encode("x", false).at(0);
  ASSERT_TRUE(engine.submit(job));
  EXPECT_EQ(job->wait().text, "xxxxx");
}

TEST_F(EngineTest, LogitsAreReadOnlyForThoseWhoLookAtThem) {
  FakeSession session(tokenizer_.vocab_size(), 512, 2);
  Engine engine(session, tokenizer_, {{}, 2, 4});
  const auto blind = std::make_shared<RecordingJob>(std::vector<Job::Part>{part("a", 9)});
  ASSERT_TRUE(engine.submit(blind));
  const std::vector<TokenId> tokens = blind->wait().tokens;
  EXPECT_EQ(blind->n_with_logits_, 1) << "the first token comes from the prompt's";
  const auto looks =
      std::make_shared<RecordingJob>(std::vector<Job::Part>{part("a", 9), part("a", 9)});
  looks->looks_ = true;
  ASSERT_TRUE(engine.submit(looks));
  EXPECT_EQ(looks->wait(0).tokens, tokens);
  EXPECT_EQ(looks->wait(1).tokens, tokens);
  EXPECT_EQ(looks->n_with_logits_, looks->n_drawn_);
}

TEST_F(EngineTest, StoppingEndsWhatRuns) {
  FakeSession session(tokenizer_.vocab_size(), 512, 1);
  Engine engine(session, tokenizer_, {{}, 1, 4});
  const auto endless = std::make_shared<RecordingJob>(std::vector<Job::Part>{part("a", 500)});
  endless->on_drawn_ = [] { std::this_thread::sleep_for(std::chrono::milliseconds(2)); };
  ASSERT_TRUE(engine.submit(endless));
  engine.stop();
  EXPECT_FALSE(engine.submit(endless));
  EXPECT_EQ(session.open_sequences(), 0);
}

}  // namespace
}  // namespace assay::serve
