// Real checkpoints from assay's cache: the same greedy tokens from every backend and library.
#include <fmt/core.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "core/numerics/hash.h"
#include "core/numerics/sampler.h"
#include "core/plugins.h"
#include "model/prompt_builder.h"
#include "model/transformer/session.h"
#include "tests/support/test_data.h"

namespace assay {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kTokens = 64;
/// Two logits nearer than this may change places when sums are taken in another order.
constexpr float kNearTie = 1e-3F;

const std::string kSmallModel = "smollm2-135m";

constexpr std::array kQuestions = {
    "What is the capital of France?",
    "Write a Python function that reverses a string.",
    "A train travels 60 km in 45 minutes. What is its speed in km/h?",
    "Name three prime numbers larger than 20 and explain why they are prime.",
    "Translate 'good morning' into German, Spanish and Italian.",
};

/// A model of `assay fetch model NAME`, if it lies in the cache.
std::optional<fs::path> cached_model(const std::string& name) {
  const char* xdg = std::getenv("XDG_CACHE_HOME");
  const char* home = std::getenv("HOME");
  if (xdg == nullptr && home == nullptr) return std::nullopt;
  const fs::path cache = xdg != nullptr ? fs::path(xdg) : fs::path(home) / ".cache";
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(cache / "assay" / "models" / name, error)) {
    if (entry.path().extension() == ".gguf") return entry.path();
  }
  return std::nullopt;
}

struct Greedy {
  std::vector<TokenId> tokens;
  std::vector<float> margins;
};

class RealModel : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    const std::optional<fs::path> path = cached_model(GetParam());
    if (GetParam() != kSmallModel && std::getenv("ASSAY_TEST_REAL_MODELS") == nullptr) {
      GTEST_SKIP() << "takes minutes: ci/full sets ASSAY_TEST_REAL_MODELS";
    }
    if (!path) GTEST_SKIP() << "not in the cache: assay fetch model " << GetParam();
    model_ = std::make_shared<const ModelFile>(value_or_throw(load_model_file(path->string())));
    tokenizer_.emplace(value_or_throw(Tokenizer::create(*model_->tokenizer)));
    prompts_.emplace(value_or_throw(PromptBuilder::create(*tokenizer_, model_->chat_template, {})));
  }

  Result<std::unique_ptr<Device>> device(const std::string& backend,
                                         std::map<std::string, std::string> options,
                                         Numerics numerics = Numerics::fast, int threads = 0) {
    const auto plugin = std::find_if(backend_plugins().begin(), backend_plugins().end(),
                                     [&](const BackendPlugin& p) { return p.name == backend; });
    BackendRequest request;
    request.numerics = numerics;
    request.threads = threads;
    request.options = std::move(options);
    return plugin->create(request);
  }

  std::unique_ptr<Session> session(std::unique_ptr<Device> device) {
    SessionOptions options;
    options.max_context = 256;
    return value_or_throw(make_session(model_, std::move(device), options));
  }

  /// Hashes of the logits behind each of the prompt's last tokens and of `n` greedy tokens more.
  std::vector<std::string> exact_hashes(Session& session, const std::string& question, int n) {
    Prompt prompt;
    prompt.messages = {{"user", question}};
    const BuiltPrompt built = value_or_throw(prompts_->build(prompt));
    std::vector<float> logits(static_cast<std::size_t>(model_->config.vocab));
    const SequenceId sequence = session.open();
    session.prefill(sequence, built.ids, false, logits);
    std::vector<std::string> hashes;
    for (int i = 0; i < n; ++i) {
      hashes.push_back(numerics::to_hex(numerics::hash_logits(logits)));
      const DecodeItem item{sequence, numerics::argmax(logits)};
      session.decode({&item, 1}, logits);
    }
    session.close(sequence);
    return hashes;
  }

  /// Greedy continuations of all questions.
  std::vector<Greedy> run(const std::string& backend, std::map<std::string, std::string> options) {
    const auto session = this->session(value_or_throw(device(backend, std::move(options))));
    std::vector<Greedy> all;
    for (const char* question : kQuestions) all.push_back(continue_one(*session, question));
    return all;
  }

  Greedy continue_one(Session& session, const std::string& question) {
    Prompt prompt;
    prompt.messages = {{"user", question}};
    const BuiltPrompt built = value_or_throw(prompts_->build(prompt));
    std::vector<float> logits(static_cast<std::size_t>(model_->config.vocab));
    const SequenceId sequence = session.open();
    session.prefill(sequence, built.ids, false, logits);
    Greedy greedy;
    while (true) {
      greedy.tokens.push_back(numerics::argmax(logits));
      greedy.margins.push_back(numerics::top2_margin(logits));
      if (greedy.tokens.size() == kTokens) break;
      const DecodeItem item{sequence, greedy.tokens.back()};
      session.decode({&item, 1}, logits);
    }
    session.close(sequence);
    return greedy;
  }

  std::shared_ptr<const ModelFile> model_;
  std::optional<Tokenizer> tokenizer_;
  std::optional<PromptBuilder> prompts_;
};

