// Whole models against float64 forward passes of PyTorch's weights (shared/golden): a failure names
// the first bad layer.
#include <fmt/core.h>
#include <gmock/gmock.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "core/numerics/sampler.h"
#include "core/plugins.h"
#include "model/transformer/session.h"
#include "tests/support/backends.h"
#include "tests/support/npy.h"
#include "tests/support/test_data.h"

namespace assay {
namespace {

using nlohmann::json;

constexpr double kTolerance = 1e-4;  // relative L2, float32 arithmetic

struct Case {
  std::string model;
  std::string backend;
  std::map<std::string, std::string> options;
};

std::string case_name(const ::testing::TestParamInfo<Case>& info) {
  std::string name = info.param.model + "_" + info.param.backend;
  for (const auto& [option, value] : info.param.options) name += "_" + value;
  return name;
}

std::vector<Case> cases() {
  std::vector<Case> all;
  for (const char* model : {"qwen2_tied_f32", "qwen2_untied_bf16", "llama_llama3rope_f32",
                            "llama_tied_f32", "qwen3_tied_f32_sharded"}) {
    all.push_back({model, "reference", {}});
    for (const char* gemm : {"own", "openblas", "onednn"}) {
      all.push_back({model, "cpu", {{"gemm", gemm}}});
    }
    if (testing::is_registered("cuda")) all.push_back({model, "cuda", {}});
  }
  return all;
}

/// |a - b| / |b| over the whole span.
double relative_l2(std::span<const float> values, std::span<const double> golden) {
  EXPECT_EQ(values.size(), golden.size());
  double difference = 0;
  double norm = 0;
  for (std::size_t i = 0; i < golden.size(); ++i) {
    difference += (values[i] - golden[i]) * (values[i] - golden[i]);
    norm += golden[i] * golden[i];
  }
  return std::sqrt(difference / norm);
}

const BackendPlugin* find_plugin(const std::string& name) {
  for (const BackendPlugin& plugin : backend_plugins()) {
    if (plugin.name == name) return &plugin;
  }
  return nullptr;
}

class GoldenModel : public ::testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    const std::string relative = "golden/" + GetParam().model;
    ASSAY_REQUIRE_TEST_DATA(folder, relative);
    folder_ = folder;
    golden_ = json::parse(testing::read_text(folder / "golden.json"));
    const BackendPlugin* plugin = find_plugin(GetParam().backend);
    ASSERT_NE(plugin, nullptr);
    BackendRequest request;
    request.threads = 2;
    request.options = GetParam().options;
    // Its `fast` rounds activations, which float64 would notice.
    if (GetParam().backend == "cuda") request.numerics = Numerics::exact;
    Result<std::unique_ptr<Device>> device = plugin->create(request);
    if (!device && device.error().kind() == ErrorKind::environment) {
      GTEST_SKIP() << device.error().line();
    }
    ASSERT_TRUE(device) << device.error().line();
    auto model =
        std::make_shared<const ModelFile>(value_or_throw(load_model_file(folder.string())));
    SessionOptions options;
    options.max_context = 256;
    options.max_batch = 4;
    options.kv_type = KvType::f32;
    session_ = value_or_throw(make_session(model, std::move(*device), options));
    vocab_ = static_cast<std::size_t>(model->config.vocab);
  }

  std::vector<TokenId> ids(const json& array) { return array.get<std::vector<TokenId>>(); }

  std::filesystem::path folder_;
  json golden_;
  std::unique_ptr<Session> session_;
  std::size_t vocab_ = 0;
};

TEST_P(GoldenModel, LogitsOfEveryPosition) {
  for (const json& prompt : golden_.at("prompts")) {
    if (!prompt.contains("all_logits")) continue;
    const std::vector<TokenId> tokens = ids(prompt.at("ids"));
    std::vector<float> logits(tokens.size() * vocab_);
    session_->prefill(session_->open(), tokens, true, logits);
    const testing::NpyArray golden =
        testing::read_npy(folder_ / prompt.at("all_logits").at("file").get<std::string>());
    for (std::size_t t = 0; t < tokens.size(); ++t) {
      EXPECT_LT(relative_l2(std::span(logits).subspan(t * vocab_, vocab_),
                            std::span(golden.values).subspan(t * vocab_, vocab_)),
                kTolerance)
          << prompt.at("name") << " position " << t;
    }
  }
}

TEST_P(GoldenModel, LastLogits) {
  const testing::NpyArray golden = testing::read_npy(folder_ / "last_logits.npy");
  std::vector<float> logits(vocab_);
  for (std::size_t i = 0; i < golden_.at("prompts").size(); ++i) {
    session_->prefill(session_->open(), ids(golden_["prompts"][i]["ids"]), false, logits);
    EXPECT_LT(relative_l2(logits, std::span(golden.values).subspan(i * vocab_, vocab_)), kTolerance)
        << golden_["prompts"][i]["name"];
  }
}

