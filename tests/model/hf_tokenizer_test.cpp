// tokenizer.json and tokenizer_config.json: every spelling that is read, every one that is refused.
#include "model/hf/hf_tokenizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "model/hf/hf_pre_tokenizer.h"
#include "model/model_file.h"
#include "tests/model/refusal.h"
#include "tests/support/test_data.h"
#include "tests/support/tiny_model.h"

namespace assay {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

/// The tiny model's tokenizer.json, to change one thing in it.
json tiny_tokenizer() {
  const testing::TempDir dir;
  testing::write_tiny_hf(dir.path(), testing::TinyModel{});
  return json::parse(testing::read_text(dir.path() / "tokenizer.json"));
}

Result<TokenizerResult> read(const json& tokenizer) {
  return hf_tokenizer(tokenizer, testing::tiny_vocab_size(), "tokenizer.json");
}

TokenizerSpec sound(const json& tokenizer) {
  return std::get<TokenizerSpec>(value_or_throw(read(tokenizer)));
}

std::string problem(const json& tokenizer) {
  return std::get<UnknownTokenizer>(value_or_throw(read(tokenizer))).problem;
}

TEST(HfTokenizer, BothSpellingsOfMergesAreTheSame) {
  json tokenizer = tiny_tokenizer();
  const TokenizerSpec expected = sound(tokenizer);
  ASSERT_FALSE(expected.merges.empty());
  for (json& merge : tokenizer["model"]["merges"]) {
    const std::string text = merge.get<std::string>();
    const std::size_t space = text.find(' ');
    merge = json::array({text.substr(0, space), text.substr(space + 1)});
  }
  EXPECT_EQ(sound(tokenizer).merges, expected.merges);
}

TEST(HfTokenizer, AddedTokensAreControlOrUserDefined) {
  const TokenizerSpec spec = sound(tiny_tokenizer());
  EXPECT_EQ(spec.tokens[263], "<|im_start|>");
  EXPECT_EQ(spec.kinds[263], TokenKind::control);
  EXPECT_EQ(spec.tokens[265], "<think>");
  EXPECT_EQ(spec.kinds[265], TokenKind::user_defined);
  EXPECT_EQ(spec.kinds[0], TokenKind::normal);
}

TEST(HfTokenizer, HolesBecomeUnusedTokens) {
  json tokenizer = tiny_tokenizer();
  tokenizer["added_tokens"].push_back({{"id", 280}, {"content", "<far>"}, {"special", true}});
  const TokenizerSpec spec = sound(tokenizer);
  EXPECT_EQ(spec.tokens.size(), 281U);
  EXPECT_EQ(spec.kinds[279], TokenKind::unused);
  EXPECT_EQ(spec.kinds[280], TokenKind::control);
}

TEST(HfTokenizer, NormalizersAreNfcOrRefused) {
  json tokenizer = tiny_tokenizer();
  EXPECT_FALSE(sound(tokenizer).nfc);
  tokenizer["normalizer"] = {{"type", "NFC"}};
  EXPECT_TRUE(sound(tokenizer).nfc);
  tokenizer["normalizer"] = {{"type", "Sequence"}, {"normalizers", {{{"type", "NFC"}}}}};
  EXPECT_TRUE(sound(tokenizer).nfc);
  tokenizer["normalizer"] = {{"type", "Sequence"}, {"normalizers", json::array()}};
  EXPECT_FALSE(sound(tokenizer).nfc);
  tokenizer["normalizer"] = {{"type", "Lowercase"}};
  EXPECT_THAT(problem(tokenizer), HasSubstr("the normalizer 'Lowercase' (known: NFC)"));
}

TEST(HfTokenizer, PostProcessorDecidesAboutTheFirstToken) {
  json tokenizer = tiny_tokenizer();
  EXPECT_FALSE(sound(tokenizer).add_bos);
  const json first = {{"SpecialToken", {{"id", "<|endoftext|>"}, {"type_id", 0}}}};
  const json text = {{"Sequence", {{"id", "A"}, {"type_id", 0}}}};
  const json processor = {{"type", "TemplateProcessing"}, {"single", {first, text}}};
  tokenizer["post_processor"] = processor;
  EXPECT_TRUE(sound(tokenizer).add_bos);
  EXPECT_EQ(sound(tokenizer).bos, 262);
  tokenizer["post_processor"] = {{"type", "Sequence"},
                                 {"processors", {{{"type", "ByteLevel"}}, processor}}};
  EXPECT_TRUE(sound(tokenizer).add_bos);
  tokenizer["post_processor"] = {{"type", "TemplateProcessing"}, {"single", {text, first}}};
  EXPECT_FALSE(sound(tokenizer).add_bos);
}

TEST(HfTokenizer, SoundButUnknownVariantsAreNamed) {
  const std::vector<std::pair<json, std::string>> cases = {
      {R"({"model": {"type": "Unigram"}})"_json, "model type 'Unigram' (known: BPE)"},
      {R"({"model": {"byte_fallback": true}})"_json, "byte fallback"},
      {R"({"model": {"end_of_word_suffix": "</w>"}})"_json, "'end_of_word_suffix'"},
      {R"({"model": {"continuing_subword_prefix": "##"}})"_json, "'continuing_subword_prefix'"},
      {R"({"model": {"dropout": 0.1}})"_json, "dropout"},
      {R"({"pre_tokenizer": null})"_json, "the pre-tokenizer none"},
      {R"({"added_tokens": [{"id": 270, "content": "<m>", "lstrip": true}]})"_json,
       "the added token '<m>' with 'lstrip'"},
  };
  for (const auto& [change, expected] : cases) {
    json tokenizer = tiny_tokenizer();
    tokenizer.merge_patch(change);
    EXPECT_THAT(problem(tokenizer), HasSubstr(expected));
    EXPECT_THAT(problem(tokenizer), HasSubstr("which assay does not compute"));
  }
}

TEST(HfTokenizer, DamageIsRefused) {
  const std::vector<std::pair<json, std::string>> cases = {
      {R"({"model": null})"_json, "'model' is missing"},
      {R"({"model": {"vocab": null}})"_json, "'vocab' is missing or empty"},
      {R"({"model": {"vocab": {"zz": "1"}}})"_json, "token 'zz' has no id"},
      {R"({"model": {"vocab": {"zz": 0}}})"_json, "share the id 0"},
      {R"({"model": {"vocab": {"zz": 288}}})"_json,
       "token 'zz' has the id 288, the embedding has 288 rows"},
      {R"({"model": {"vocab": {"zz": -1}}})"_json, "has the id -1"},
      {R"({"model": {"vocab": {"zz": 18446744073709551615}}})"_json, "token 'zz' has"},
      {R"({"model": {"merges": null}})"_json, "'merges' is missing"},
      {R"({"model": {"merges": ["ab"]}})"_json, "merge 0 is not a pair of tokens"},
      {R"({"model": {"merges": ["a b c"]}})"_json, "merge 0 is not a pair of tokens"},
      {R"({"model": {"merges": [["a"]]}})"_json, "merge 0 is not a pair of tokens"},
      {R"({"model": {"merges": [["a", 1]]}})"_json, "merge 0 is not a pair of tokens"},
      {R"({"added_tokens": [{"content": "x"}]})"_json, "an added token has no 'id'"},
      {R"({"added_tokens": [{"id": 3}]})"_json, "an added token has no 'id' or 'content'"},
      {R"({"added_tokens": [{"id": 3, "content": "other"}]})"_json, "share the id 3"},
      {R"({"added_tokens": [7]})"_json, "an added token has no 'id'"},
      {R"({"added_tokens": {"a": 1}})"_json, "'added_tokens' is object, expected an array"},
  };
  for (const auto& [change, expected] : cases) {
    json tokenizer = tiny_tokenizer();
    tokenizer.merge_patch(change);
    const auto result = read(tokenizer);
    ASSERT_FALSE(result) << expected;
    EXPECT_TRUE(testing::is_clean_refusal(result.error())) << result.error().line();
    EXPECT_THAT(result.error().line(), HasSubstr(expected));
  }
}

TEST(HfPreTokenizer, KnownOnesAreRecognised) {
  const std::string qwen2 = R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N})"
                            R"(| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
  std::string llama3 = qwen2;
  llama3.replace(llama3.find(R"(|\p{N}|)"), 7, R"(|\p{N}{1,3}|)");
  const auto split = [](const std::string& regex) {
    return json{{"type", "Sequence"},
                {"pretokenizers",
                 {{{"type", "Split"},
                   {"pattern", {{"Regex", regex}}},
                   {"behavior", "Isolated"},
                   {"invert", false}},
                  {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"use_regex", false}}}}};
  };
  const json byte_level = {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"use_regex", true}};
  const json smollm = {
      {"type", "Sequence"},
      {"pretokenizers", {{{"type", "Digits"}, {"individual_digits", true}}, byte_level}}};
  EXPECT_EQ(recognise_pre_tokenizer(split(qwen2)), PreTokenizer::qwen2);
  EXPECT_EQ(recognise_pre_tokenizer(split(llama3)), PreTokenizer::llama_bpe);
  EXPECT_EQ(recognise_pre_tokenizer(smollm), PreTokenizer::smollm);
  EXPECT_EQ(recognise_pre_tokenizer(byte_level), PreTokenizer::gpt2);

  json prefixed = byte_level;
  prefixed["add_prefix_space"] = true;
  EXPECT_THAT(recognise_pre_tokenizer(prefixed).error(), HasSubstr("pre-tokenizer ByteLevel"));
  json inverted = split(qwen2);
  inverted["pretokenizers"][0]["invert"] = true;
  EXPECT_THAT(recognise_pre_tokenizer(inverted).error(), HasSubstr("unusual options"));
  EXPECT_THAT(recognise_pre_tokenizer(split("\\w+")).error(),
              HasSubstr("regular expression '\\w+'"));
  EXPECT_THAT(recognise_pre_tokenizer(json(7)).error(), HasSubstr("pre-tokenizer"));
}

