// Real files: the vocabularies of the outside test data.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

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

}  // namespace
}  // namespace assay