TEST_P(GoldenModel, HiddenStatesLayerByLayer) {
  const json& prompt = golden_.at("prompts").at(2);
  ASSERT_EQ(prompt.at("name"), "len33");
  const std::vector<TokenId> tokens = ids(prompt.at("ids"));
  const testing::NpyArray hidden = testing::read_npy(folder_ / "hidden_len33.npy");
  const auto plane = static_cast<std::size_t>(hidden.shape.at(1) * hidden.shape.at(2));
  const std::int64_t n_layers = hidden.shape.at(0) - 2;
  std::map<std::string, std::vector<float>> seen;
  session_->set_probe([&seen](std::string_view name, ConstTensor values) {
    auto& all = seen[std::string(name)];
    all.insert(all.end(), values.data, values.data + values.rows * values.cols);
  });
  std::vector<float> logits(tokens.size() * vocab_);
  session_->prefill(session_->open(), tokens, true, logits);
  const auto expect_plane = [&](const std::string& name, std::int64_t index) {
    const auto golden = std::span(hidden.values).subspan(static_cast<std::size_t>(index) * plane);
    EXPECT_LT(relative_l2(seen.at(name), golden.first(plane)), kTolerance) << name;
  };
  expect_plane("embedding", 0);
  for (std::int64_t i = 0; i < n_layers; ++i) expect_plane(fmt::format("layer.{}", i), i + 1);
  expect_plane("final_norm", n_layers + 1);
  for (const char* part : {"q", "k", "v"}) {
    const auto file = fmt::format("layer0_{}_len33.npy", part);
    EXPECT_LT(relative_l2(seen.at(fmt::format("layer.0.{}", part)),
                          testing::read_npy(folder_ / file).values),
              kTolerance)
        << part;
  }
}

TEST_P(GoldenModel, GreedyTokens) {
  for (const json& prompt : golden_.at("prompts")) {
    const SequenceId sequence = session_->open();
    std::vector<float> logits(vocab_);
    session_->prefill(sequence, ids(prompt.at("ids")), false, logits);
    std::vector<TokenId> greedy = {numerics::argmax(logits)};
    while (greedy.size() < 48) {
      const DecodeItem item{sequence, greedy.back()};
      session_->decode({&item, 1}, logits);
      greedy.push_back(numerics::argmax(logits));
    }
    EXPECT_EQ(greedy, ids(prompt.at("greedy_f64"))) << prompt.at("name");
    session_->close(sequence);
  }
}

TEST_P(GoldenModel, LogLikelihoodOfContinuations) {
  for (const json& item : golden_.at("loglikelihood")) {
    std::vector<TokenId> tokens = ids(item.at("context"));
    const std::size_t n_context = tokens.size();
    for (const TokenId id : ids(item.at("continuation"))) tokens.push_back(id);
    std::vector<float> logits(tokens.size() * vocab_);
    session_->prefill(session_->open(), tokens, true, logits);
    double sum = 0;
    for (std::size_t t = n_context; t < tokens.size(); ++t) {
      const auto row = std::span(logits).subspan((t - 1) * vocab_, vocab_);
      double total = 0;
      for (const float logit : row) total += std::exp(static_cast<double>(logit));
      sum += row[static_cast<std::size_t>(tokens[t])] - std::log(total);
    }
    EXPECT_NEAR(sum, item.at("sum").get<double>(), 1e-3);
  }
}

TEST_P(GoldenModel, SequencesOfUnequalLengthInOneBatchDoNotTouchEachOther) {
  // Each prompt alone, then all of them stepping together with a fork: the same bits.
  constexpr int kSteps = 6;
  std::vector<std::vector<float>> alone;
  std::vector<SequenceId> together;
  for (const json& prompt : golden_.at("prompts")) {
    const SequenceId sequence = session_->open();
    std::vector<float> logits(vocab_);
    session_->prefill(sequence, ids(prompt.at("ids")), false, logits);
    together.push_back(session_->fork(sequence));
    for (int step = 0; step < kSteps; ++step) {
      const DecodeItem item{sequence, ids(prompt.at("greedy_f64"))[static_cast<std::size_t>(step)]};
      session_->decode({&item, 1}, logits);
    }
    alone.push_back(logits);
    session_->close(sequence);
  }
  std::vector<float> logits(together.size() * vocab_);
  for (int step = 0; step < kSteps; ++step) {
    std::vector<DecodeItem> items;
    for (std::size_t i = 0; i < together.size(); ++i) {
      const json& greedy = golden_["prompts"][i]["greedy_f64"];
      items.push_back({together[i], greedy[static_cast<std::size_t>(step)].get<TokenId>()});
    }
    session_->decode(items, logits);
  }
  for (std::size_t i = 0; i < together.size(); ++i) {
    const auto row = std::span(logits).subspan(i * vocab_, vocab_);
    EXPECT_TRUE(std::equal(row.begin(), row.end(), alone[i].begin())) << "prompt " << i;
  }
}

INSTANTIATE_TEST_SUITE_P(All, GoldenModel, ::testing::ValuesIn(cases()), case_name);

}  // namespace
}  // namespace assay
