// Ids of the outside test data, one by one: what the models' own tokenizers gave.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "model/model_file.h"
#include "model/tokenizer.h"
#include "tests/support/test_data.h"

namespace assay {
namespace {

namespace fs = std::filesystem;

TokenizerSpec load_spec(const fs::path& gz) {
  const testing::TempDir dir;
  const fs::path file = dir.path() / gz.stem();
  testing::write_text(file, testing::read_gzip(gz));
  const ModelFile model = value_or_throw(load_model_file(file.string()));
  return model.tokenizer.value();
}

struct Sample {
  std::string text;
  std::vector<TokenId> ids;
};

std::vector<Sample> read_r1_samples(const fs::path& gz) {
  std::vector<Sample> out;
  std::istringstream lines(testing::read_gzip(gz));
  for (std::string line; std::getline(lines, line);) {
    const auto json = nlohmann::json::parse(line);
    out.push_back({json.at("text"), json.at("ids")});
  }
  return out;
}

std::string streamed(const Tokenizer& tokenizer, const std::vector<TokenId>& ids) {
  StreamDecoder decoder(tokenizer);
  std::string out;
  for (const TokenId id : ids) out += decoder.push(id);
  return out + decoder.finish();
}

TEST(TokenizerGolden, DeepSeekR1DistillQwen) {
  ASSAY_REQUIRE_TEST_DATA(
      gz, "data/tokenizer/r1_distill/deepseek-r1-distill-qwen-7b.vocab-only.gguf.gz");
  ASSAY_REQUIRE_TEST_DATA(golden, "data/tokenizer/r1_distill/encode_golden.jsonl.gz");
  const Tokenizer tokenizer = value_or_throw(Tokenizer::create(load_spec(gz)));
  const std::vector<Sample> samples = read_r1_samples(golden);
  ASSERT_EQ(samples.size(), 269U);
  for (const Sample& sample : samples) {
    const auto ids = tokenizer.encode(sample.text, true);
    EXPECT_EQ(ids, sample.ids) << sample.text;
    EXPECT_EQ(tokenizer.decode(ids, true), sample.text);
    const auto plain = tokenizer.encode(sample.text, false);
    EXPECT_EQ(tokenizer.decode(plain), sample.text);
    EXPECT_EQ(streamed(tokenizer, plain), sample.text);
  }
}

TEST(TokenizerGolden, DeepSeekR1DistillQwenDoesNotNormalise) {
  ASSAY_REQUIRE_TEST_DATA(
      gz, "data/tokenizer/r1_distill/deepseek-r1-distill-qwen-7b.vocab-only.gguf.gz");
  ASSAY_REQUIRE_TEST_DATA(golden, "data/tokenizer/r1_distill/encode_golden.jsonl.gz");
  TokenizerSpec spec = load_spec(gz);
  ASSERT_FALSE(spec.nfc);
  spec.nfc = true;
  const Tokenizer tokenizer = value_or_throw(Tokenizer::create(std::move(spec)));
  int different = 0;
  for (const Sample& sample : read_r1_samples(golden)) {
    different += tokenizer.encode(sample.text, true) != sample.ids ? 1 : 0;
  }
  EXPECT_EQ(different, 1);  // the one text that is not in NFC
}

struct LlamaCppCase {
  const char* name;
  PreTokenizer pre;
};

class LlamaCppVectors : public ::testing::TestWithParam<LlamaCppCase> {};

/// A marker on a line of its own follows every text; the ids are a line each.
std::vector<Sample> read_llamacpp_samples(const std::string& texts, const std::string& ids) {
  constexpr std::string_view kMarker = "\n__ggml_vocab_test__\n";
  std::vector<Sample> out;
  std::istringstream lines(ids);
  std::size_t begin = 0;
  for (std::string line; std::getline(lines, line);) {
    const std::size_t end = texts.find(kMarker, begin);
    if (end == std::string::npos) break;
    out.push_back({texts.substr(begin, end - begin), {}});
    std::istringstream numbers(line);
    for (TokenId id = 0; numbers >> id;) out.back().ids.push_back(id);
    begin = end + kMarker.size();
  }
  EXPECT_EQ(begin, texts.size()) << "texts and lines of ids differ in number";
  EXPECT_TRUE(lines.peek() == std::istringstream::traits_type::eof());
  return out;
}

TEST_P(LlamaCppVectors, EveryLineIsExact) {
  const std::string stem = std::string("data/tokenizer/llamacpp/ggml-vocab-") + GetParam().name;
  ASSAY_REQUIRE_TEST_DATA(gz, stem + ".gguf.gz");
  ASSAY_REQUIRE_TEST_DATA(inp, stem + ".gguf.inp");
  ASSAY_REQUIRE_TEST_DATA(out, stem + ".gguf.out");
  const std::vector<Sample> samples =
      read_llamacpp_samples(testing::read_text(inp), testing::read_text(out));
  ASSERT_EQ(samples.size(), 46U);
  TokenizerSpec spec = load_spec(gz);
  EXPECT_EQ(spec.pre, GetParam().pre);
  for (const bool nfc : {false, true}) {  // all these texts are in NFC
    spec.nfc = nfc;
    const Tokenizer tokenizer = value_or_throw(Tokenizer::create(spec));
    for (const Sample& sample : samples) {
      EXPECT_EQ(tokenizer.encode(sample.text, false), sample.ids) << sample.text;
      EXPECT_EQ(tokenizer.decode(sample.ids), sample.text);
      EXPECT_EQ(streamed(tokenizer, sample.ids), sample.text);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, LlamaCppVectors,
                         ::testing::Values(LlamaCppCase{"gpt-2", PreTokenizer::gpt2},
                                           LlamaCppCase{"llama-bpe", PreTokenizer::llama_bpe},
                                           LlamaCppCase{"qwen2", PreTokenizer::qwen2}),
                         [](const auto& info) {
                           std::string name = info.param.name;
                           for (char& c : name) c = c == '-' ? '_' : c;
                           return name;
                         });

}  // namespace
}  // namespace assay