TEST_P(RealModel, GreedyTokensAreTheSameFromEveryBackendOrTheFirstDifferenceIsANearTie) {
  const std::vector<Greedy> reference = run("reference", {});
  for (const char* gemm : {"own", "openblas", "onednn"}) {
    const std::vector<Greedy> other = run("cpu", {{"gemm", gemm}});
    for (std::size_t i = 0; i < reference.size(); ++i) {
      const auto differ = std::mismatch(reference[i].tokens.begin(), reference[i].tokens.end(),
                                        other[i].tokens.begin());
      const auto at = static_cast<std::size_t>(differ.first - reference[i].tokens.begin());
      if (at == kTokens) {
        fmt::print("{} cpu/{} question {}: {} of {} tokens equal\n", GetParam(), gemm, i, at,
                   kTokens);
        continue;
      }
      const float margin = reference[i].margins[at];
      fmt::print("{} cpu/{} question {}: first difference at token {}, top-2 margin {:.2e}\n",
                 GetParam(), gemm, i, at, margin);
      EXPECT_LT(margin, kNearTie) << "cpu/" << gemm << " question " << i << " token " << at;
      EXPECT_STRNE(gemm, "own") << "own kernels give the reference's very bits";
    }
  }
}

TEST_P(RealModel, ExactLogitsHaveTheSameBitsOnEveryInstructionSetAndNumberOfThreads) {
  constexpr int kPositions = 32;
  const auto oracle = session(value_or_throw(device("reference", {}, Numerics::exact)));
  const auto expected = exact_hashes(*oracle, kQuestions[2], kPositions);
  int ran = 0;
  for (const char* isa : {"scalar", "avx2", "avx512"}) {
    for (const int threads : {1, 2}) {
      // The scalar level serves CPUs without vectors; the conformance suite has it, too.
      if (std::string_view(isa) == "scalar" && threads > 1) continue;
      auto made = device("cpu", {{"isa", isa}}, Numerics::exact, threads);
      if (!made) {
        ASSERT_EQ(made.error().kind(), ErrorKind::environment) << made.error().line();
        continue;
      }
      ASSERT_EQ((*made)->info().isa, isa) << "the forced ISA did not run";
      const auto cpu = session(std::move(*made));
      EXPECT_EQ(exact_hashes(*cpu, kQuestions[2], kPositions), expected)
          << isa << ", " << threads << " threads";
      ++ran;
    }
  }
  EXPECT_GE(ran, 1);
}

INSTANTIATE_TEST_SUITE_P(Fetched, RealModel, ::testing::Values(kSmallModel, "qwen2.5-coder-0.5b"),
                         [](const auto& info) {
                           std::string name = info.param;
                           std::replace_if(
                               name.begin(), name.end(),
                               [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
                           return name;
                         });

}  // namespace
}  // namespace assay
