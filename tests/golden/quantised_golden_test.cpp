// exact/1 on whole models of every quantised type: the golden checkpoints, quantised here, give the
// same bits from `reference` and from each instruction set of `cpu` and `neon`, alone and in
// batches of sequences of unequal length, at any chunking and number of threads, and after a fork;
// and these bits are the ones that exact_hashes.h holds still.
#include <gmock/gmock.h>

#include <filesystem>

#include "core/numerics/hash.h"
#include "core/plugins.h"
#include "harness/quantize/quantize.h"
#include "model/transformer/session.h"
#include "tests/golden/exact_hashes.h"
#include "tests/support/backends.h"
#include "tests/support/required_isa.h"
#include "tests/support/test_data.h"

namespace assay {
namespace {

/// Rows of 256, which K types need, and rows of 64 with Llama's rotated pairs.
constexpr const char* kModels[] = {"qwen2_untied_bf16", "llama_llama3rope_f32"};
constexpr std::int64_t kLength = 100;  // crosses a page of 64 positions

using Hashes = std::vector<LogitsHash>;
using Sizes = std::vector<std::int64_t>;

std::vector<TokenId> some_tokens(std::int64_t vocab, std::uint32_t seed, std::int64_t n) {
  std::vector<TokenId> tokens;
  for (std::int64_t i = 0; i < n; ++i) {
    seed = seed * 1664525U + 1013904223U;
    tokens.push_back(static_cast<TokenId>(static_cast<std::int64_t>(seed >> 8U) % vocab));
  }
  return tokens;
}

/// Every forced instruction set of our own kernels; most machines lack some.
struct Level {
  const char* backend;
  const char* isa;
};
constexpr Level kLevels[] = {{"cpu", "scalar"}, {"cpu", "avx2"},          {"cpu", "avx512"},
                             {"neon", "neon"},  {"neon", "neon+dotprod"}, {"neon", "neon+i8mm"}};

Result<std::unique_ptr<Device>> make_device(const std::string& backend, const std::string& isa,
                                            int threads) {
  const auto plugin = std::find_if(backend_plugins().begin(), backend_plugins().end(),
                                   [&](const BackendPlugin& p) { return p.name == backend; });
  BackendRequest request;
  request.numerics = Numerics::exact;
  request.threads = threads;
  if (!isa.empty()) request.options["isa"] = isa;
  return plugin->create(request);
}

class QuantisedGolden : public ::testing::TestWithParam<std::tuple<const char*, std::string>> {
 protected:
  void SetUp() override {
    const auto& [name, type] = GetParam();
    ASSAY_REQUIRE_TEST_DATA(folder, std::string("golden/") + name);
    const ModelFile source = value_or_throw(load_model_file(folder.string()));
    const std::string path = (dir_.path() / "model.gguf").string();
    quantize_model(source, path, {value_or_throw(find_mixture(type)), 1, false}, {});
    model_ = std::make_shared<const ModelFile>(value_or_throw(load_model_file(path)));
    tokens_ = some_tokens(model_->config.vocab, 1, kLength);
  }

  std::unique_ptr<Session> session(std::unique_ptr<Device> device) const {
    SessionOptions options;
    options.max_context = 192;
    options.max_batch = 32;
    options.kv_type = default_kv_type(*model_);
    return value_or_throw(make_session(model_, std::move(device), options));
  }

  Hashes hashes_of(const std::vector<float>& logits) const {
    const auto vocab = static_cast<std::size_t>(model_->config.vocab);
    Hashes hashes;
    for (std::size_t at = 0; at < logits.size(); at += vocab) {
      hashes.push_back(numerics::hash_logits(std::span(logits).subspan(at, vocab)));
    }
    return hashes;
  }

  /// All positions' logits, the prompt fed in pieces of `chunk`.
  Hashes prefilled(Session& session, std::int64_t chunk) const {
    Hashes hashes;
    const SequenceId sequence = session.open();
    for (std::int64_t at = 0; at < kLength; at += chunk) {
      const std::int64_t n = std::min(chunk, kLength - at);
      std::vector<float> logits(static_cast<std::size_t>(n * model_->config.vocab));
      session.prefill(
          sequence,
          std::span(tokens_).subspan(static_cast<std::size_t>(at), static_cast<std::size_t>(n)),
          true, logits);
      const Hashes part = hashes_of(logits);
      hashes.insert(hashes.end(), part.begin(), part.end());
    }
    session.close(sequence);
    return hashes;
  }