TEST(HfTokenizerConfig, SpecialTokensAreStringsOrObjects) {
  TokenizerSpec spec = sound(tiny_tokenizer());
  const json config = {{"bos_token", {{"content", "<|endoftext|>"}}},
                       {"eos_token", "<|im_end|>"},
                       {"pad_token", nullptr},
                       {"add_bos_token", true}};
  ASSERT_TRUE(apply_tokenizer_config(config, "c.json", spec));
  EXPECT_EQ(spec.bos, 262);
  EXPECT_EQ(spec.eos, 264);
  EXPECT_EQ(spec.pad, -1);
  EXPECT_TRUE(spec.add_bos);
  const auto unknown = apply_tokenizer_config({{"eos_token", "<none>"}}, "c.json", spec);
  ASSERT_FALSE(unknown);
  EXPECT_THAT(unknown.error().line(), HasSubstr("'eos_token' is '<none>', which tokenizer.json"));
  EXPECT_FALSE(apply_tokenizer_config({{"eos_token", 7}}, "c.json", spec));
  EXPECT_FALSE(apply_tokenizer_config({{"eos_token", {{"content", 7}}}}, "c.json", spec));
}

TEST(HfChatTemplate, IsAStringOrTheDefaultOfAList) {
  const auto text = [](const json& value) {
    return value_or_throw(hf_chat_template({{"chat_template", value}}, "c.json"));
  };
  EXPECT_EQ(text("a"), "a");
  EXPECT_EQ(text(nullptr), "");
  const json tools = {{"name", "tool_use"}, {"template", "t"}};
  const json plain = {{"name", "default"}, {"template", "d"}};
  EXPECT_EQ(text({tools, plain}), "d");
  EXPECT_EQ(text(json::array({tools})), "t");
  EXPECT_EQ(text({tools, tools}), "");
  EXPECT_FALSE(hf_chat_template({{"chat_template", 7}}, "c.json"));
  EXPECT_FALSE(hf_chat_template({{"chat_template", {{{"name", 7}}}}}, "c.json"));
}

TEST(HfChatTemplate, TheFileBesideWins) {
  const testing::TempDir dir;
  testing::write_tiny_hf(dir.path(), testing::TinyModel{});
  EXPECT_EQ(load_model_file(dir.path().string())->chat_template, testing::tiny_chat_template());
  testing::write_text(dir.path() / "chat_template.jinja", "beside");
  EXPECT_EQ(load_model_file(dir.path().string())->chat_template, "beside");
  testing::write_text(dir.path() / "chat_template.jinja", "\xFF");
  EXPECT_THAT(load_model_file(dir.path().string()).error().line(), HasSubstr("not valid UTF-8"));
}

}  // namespace
}  // namespace assay
