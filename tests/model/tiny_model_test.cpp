// The models that tests make for themselves: every type and architecture loads, in both formats.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "core/quant/dequantize.h"
#include "model/model_file.h"
#include "tests/support/test_data.h"
#include "tests/support/tiny_model.h"

namespace assay {
namespace {

using ::testing::ElementsAre;
using testing::TinyModel;

std::vector<float> to_floats(const WeightView& view) {
  std::vector<float> out(static_cast<std::size_t>(view.rows * view.cols));
  quant::dequantize_row(view.type, view.bytes.data(), out.data(), view.rows * view.cols);
  return out;
}

class TinyModelOfType : public ::testing::TestWithParam<TensorType> {};

TEST_P(TinyModelOfType, LoadsWithWeightsAroundZero) {
  const testing::TempDir dir;
  const TinyModel tiny = testing::tiny_model(Arch::qwen2, GetParam());
  const auto path = dir.path() / "tiny.gguf";
  testing::tiny_gguf(tiny).write(path);
  const Result<ModelFile> model = load_model_file(path.string());
  ASSERT_TRUE(model) << model.error().line();
  EXPECT_EQ(model->weight_type, tensor_type_name(GetParam()));
  EXPECT_EQ(model->tensors.size(), 3U + 2U * 12U);
  EXPECT_TRUE(model->config.qkv_bias);

  const std::vector<float> weights = to_floats(model->tensor("blk.1.ffn_gate.weight"));
  double sum = 0;
  double squares = 0;
  for (const float w : weights) {
    ASSERT_TRUE(std::isfinite(w));
    sum += w;
    squares += static_cast<double>(w) * w;
  }
  const auto n = static_cast<double>(weights.size());
  const double expected = 1.25 / std::sqrt(static_cast<double>(tiny.hidden));
  EXPECT_NEAR(std::sqrt(squares / n) / expected, 1, 0.15);
  EXPECT_NEAR(sum / n / expected, 0, 0.15);  // signed quants reach one step further down
}

INSTANTIATE_TEST_SUITE_P(All, TinyModelOfType,
                         ::testing::ValuesIn(all_tensor_types().begin(), all_tensor_types().end()),
                         [](const auto& info) {
                           return std::string(tensor_type_name(info.param));
                         });

struct Variant {
  Arch arch;
  bool tied;
  bool llama3_rope;
};

class TinyModelInBothFormats : public ::testing::TestWithParam<Variant> {};

TEST_P(TinyModelInBothFormats, AgreesButForTheRowsOfLlamasQueriesAndKeys) {
  const testing::TempDir dir;
  TinyModel tiny = testing::tiny_model(GetParam().arch, TensorType::F32);
  tiny.tied = GetParam().tied;
  tiny.llama3_rope = GetParam().llama3_rope;
  testing::tiny_gguf(tiny).write(dir.path() / "tiny.gguf");
  testing::write_tiny_hf(dir.path(), tiny);
  const Result<ModelFile> gguf = load_model_file((dir.path() / "tiny.gguf").string());
  ASSERT_TRUE(gguf) << gguf.error().line();
  const Result<ModelFile> hf = load_model_file(dir.path().string());
  ASSERT_TRUE(hf) << hf.error().line();

  EXPECT_EQ(gguf->config.tied_embeddings, tiny.tied);
  EXPECT_EQ(hf->config.tied_embeddings, tiny.tied);
  EXPECT_EQ(gguf->parameters, hf->parameters);
  EXPECT_EQ(gguf->config.rope_freq_factors.size(),
            tiny.llama3_rope ? static_cast<std::size_t>(tiny.head_dim / 2) : 0U);
  EXPECT_EQ(hf->config.rope_scaling.factor, tiny.llama3_rope ? 8 : 0);
  ASSERT_EQ(gguf->tensors.size(), hf->tensors.size());
  for (const auto& [name, view] : gguf->tensors) {
    const bool is_permuted = tiny.arch == Arch::llama &&
                             (name.ends_with("attn_q.weight") || name.ends_with("attn_k.weight"));
    EXPECT_EQ(to_floats(view) == to_floats(hf->tensor(name)), !is_permuted) << name;
  }
  // Row 1 of the interleaved order is row d/2 of the other.
  if (tiny.arch == Arch::llama) {
    const auto row = static_cast<std::size_t>(tiny.hidden) * sizeof(float);
    const auto a = gguf->tensor("blk.0.attn_k.weight").bytes.subspan(row, row);
    const auto b = hf->tensor("blk.0.attn_k.weight")
                       .bytes.subspan(static_cast<std::size_t>(tiny.head_dim / 2) * row, row);
    EXPECT_TRUE(std::equal(a.begin(), a.end(), b.begin()));
  }

  ASSERT_TRUE(gguf->tokenizer) << gguf->tokenizer_problem;
  ASSERT_TRUE(hf->tokenizer) << hf->tokenizer_problem;
  EXPECT_EQ(gguf->tokenizer->tokens, hf->tokenizer->tokens);
  EXPECT_EQ(gguf->tokenizer->kinds, hf->tokenizer->kinds);
  EXPECT_EQ(gguf->tokenizer->merges, hf->tokenizer->merges);
  EXPECT_EQ(gguf->tokenizer->pre, hf->tokenizer->pre);
  EXPECT_EQ(gguf->tokenizer->eos, hf->tokenizer->eos);
  EXPECT_THAT(gguf->tokenizer->eos_extra, ElementsAre(262));  // <|endoftext|>
  EXPECT_THAT(hf->tokenizer->eos_extra, ElementsAre(262));
  EXPECT_EQ(gguf->chat_template, hf->chat_template);
}

INSTANTIATE_TEST_SUITE_P(All, TinyModelInBothFormats,
                         ::testing::Values(Variant{Arch::llama, false, false},
                                           Variant{Arch::llama, true, true},
                                           Variant{Arch::qwen2, true, false},
                                           Variant{Arch::qwen3, false, false}));

}  // namespace
}  // namespace assay