  /// The last 8 positions, decoded in a batch with other sequences of other lengths; ours starts
  /// as a fork.
  Hashes decoded(Session& session, std::int64_t batch) const {
    constexpr std::int64_t kDecoded = 8;
    std::vector<float> scratch(static_cast<std::size_t>(model_->config.vocab));
    std::vector<SequenceId> sequences;
    for (std::int64_t i = 0; i < batch; ++i) {
      const SequenceId sequence = session.open();
      const std::int64_t length = i == 0 ? kLength - kDecoded : 3 + i * 2;
      const auto tokens = i == 0 ? tokens_ : some_tokens(model_->config.vocab, 7, length);
      session.prefill(sequence, std::span(tokens).first(static_cast<std::size_t>(length)), false,
                      scratch);
      sequences.push_back(sequence);
    }
    const SequenceId original = sequences[0];
    sequences[0] = session.fork(original);
    session.close(original);
    Hashes hashes;
    std::vector<float> logits(scratch.size() * static_cast<std::size_t>(batch));
    for (std::int64_t step = 0; step < kDecoded; ++step) {
      const TokenId token = tokens_[static_cast<std::size_t>(kLength - kDecoded + step)];
      std::vector<DecodeItem> items;
      for (const SequenceId sequence : sequences) items.push_back({sequence, token});
      session.decode(items, logits);
      hashes.push_back(hashes_of(logits).front());
      // A stay in host memory changes no bit.
      if (step == kDecoded / 2) session.suspend(sequences[0]);
      if (step == kDecoded / 2) session.resume(sequences[0]);
    }
    for (const SequenceId sequence : sequences) session.close(sequence);
    return hashes;
  }

  testing::TempDir dir_;
  std::shared_ptr<const ModelFile> model_;
  std::vector<TokenId> tokens_;
};

TEST_P(QuantisedGolden, HasTheSameBitsFromEveryKernel) {
  const auto oracle = session(value_or_throw(make_device("reference", "", 0)));
  const Hashes expected = prefilled(*oracle, kLength);
  ASSERT_EQ(std::ssize(expected), kLength);
  ASSERT_FALSE(expected[0] == expected[1]);
  const auto& [name, type] = GetParam();
  EXPECT_EQ(numerics::hash_completion(expected).substr(0, 32), golden::exact_hash(name, type));
  const Hashes last(expected.end() - 8, expected.end());
  EXPECT_EQ(decoded(*oracle, 2), last);
  int ran = 0;
  for (const auto& [backend, isa] : kLevels) {
    for (const int threads : {1, 2}) {
      if (!testing::isa_is_wanted(isa)) continue;
      // The scalar level calls libm for each fma: a tenth of the speed.
      const bool quick = std::string_view(isa) == "scalar";
      if (quick && threads > 1) continue;
      auto made = make_device(backend, isa, threads);
      if (!made) {
        ASSERT_EQ(made.error().kind(), ErrorKind::environment) << made.error().line();
        ASSERT_FALSE(testing::isa_is_required(isa)) << made.error().line();
        continue;
      }
      ASSERT_EQ((*made)->info().isa, isa) << "the forced ISA did not run";
      const auto forced = session(std::move(*made));
      const std::string where = std::string(isa) + ", threads " + std::to_string(threads);
      for (const std::int64_t chunk : quick ? Sizes{kLength} : Sizes{1, 64, kLength}) {
        EXPECT_EQ(prefilled(*forced, chunk), expected) << where << ", chunks of " << chunk;
      }
      for (const std::int64_t batch : quick ? Sizes{5} : Sizes{1, 5, 32}) {
        EXPECT_EQ(decoded(*forced, batch), last) << where << ", batch " << batch;
      }
      ++ran;
    }
  }
  EXPECT_GE(ran, 1);
}

std::vector<std::string> types() {
  std::vector<std::string> all;
  for (const Mixture& mixture : mixtures()) all.push_back(mixture.name);
  return all;
}

TEST_P(QuantisedGolden, HasTheSameBitsOnAGpu) {
  if (!testing::is_registered("cuda")) GTEST_SKIP() << "this build has no backend cuda";
  auto made = make_device("cuda", "", 0);
  if (!made) {
    ASSERT_EQ(made.error().kind(), ErrorKind::environment) << made.error().line();
    GTEST_SKIP() << made.error().line();
  }
  const auto oracle = session(value_or_throw(make_device("reference", "", 0)));
  const Hashes expected = prefilled(*oracle, kLength);
  const Hashes last(expected.end() - 8, expected.end());
  const auto gpu = session(std::move(*made));
  for (const std::int64_t chunk : {std::int64_t{1}, std::int64_t{64}, kLength}) {
    EXPECT_EQ(prefilled(*gpu, chunk), expected) << "chunks of " << chunk;
  }
  for (const std::int64_t batch : {1, 5, 32}) {
    EXPECT_EQ(decoded(*gpu, batch), last) << "batch " << batch;
  }
}

INSTANTIATE_TEST_SUITE_P(Types, QuantisedGolden,
                         ::testing::Combine(::testing::ValuesIn(kModels),
                                            ::testing::ValuesIn(types())),
                         [](const auto& tested) {
                           return std::string(std::get<0>(tested.param)) + "_" +
                                  std::get<1>(tested.param);
                         });

}  // namespace
}  // namespace assay
