// The outside test data: real vocabularies, and the golden Hugging Face directories.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/sha256.h"
#include "model/hf/hf_config.h"
#include "model/hf/json_file.h"
#include "model/model_file.h"
#include "tests/support/test_data.h"

namespace assay {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// Loads a gzipped GGUF of the outside data from a temporary folder.
Result<ModelFile> load_gzipped(const std::filesystem::path& gz) {
  const testing::TempDir dir;
  const std::filesystem::path file = dir.path() / gz.stem();
  testing::write_text(file, testing::read_gzip(gz));
  return load_model_file(file.string());
}

TEST(RealVocabulary, DeepSeekR1DistillQwen) {
  ASSAY_REQUIRE_TEST_DATA(
      gz, "data/tokenizer/r1_distill/deepseek-r1-distill-qwen-7b.vocab-only.gguf.gz");
  const Result<ModelFile> model = load_gzipped(gz);
  ASSERT_TRUE(model) << model.error().line();
  EXPECT_TRUE(model->vocabulary_only);
  EXPECT_EQ(model->name, "DeepSeek R1 Distill Qwen 7B");
  EXPECT_EQ(model->format, "gguf v3");
  EXPECT_EQ(model->config.arch, Arch::qwen2);
  EXPECT_EQ(model->config.n_layers, 28);
  EXPECT_EQ(model->config.hidden, 3584);
  EXPECT_EQ(model->config.head_dim, 128);
  EXPECT_EQ(model->config.max_context, 131072);
  ASSERT_TRUE(model->tokenizer) << model->tokenizer_problem;
  const TokenizerSpec& spec = *model->tokenizer;
  EXPECT_EQ(spec.pre, PreTokenizer::deepseek_r1_qwen);
  EXPECT_EQ(spec.tokens.size(), 152064U);
  EXPECT_EQ(spec.merges.size(), 151387U);
  EXPECT_EQ(spec.bos, 151646);
  EXPECT_EQ(spec.eos, 151643);
  EXPECT_EQ(spec.pad, 151654);
  EXPECT_TRUE(spec.add_bos);
  EXPECT_FALSE(spec.nfc);
  EXPECT_EQ(spec.tokens[151648], "<think>");
  EXPECT_EQ(spec.kinds[151648], TokenKind::user_defined);
  EXPECT_EQ(spec.kinds[151646], TokenKind::control);
  EXPECT_EQ(spec.kinds[152063], TokenKind::unused);
  ASSAY_REQUIRE_TEST_DATA(jinja, "data/tokenizer/r1_distill/chat_template.from_gguf.jinja");
  EXPECT_EQ(model->chat_template, testing::read_text(jinja));
}

TEST(RealVocabulary, Qwen2) {
  ASSAY_REQUIRE_TEST_DATA(gz, "data/tokenizer/llamacpp/ggml-vocab-qwen2.gguf.gz");
  const Result<ModelFile> model = load_gzipped(gz);
  ASSERT_TRUE(model) << model.error().line();
  ASSERT_TRUE(model->tokenizer) << model->tokenizer_problem;
  EXPECT_EQ(model->tokenizer->pre, PreTokenizer::qwen2);
  EXPECT_FALSE(model->tokenizer->add_bos);
  EXPECT_FALSE(model->tokenizer->ignore_merges);
  EXPECT_EQ(model->tokenizer->eos, 151643);
  EXPECT_THAT(model->tokenizer->eos_extra, ElementsAre(151645));  // <|im_end|>
  EXPECT_THAT(model->chat_template, HasSubstr("<|im_start|>"));
}

TEST(RealVocabulary, Llama3) {
  ASSAY_REQUIRE_TEST_DATA(gz, "data/tokenizer/llamacpp/ggml-vocab-llama-bpe.gguf.gz");
  const Result<ModelFile> model = load_gzipped(gz);
  ASSERT_TRUE(model) << model.error().line();
  ASSERT_TRUE(model->tokenizer) << model->tokenizer_problem;
  EXPECT_EQ(model->tokenizer->pre, PreTokenizer::llama_bpe);
  EXPECT_TRUE(model->tokenizer->add_bos);
  EXPECT_TRUE(model->tokenizer->ignore_merges);
  EXPECT_THAT(model->tokenizer->eos_extra, ElementsAre(128009));  // <|eot_id|>
  EXPECT_EQ(model->config.rope_style, RopeStyle::interleaved);
  EXPECT_EQ(model->config.rope_theta, 500000);
}

TEST(RealVocabulary, Gpt2IsUsableAlthoughItsArchitectureIsNot) {
  ASSAY_REQUIRE_TEST_DATA(gz, "data/tokenizer/llamacpp/ggml-vocab-gpt-2.gguf.gz");
  const Result<ModelFile> model = load_gzipped(gz);
  ASSERT_TRUE(model) << model.error().line();
  EXPECT_TRUE(model->vocabulary_only);
  EXPECT_EQ(model->config.arch_name, "gpt2");
  EXPECT_EQ(model->config.vocab, 50257);
  ASSERT_TRUE(model->tokenizer) << model->tokenizer_problem;
  EXPECT_EQ(model->tokenizer->pre, PreTokenizer::gpt2);
}

struct Golden {
  std::string folder;
  Arch arch;
  std::string weight_type;
  bool tied;
  std::size_t n_tensors;
  std::size_t n_files;
};

class GoldenDirectory : public ::testing::TestWithParam<Golden> {};

TEST_P(GoldenDirectory, LoadsWithEveryTensor) {
  const Golden& golden = GetParam();
  ASSAY_REQUIRE_TEST_DATA(path, "golden/" + golden.folder);
  const Result<ModelFile> model = load_model_file(path.string());
  ASSERT_TRUE(model) << model.error().line();
  EXPECT_EQ(model->name, golden.folder);
  EXPECT_EQ(model->format, "safetensors");
  EXPECT_EQ(model->config.arch, golden.arch);
  EXPECT_EQ(model->config.vocab, 512);
  EXPECT_EQ(model->config.rope_style, RopeStyle::half);
  EXPECT_EQ(model->config.tied_embeddings, golden.tied);
  EXPECT_EQ(model->weight_type, golden.weight_type);
  EXPECT_EQ(model->tensors.size(), golden.n_tensors);
  EXPECT_EQ(model->mappings.size(), golden.n_files);
  EXPECT_EQ(model->tensor("token_embd.weight").rows, 512);
  EXPECT_EQ(model->tensor("token_embd.weight").cols, model->config.hidden);
  EXPECT_EQ(model->tensor("blk.0.attn_q.weight").rows,
            model->config.n_heads * model->config.head_dim);
  EXPECT_FALSE(model->tokenizer);
  EXPECT_THAT(model->tokenizer_problem, HasSubstr("has no tokenizer.json"));
  ASSERT_TRUE(model->generation);
  EXPECT_EQ(model->generation->temperature, 0.6);
  EXPECT_EQ(model->generation->top_p, 0.95);
  std::size_t bytes = 0;
  for (const auto& [name, view] : model->tensors) {
    EXPECT_EQ(view.name, name);
    bytes += view.bytes.size();
  }
  EXPECT_EQ(static_cast<std::int64_t>(bytes),
            model->parameters * block_layout(model->tensor("output_norm.weight").type).bytes);
}

TEST_P(GoldenDirectory, BothStylesOfConfigAgree) {
  ASSAY_REQUIRE_TEST_DATA(path, "golden/" + GetParam().folder);
  const auto read = [&path](const char* name) {
    const std::string file = (path / name).string();
    return value_or_throw(hf_config(value_or_throw(read_json_object(file)), file));
  };
  const ModelConfig a = read("config.json").model;
  const ModelConfig b = read("config.transformers5.json").model;
  EXPECT_EQ(a.rope_theta, b.rope_theta);
  EXPECT_EQ(a.rope_scaling.factor, b.rope_scaling.factor);
  EXPECT_EQ(a.rope_scaling.low_freq_factor, b.rope_scaling.low_freq_factor);
  EXPECT_EQ(a.rope_scaling.high_freq_factor, b.rope_scaling.high_freq_factor);
  EXPECT_EQ(a.rope_scaling.original_context, b.rope_scaling.original_context);
  EXPECT_EQ(a.head_dim, b.head_dim);
  EXPECT_EQ(a.rms_eps, b.rms_eps);
  EXPECT_EQ(a.ffn, b.ffn);
  EXPECT_EQ(read("config.json").eos, read("config.transformers5.json").eos);
}

TEST_P(GoldenDirectory, HashIsThatOfSha256sumLines) {
  const Golden& golden = GetParam();
  ASSAY_REQUIRE_TEST_DATA(path, "golden/" + golden.folder);
  const ModelFile model = value_or_throw(load_model_file(path.string()));
  std::vector<std::string> names = {"config.json", "generation_config.json"};
  if (golden.n_files > 1) names.emplace_back("model.safetensors.index.json");
  for (const auto& mapping : model.mappings) {
    names.push_back(std::filesystem::path(mapping->path()).filename().string());
  }
  std::sort(names.begin(), names.end());
  std::string lines;
  std::int64_t bytes = 0;
  for (const std::string& name : names) {
    const std::string text = testing::read_text(path / name);
    bytes += static_cast<std::int64_t>(text.size());
    lines += name + "  " + sha256_hex(text) + "\n";
  }
  std::int64_t last = 0;
  const auto hash = model_sha256(model, [&last](std::int64_t done) { last = done; });
  ASSERT_TRUE(hash) << hash.error().line();
  EXPECT_EQ(*hash, sha256_hex(lines));
  EXPECT_EQ(last, bytes);
}

INSTANTIATE_TEST_SUITE_P(
    All, GoldenDirectory,
    ::testing::Values(Golden{"qwen2_tied_f32", Arch::qwen2, "F32", true, 2 + 4 * 12, 1},
                      Golden{"qwen2_untied_bf16", Arch::qwen2, "BF16", false, 3 + 4 * 12, 1},
                      Golden{"llama_llama3rope_f32", Arch::llama, "F32", false, 3 + 4 * 9, 1},
                      Golden{"llama_tied_f32", Arch::llama, "F32", true, 2 + 3 * 9, 1},
                      Golden{"qwen3_tied_f32_sharded", Arch::qwen3, "F32", true, 2 + 4 * 11, 3}),
    [](const auto& info) { return info.param.folder; });

}  // namespace
}  // namespace assay
