// GGUF files that lie: each is refused with one line that says what and where.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "model/gguf/gguf_model.h"
#include "tests/model/refusal.h"
#include "tests/support/tiny_model.h"

namespace assay {
namespace {

using testing::append_number;
using testing::GgufWriter;
using ::testing::HasSubstr;

/// Loads from a buffer of exactly this size, so that AddressSanitizer sees any byte read past it.
Result<ModelFile> load(const std::string& bytes) {
  const std::vector<char> exact(bytes.begin(), bytes.end());
  return gguf_model(std::as_bytes(std::span(exact)), "bad.gguf");
}

GgufWriter tiny() {
  return testing::tiny_gguf(testing::TinyModel{});
}

std::string number(std::uint64_t value) {
  std::string out;
  append_number(out, value);
  return out;
}

TEST(HostileGguf, TruncationAtEveryByteOfTheTableIsRefused) {
  const std::string table = tiny().table();
  for (std::size_t size = 0; size < table.size(); ++size) {
    const auto model = load(table.substr(0, size));
    ASSERT_FALSE(model) << "cut at byte " << size;
    ASSERT_TRUE(testing::is_clean_refusal(model.error())) << model.error().line();
  }
  const std::string vocabulary = testing::tiny_vocabulary_gguf().table();
  ASSERT_TRUE(load(vocabulary));
  for (std::size_t size = 0; size < vocabulary.size(); ++size) {
    ASSERT_FALSE(load(vocabulary.substr(0, size))) << "cut at byte " << size;
  }
}

TEST(HostileGguf, TruncationWithinTheDataIsRefused) {
  const GgufWriter writer = tiny();
  const std::string file = writer.bytes();
  ASSERT_TRUE(load(file));
  for (std::size_t size = writer.table().size(); size < file.size(); size += 997) {
    const auto model = load(file.substr(0, size));
    ASSERT_FALSE(model) << "cut at byte " << size;
    ASSERT_THAT(model.error().line(), HasSubstr("reaches past the end of the file"));
  }
}

TEST(HostileGguf, NoByteOfTheTableCrashesWhenItIsChanged) {
  const GgufWriter writer = tiny();
  const std::string file = writer.bytes();
  for (std::size_t at = 0; at < writer.table().size(); ++at) {
    for (const unsigned mask : {0x01U, 0x80U, 0xFFU}) {
      std::string changed = file;
      changed[at] = static_cast<char>(static_cast<unsigned char>(changed[at]) ^ mask);
      const auto model = gguf_model(std::as_bytes(std::span(changed)), "bad.gguf");
      ASSERT_TRUE(model || testing::is_clean_refusal(model.error())) << model.error().line();
    }
  }
}

struct Lie {
  const char* name;
  std::function<void(GgufWriter&)> tell;
  const char* expected;
};

class GgufLie : public ::testing::TestWithParam<Lie> {};

TEST_P(GgufLie, IsRefused) {
  GgufWriter writer = tiny();
  GetParam().tell(writer);
  const auto model = load(writer.bytes());
  ASSERT_FALSE(model);
  EXPECT_TRUE(testing::is_clean_refusal(model.error())) << model.error().line();
  EXPECT_THAT(model.error().line(), HasSubstr(GetParam().expected));
}

std::string lie_name(const ::testing::TestParamInfo<Lie>& info) {
  return info.param.name;
}

std::string raw_array(std::uint32_t element_type, std::uint64_t count, std::string_view payload) {
  std::string out;
  append_number(out, element_type);
  append_number(out, count);
  return out.append(payload);
}

constexpr std::uint64_t kHuge = std::numeric_limits<std::uint64_t>::max();

INSTANTIATE_TEST_SUITE_P(
    Header, GgufLie,
    ::testing::Values(
        Lie{"Magic", [](GgufWriter& w) { w.magic = "GGML"; }, "starts with 'GGML'"},
        Lie{"Version1", [](GgufWriter& w) { w.version = 1; }, "GGUF version 1; known: 2, 3"},
        Lie{"Version4", [](GgufWriter& w) { w.version = 4; }, "GGUF version 4; known: 2, 3"},
        Lie{"BigEndian", [](GgufWriter& w) { w.version = 0x03000000; }, "big-endian"},
        Lie{"KeyCount", [](GgufWriter& w) { w.n_keys = kHuge; }, "at byte"},
        Lie{"TensorCount", [](GgufWriter& w) { w.n_tensors = kHuge; }, "at byte"},
        Lie{"FewerTensors", [](GgufWriter& w) { w.n_tensors = 3; },
            "tensor blk.0.attn_k.weight is missing"},
        Lie{"KeyTwice",
            [](GgufWriter& w) {
              w.set_raw("general.name", GgufWriter::kString, testing::gguf_string("b"), true);
            },
            "metadata key general.name occurs twice"},
        Lie{"KeyLength", [](GgufWriter& w) { w.set_u32(std::string(70000, 'k'), 1); },
            "70000 bytes long, more than the allowed 65535"},
        Lie{"ValueType", [](GgufWriter& w) { w.set_raw("x", 13, {}); }, "unknown value type 13"},
        Lie{"StringLength",
            [](GgufWriter& w) { w.set_raw("x", GgufWriter::kString, number(kHuge)); },
            "needs 18446744073709551615 bytes"},
        Lie{"NestedArray",
            [](GgufWriter& w) {
              w.set_raw("x", GgufWriter::kArray, raw_array(GgufWriter::kArray, 1, number(0)));
            },
            "nested array"},
        Lie{"ArrayLength",
            [](GgufWriter& w) {
              w.set_raw("x", GgufWriter::kArray, raw_array(GgufWriter::kU64, kHuge / 8 + 1, {}));
            },
            "more than the file can hold"},
        Lie{"ArrayOfStrings",
            [](GgufWriter& w) {
              w.set_raw("x", GgufWriter::kArray,
                        raw_array(GgufWriter::kString, 2, number(1) + "a" + number(kHuge)));
            },
            "a string of an array needs"},
        Lie{"AlignmentZero", [](GgufWriter& w) { w.set_u32("general.alignment", 0); },
            "general.alignment is 0"},
        Lie{"AlignmentOdd", [](GgufWriter& w) { w.set_u32("general.alignment", 48); },
            "general.alignment is 48"},
        Lie{"AlignmentSmall", [](GgufWriter& w) { w.set_u32("general.alignment", 4); },
            "general.alignment is 4"},
        Lie{"AlignmentHuge", [](GgufWriter& w) { w.set_u32("general.alignment", 1U << 31U); },
            "general.alignment is 2147483648"},
        Lie{"AlignmentText", [](GgufWriter& w) { w.set_string("general.alignment", "32"); },
            "general.alignment is not a u32"}),
    lie_name);

constexpr const char* kQ = "blk.0.attn_q.weight";

INSTANTIATE_TEST_SUITE_P(
    Tensors, GgufLie,
    ::testing::Values(
        Lie{"NameTwice", [](GgufWriter& w) { w.add_tensor(w.tensor(kQ)); },
            "tensor blk.0.attn_q.weight occurs twice"},
        Lie{"UnknownType", [](GgufWriter& w) { w.tensor(kQ).type = 16; },
            "tensor blk.0.attn_q.weight has type IQ2_XXS, which assay does not compute; known: "
            "F32"},
        Lie{"NonsenseType", [](GgufWriter& w) { w.tensor(kQ).type = 4000000000U; },
            "has type 4000000000, which"},
        Lie{"NoDimensions", [](GgufWriter& w) { w.tensor(kQ).dims.clear(); }, "has 0 dimensions"},
        Lie{"FiveDimensions",
            [](GgufWriter& w) {
              w.tensor(kQ).dims = {64, 64, 1, 1, 1};
            },
            "has 5 dimensions"},
        Lie{"ThreeDimensions",
            [](GgufWriter& w) {
              w.tensor(kQ).dims = {64, 32, 2};
            },
            "has 3 dimensions"},
        Lie{"ZeroDimension",
            [](GgufWriter& w) {
              w.tensor(kQ).dims = {64, 0};
            },
            "impossible dimension 0"},
        Lie{"Overflow",
            [](GgufWriter& w) {
              w.tensor(kQ).dims = {1ULL << 32U, 1ULL << 32U};
            },
            "impossible dimension 4294967296"},
        Lie{"NearOverflow",
            [](GgufWriter& w) {
              w.tensor(kQ).dims = {1ULL << 31U, 1ULL << 31U};
            },
            "reaches past the end"},
        Lie{"OffsetPastTheEnd", [](GgufWriter& w) { w.tensor(kQ).offset = 1ULL << 40U; },
            "reaches past the end of the file"},
        Lie{"OffsetOverflow", [](GgufWriter& w) { w.tensor(kQ).offset = kHuge - 31; },
            "reaches past the end of the file"},
        Lie{"OffsetUnaligned", [](GgufWriter& w) { w.tensor(kQ).offset = 8; },
            "not a multiple of the alignment 32"},
        Lie{"Overlap", [](GgufWriter& w) { w.tensor(kQ).offset = 32; }, "overlap"},
        Lie{"PartialBlock",
            [](GgufWriter& w) {
              w.tensor(kQ).type = 2;
              w.tensor(kQ).dims = {48, 64};
            },
            "not a whole number of Q4_0 blocks of 32"},
        Lie{"Shape",
            [](GgufWriter& w) {
              w.tensor(kQ).dims = {32, 128};
            },
            "tensor blk.0.attn_q.weight is 128 x 32, the configuration needs 64 x 64"},
        Lie{"Missing", [](GgufWriter& w) { w.erase_tensor(kQ); },
            "tensor blk.0.attn_q.weight is missing"},
        Lie{"NoEmbedding", [](GgufWriter& w) { w.erase_tensor("token_embd.weight"); },
            "tensor token_embd.weight is missing"},
        Lie{"Unexpected",
            [](GgufWriter& w) {
              w.add_tensor({"blk.0.attn_q.bias", 0, {64}, std::string(256, '\0'), {}});
            },
            "tensor blk.0.attn_q.bias is not part of a llama model"},
        Lie{"QuantisedVector",
            [](GgufWriter& w) {
              auto& norm = w.tensor("output_norm.weight");
              norm.type = 8;
              norm.bytes.resize(68);
            },
            "tensor output_norm.weight (a vector) has type Q8_0"},
        Lie{"EscapesInTheName",
            [](GgufWriter& w) {
              w.add_tensor({"\x1b[31mred\nline two", 0, {8}, std::string(32, '\0'), {}});
            },
            "red line two is not part of a llama model"},
        Lie{"RopeFactors",
            [](GgufWriter& w) {
              w.add_tensor({"rope_freqs.weight", 0, {8}, std::string(32, '\0'), {}});
            },
            "rope_freqs.weight holds the factor 0 at 0"},
        Lie{"RopeFactorCount",
            [](GgufWriter& w) {
              w.add_tensor({"rope_freqs.weight", 0, {4}, std::string(16, '\0'), {}});
            },
            "expected 1 x 8 of F32"}),
    lie_name);

INSTANTIATE_TEST_SUITE_P(
    Configuration, GgufLie,
    ::testing::Values(
        Lie{"Architecture", [](GgufWriter& w) { w.set_string("general.architecture", "mamba"); },
            "unknown architecture 'mamba'; known: llama, qwen2, qwen3"},
        Lie{"NoArchitecture", [](GgufWriter& w) { w.erase("general.architecture"); },
            "general.architecture is missing"},
        Lie{"MissingKey", [](GgufWriter& w) { w.erase("llama.embedding_length"); },
            "metadata key llama.embedding_length is missing"},
        Lie{"WrongType", [](GgufWriter& w) { w.set_string("llama.block_count", "2"); },
            "metadata key llama.block_count is string, expected an integer"},
        Lie{"ZeroLayers", [](GgufWriter& w) { w.set_u32("llama.block_count", 0); },
            "llama.block_count is 0, expected 1 to 4096"},
        Lie{"HugeLayers", [](GgufWriter& w) { w.set_u32("llama.block_count", 0xFFFFFFFF); },
            "llama.block_count is 4294967295"},
        Lie{"HugeU64",
            [](GgufWriter& w) { w.set_raw("llama.block_count", GgufWriter::kU64, number(kHuge)); },
            "expected 1 to 4096"},
        Lie{"ZeroHeads", [](GgufWriter& w) { w.set_u32("llama.attention.head_count", 0); },
            "llama.attention.head_count is 0"},
        Lie{"HeadsDoNotDivide",
            [](GgufWriter& w) { w.set_u32("llama.attention.head_count_kv", 3); },
            "3 key-value heads do not divide 4 heads"},
        Lie{"OddHead",
            [](GgufWriter& w) {
              for (const char* key : {"llama.attention.key_length", "llama.attention.value_length",
                                      "llama.rope.dimension_count"}) {
                w.set_u32(key, 15);
              }
            },
            "head dimension 15 is odd"},
        Lie{"PartialRope", [](GgufWriter& w) { w.set_u32("llama.rope.dimension_count", 8); },
            "partial RoPE"},
        Lie{"ValueLength", [](GgufWriter& w) { w.set_u32("llama.attention.value_length", 8); },
            "heads of values have 8 elements, of keys 16"},
        Lie{"Yarn", [](GgufWriter& w) { w.set_string("llama.rope.scaling.type", "yarn"); },
            "RoPE scaling 'yarn'"},
        Lie{"Linear",
            [](GgufWriter& w) {
              w.set_string("llama.rope.scaling.type", "linear");
              w.set_f32("llama.rope.scaling.factor", 4);
            },
            "RoPE scaling 'linear' with factor 4"},
        Lie{"Epsilon",
            [](GgufWriter& w) {
              w.set_f32("llama.attention.layer_norm_rms_epsilon",
                        std::numeric_limits<float>::quiet_NaN());
            },
            "is not a finite number"},
        Lie{"NegativeEpsilon",
            [](GgufWriter& w) { w.set_f32("llama.attention.layer_norm_rms_epsilon", -1); },
            "RMSNorm epsilon is -1"},
        Lie{"RopeBase", [](GgufWriter& w) { w.set_f32("llama.rope.freq_base", 0); },
            "RoPE base is 0"},
        Lie{"HeadsByLayer",
            [](GgufWriter& w) {
              w.set_u32s("llama.attention.head_count_kv", std::vector<std::uint32_t>{2, 4});
            },
            "differs between layers (2 and 4)"},
        Lie{"Experts", [](GgufWriter& w) { w.set_u32("llama.expert_count", 8); },
            "mixture of 8 experts"},
        Lie{"Window", [](GgufWriter& w) { w.set_u32("llama.attention.sliding_window", 128); },
            "sliding attention window of 128"},
        Lie{"LogitScale", [](GgufWriter& w) { w.set_f32("llama.logit_scale", 2); },
            "sets llama.logit_scale"},
        Lie{"Split",
            [](GgufWriter& w) {
              std::string three;
              append_number<std::uint16_t>(three, 3);
              w.set_raw("split.count", 2, three);
            },
            "one of 3 parts"}),
    lie_name);

INSTANTIATE_TEST_SUITE_P(
    Vocabulary, GgufLie,
    ::testing::Values(
        Lie{"NoTokens", [](GgufWriter& w) { w.erase("tokenizer.ggml.tokens"); },
            "tokenizer.ggml.tokens or tokenizer.ggml.merges is missing"},
        Lie{"TokensAreNumbers",
            [](GgufWriter& w) {
              w.set_u32s("tokenizer.ggml.tokens", std::vector<std::uint32_t>{1, 2});
            },
            "is an array of u32, expected an array of strings"},
        Lie{"Utf8",
            [](GgufWriter& w) {
              w.set_strings("tokenizer.ggml.tokens", std::vector<std::string>{"a", "\xC3"});
            },
            "element 1 of metadata key tokenizer.ggml.tokens is not valid UTF-8"},
        Lie{"TooManyTokens",
            [](GgufWriter& w) {
              w.set_strings("tokenizer.ggml.tokens", std::vector<std::string>(289, "a"));
              w.erase("tokenizer.ggml.token_type");
            },
            "the tokenizer has 289 tokens, the embedding only 288 rows"},
        Lie{"KindCount",
            [](GgufWriter& w) {
              w.set_u32s("tokenizer.ggml.token_type", std::vector<std::uint32_t>{1, 1});
            },
            "token_type has 2 elements for 288 tokens"},
        Lie{"Kind",
            [](GgufWriter& w) {
              w.set_u32s("tokenizer.ggml.token_type", std::vector<std::uint32_t>(288, 9));
            },
            "token 0 has the unknown type 9"},
        Lie{"Eos", [](GgufWriter& w) { w.set_u32("tokenizer.ggml.eos_token_id", 288); },
            "tokenizer.ggml.eos_token_id is 288, expected 0 to 287"},
        Lie{"Template", [](GgufWriter& w) { w.set_string("tokenizer.chat_template", "\xFF\xFE"); },
            "tokenizer.chat_template is not valid UTF-8"}),
    lie_name);

TEST(GgufModel, VersionTwoLoads) {
  GgufWriter writer = tiny();
  writer.version = 2;
  const auto model = load(writer.bytes());
  ASSERT_TRUE(model) << model.error().line();
  EXPECT_EQ(model->format, "gguf v2");
}

TEST(GgufModel, OtherAlignmentsLoad) {
  GgufWriter writer = tiny();
  writer.alignment = 256;
  writer.set_u32("general.alignment", 256);
  const auto model = load(writer.bytes());
  EXPECT_TRUE(model) << model.error().line();
}

TEST(GgufModel, EqualHeadsOfAllLayersLoad) {
  GgufWriter writer = tiny();
  writer.set_u32s("llama.attention.head_count_kv", std::vector<std::uint32_t>{2, 2});
  const auto model = load(writer.bytes());
  ASSERT_TRUE(model) << model.error().line();
  EXPECT_EQ(model->config.n_kv_heads, 2);
}

TEST(GgufModel, UnknownTokenizersLeaveTheWeightsUsable) {
  struct Case {
    const char* key;
    const char* value;
    const char* expected;
  };
  for (const Case& c : {Case{"tokenizer.ggml.model", "llama", "of type 'llama'"},
                        Case{"tokenizer.ggml.pre", "tekken", "'tekken'"},
                        Case{"tokenizer.ggml.pre", "default", "does not say how to cut text"}}) {
    GgufWriter writer = tiny();
    writer.set_string(c.key, c.value);
    const auto model = load(writer.bytes());
    ASSERT_TRUE(model) << model.error().line();
    EXPECT_FALSE(model->tokenizer);
    EXPECT_THAT(model->tokenizer_problem, HasSubstr(c.expected));
    EXPECT_THAT(model->tokenizer_problem, HasSubstr("known: gpt"));
  }
}

TEST(GgufModel, WithoutWeightsOrTokenizerIsRefused) {
  GgufWriter writer = testing::tiny_vocabulary_gguf();
  writer.set_string("tokenizer.ggml.model", "bert");
  const auto model = load(writer.bytes());
  ASSERT_FALSE(model);
  EXPECT_THAT(model.error().line(), HasSubstr("has no tensors"));
  EXPECT_THAT(model.error().line(), HasSubstr("of type 'bert'"));
}

TEST(GgufModel, NameIsNeverAPath) {
  for (const char* stated : {"/home/someone/models/tiny", "C:\\models\\tiny", "org/tiny/"}) {
    GgufWriter writer = tiny();
    writer.set_string("general.name", stated);
    EXPECT_EQ(load(writer.bytes())->name, "tiny") << stated;
  }
  GgufWriter writer = tiny();
  writer.erase("general.name");
  EXPECT_EQ(load(writer.bytes())->name, "bad");
}

TEST(GgufModel, WeightTypeIsTheStatedOneOrTheOneOfMostBytes) {
  GgufWriter writer = tiny();
  EXPECT_EQ(load(writer.bytes())->weight_type, "F32");
  writer.set_u32("general.file_type", 15);
  EXPECT_EQ(load(writer.bytes())->weight_type, "Q4_K_M");
  writer.set_u32("general.file_type", 999);
  EXPECT_EQ(load(writer.bytes())->weight_type, "F32");
}

TEST(GgufModel, ReadsTheRecommendedSampling) {
  GgufWriter writer = tiny();
  EXPECT_FALSE(load(writer.bytes())->generation);
  writer.set_f32("general.sampling.temp", 0.5F);
  const auto model = load(writer.bytes());
  ASSERT_TRUE(model && model->generation);
  EXPECT_EQ(model->generation->temperature, 0.5);
  EXPECT_EQ(model->generation->top_p, 1);
  EXPECT_EQ(model->generation_unserved, "");
  writer.set_f32("general.sampling.penalty_repeat", 1);
  EXPECT_EQ(load(writer.bytes())->generation_unserved, "");
  writer.set_f32("general.sampling.penalty_repeat", 1.5F);
  writer.set_string("general.sampling.sequence", "top_k;temp");
  EXPECT_EQ(load(writer.bytes())->generation_unserved, "penalty_repeat 1.5, sequence top_k;temp");
  writer.set_f32("general.sampling.top_p", 2);
  EXPECT_FALSE(load(writer.bytes()));
}

TEST(GgufModel, EndsOfTurnAreCollected) {
  GgufWriter writer = tiny();
  writer.set_u32("tokenizer.ggml.eot_token_id", 263);
  writer.set_u32("tokenizer.ggml.eom_token_id", 263);
  const auto model = load(writer.bytes());
  ASSERT_TRUE(model && model->tokenizer);
  EXPECT_EQ(model->tokenizer->eos, 264);
  EXPECT_THAT(model->tokenizer->eos_extra, ::testing::ElementsAre(263, 262));
}

}  // namespace
}  // namespace assay
