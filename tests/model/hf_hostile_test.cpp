// Hugging Face directories whose files lie: each is refused with one line that says what and where.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "model/hf/hf_config.h"
#include "model/hf/json_file.h"
#include "model/hf/safetensors.h"
#include "model/model_file.h"
#include "tests/model/refusal.h"
#include "tests/support/test_data.h"
#include "tests/support/tiny_model.h"

namespace assay {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

/// Parses from an aligned buffer of exactly this size: AddressSanitizer sees any byte read past it.
Result<std::map<std::string, WeightView>> parse(const std::string& bytes) {
  const std::vector<char> exact(bytes.begin(), bytes.end());
  return parse_safetensors(std::as_bytes(std::span(exact)), "bad.safetensors");
}

std::string eight_floats() {
  return std::string(32, '\0');
}

/// A header of two vectors of four floats, padded to keep the data aligned.
std::string table(std::string_view a, std::string_view b) {
  std::string text = "{" + std::string(a) + "," + std::string(b) + "}";
  text.append((8 - text.size() % 8) % 8, ' ');
  return text;
}
constexpr const char* kA = R"("a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]})";
constexpr const char* kB = R"("b":{"dtype":"F32","shape":[4],"data_offsets":[16,32]})";

TEST(HostileSafetensors, TruncationAtEveryByteIsRefused) {
  const std::string file = testing::raw_safetensors(table(kA, kB), eight_floats());
  ASSERT_TRUE(parse(file));
  for (std::size_t size = 0; size < file.size(); ++size) {
    const auto tensors = parse(file.substr(0, size));
    ASSERT_FALSE(tensors) << "cut at byte " << size;
    ASSERT_TRUE(testing::is_clean_refusal(tensors.error())) << tensors.error().line();
  }
}

TEST(HostileSafetensors, NoByteOfTheTableCrashesWhenItIsChanged) {
  const std::string file = testing::raw_safetensors(table(kA, kB), eight_floats());
  for (std::size_t at = 0; at + 32 < file.size(); ++at) {
    for (int value = 0; value < 256; ++value) {
      std::string changed = file;
      changed[at] = static_cast<char>(value);
      const auto tensors = parse(changed);
      ASSERT_TRUE(tensors || testing::is_clean_refusal(tensors.error())) << tensors.error().line();
    }
  }
}

struct TableLie {
  const char* name;
  std::string header;
  std::string expected;
};

class SafetensorsLie : public ::testing::TestWithParam<TableLie> {};

TEST_P(SafetensorsLie, IsRefused) {
  const auto tensors = parse(testing::raw_safetensors(GetParam().header, eight_floats()));
  ASSERT_FALSE(tensors);
  EXPECT_TRUE(testing::is_clean_refusal(tensors.error())) << tensors.error().line();
  EXPECT_THAT(tensors.error().line(), HasSubstr(GetParam().expected));
}

std::string second(std::string_view dtype, std::string_view shape, std::string_view offsets) {
  return table(kA, std::string(R"("b":{"dtype":")")
                       .append(dtype)
                       .append(R"(","shape":)")
                       .append(shape)
                       .append(R"(,"data_offsets":)")
                       .append(offsets)
                       .append("}"));
}

INSTANTIATE_TEST_SUITE_P(
    All, SafetensorsLie,
    ::testing::Values(
        TableLie{"NotJson", "[1,2", "is not JSON at byte"},
        TableLie{"NotAnObject", "[1,2]   ", "is not a JSON object"},
        TableLie{"Depth", std::string(100, '['), "nested deeper than 64"},
        TableLie{"TensorTwice", table(kA, kA), "key 'a' occurs twice"},
        TableLie{"NoObject", table(kA, R"("b":7)"), "tensor b is not described by an object"},
        TableLie{"Hole", second("F32", "[3]", "[20,32]"), "leaves a hole after"},
        TableLie{"Overlap", second("F32", "[5]", "[12,32]"), "overlaps"},
        TableLie{"Rest", second("F32", "[3]", "[16,28]"), "has 4 bytes after the last tensor"},
        TableLie{"PastTheEnd", second("F32", "[5]", "[16,36]"), "is 36, expected 0 to 32"},
        TableLie{"HugeOffset", second("F32", "[4]", "[16,18446744073709551615]"),
                 "is 18446744073709551615, expected 0 to 32"},
        TableLie{"NegativeOffset", second("F32", "[4]", "[-16,0]"), "is -16, expected 0 to 32"},
        TableLie{"Reversed", second("F32", "[4]", "[32,16]"), "data_offsets 32 to 16"},
        TableLie{"OneOffset", second("F32", "[4]", "[16]"), "no pair of data_offsets"},
        TableLie{"FloatOffset", second("F32", "[4]", "[16.0,32.0]"), "expected an integer"},
        TableLie{"ShapeAndBytes", second("F32", "[2,4]", "[16,32]"), "its shape needs 32 bytes"},
        TableLie{"HugeShape", second("F32", "[67108864,67108864]", "[16,32]"), "its shape needs"},
        TableLie{"OverflowingShape", second("F32", "[4294967296,4294967296]", "[16,32]"),
                 "'shape' is 4294967296"},
        TableLie{"ZeroShape", second("F32", "[0]", "[16,16]"), "'shape' is 0"},
        TableLie{"Scalar", second("F32", "[]", "[16,20]"), "has 0 dimensions"},
        TableLie{"ThreeDimensions", second("F32", "[1,2,2]", "[16,32]"), "has 3 dimensions"},
        TableLie{"Type", second("F8_E4M3", "[16]", "[16,32]"),
                 "type 'F8_E4M3', which assay does not compute; known in safetensors: F32, F16, "
                 "BF16"},
        TableLie{"Quantised", second("Q4_0", "[16]", "[16,32]"), "type 'Q4_0'"}),
    [](const auto& info) { return info.param.name; });

TEST(HostileSafetensors, HeaderLengthIsChecked) {
  std::string file;
  testing::append_number<std::uint64_t>(file, ~std::uint64_t{0});
  EXPECT_THAT(parse(file + "{}").error().line(), HasSubstr("claims a header of"));
  file.clear();
  testing::append_number<std::uint64_t>(file, 100);
  EXPECT_THAT(parse(file + "{}").error().line(), HasSubstr("needs 100 bytes, only 2 are left"));
}

TEST(HostileIndex, FileNamesAreNoPaths) {
  for (const char* name : {"../evil.safetensors", "/etc/passwd", "sub/dir.safetensors", "..", ".",
                           "", "back\\slash", "nul\\u0000.safetensors"}) {
    const std::string text = std::string(R"({"weight_map":{"a":")") +
                             (std::string_view(name) == "back\\slash" ? "back\\\\slash" : name) +
                             "\"}}";
    const auto index = parse_safetensors_index(text, "index.json");
    ASSERT_FALSE(index) << name;
    EXPECT_THAT(index.error().line(), HasSubstr("not a plain file name"));
    EXPECT_TRUE(testing::is_clean_refusal(index.error())) << index.error().line();
  }
  EXPECT_FALSE(parse_safetensors_index("{}", "index.json"));
  EXPECT_FALSE(parse_safetensors_index(R"({"weight_map":{}})", "index.json"));
  EXPECT_FALSE(parse_safetensors_index(R"({"weight_map":{"a":1}})", "index.json"));
  EXPECT_FALSE(parse_safetensors_index(R"({"weight_map":{"a":"x","a":"y"}})", "index.json"));
}

/// A sound directory, to damage one file of it.
class HfDirectory : public ::testing::Test {
 protected:
  HfDirectory() {
    testing::TinyModel tiny = testing::tiny_model(Arch::llama, TensorType::F32);
    testing::write_tiny_hf(dir_.path(), tiny);
  }

  std::filesystem::path file(const char* name) const { return dir_.path() / name; }

  /// Merges `patch` (RFC 7396) into a JSON file.
  void patch(const char* name, const json& patch) const {
    json value = json::parse(testing::read_text(file(name)));
    value.merge_patch(patch);
    testing::write_text(file(name), value.dump());
  }

  Result<ModelFile> load() const { return load_model_file(dir_.path().string()); }

  void expect_refusal(const std::string& expected) const {
    const auto model = load();
    ASSERT_FALSE(model) << expected;
    EXPECT_TRUE(testing::is_clean_refusal(model.error())) << model.error().line();
    EXPECT_THAT(model.error().line(), HasSubstr(expected));
  }

  testing::TempDir dir_;
};

TEST_F(HfDirectory, IsSoundBeforeItIsDamaged) {
  const auto model = load();
  ASSERT_TRUE(model) << model.error().line();
  EXPECT_TRUE(model->tokenizer) << model->tokenizer_problem;
}

TEST_F(HfDirectory, ConfigThatAssayDoesNotComputeIsRefusedByName) {
  const std::string sound = testing::read_text(file("config.json"));
  const std::vector<std::pair<json, std::string>> cases = {
      {{{"architectures", {"MambaForCausalLM"}}},
       "unknown architecture 'MambaForCausalLM'; known:"},
      {{{"architectures", {"A", "B"}}}, "'architectures' is not a list of one name"},
      {{{"hidden_act", "gelu"}}, "activation 'gelu' (known: silu)"},
      {{{"attention_bias", true}}, "sets 'attention_bias'"},
      {{{"mlp_bias", true}}, "sets 'mlp_bias'"},
      {{{"use_sliding_window", true}}, "sets 'use_sliding_window'"},
      {{{"layer_types", {"full_attention", "sliding_attention"}}}, "sliding_attention"},
      {{{"quantization_config", {{"quant_method", "awq"}}}}, "quantised with 'awq'"},
      {{{"rope_scaling", {{"rope_type", "yarn"}}}}, "RoPE of type 'yarn'"},
      {{{"rope_scaling", {{"type", "linear"}, {"factor", 2}}}}, "RoPE of type 'linear'"},
      {{{"rope_parameters", {{"rope_type", "longrope"}}}}, "RoPE of type 'longrope'"},
      {{{"rope_scaling", {{"rope_type", "llama3"}, {"factor", 8}}}},
       "rope_scaling: 'original_max_position_embeddings' is missing"},
      {{{"rope_scaling",
         {{"rope_type", "llama3"}, {"original_max_position_embeddings", 64}, {"factor", 0}}}},
       "llama3 RoPE scaling has factors 0"},
      {{{"rope_parameters", {{"full_attention", {{"rope_theta", 1e6}}}}}},
       "has RoPE by type of layer in 'rope_parameters'"},
      {{{"rope_interleaved", true}}, "sets 'rope_interleaved'"},
      {{{"partial_rotary_factor", 0.5}}, "rotates a part of each head"},
      {{{"hidden_size", nullptr}}, "'hidden_size' is missing"},
      {{{"hidden_size", "64"}}, "'hidden_size' is string, expected an integer"},
      {{{"hidden_size", 1e30}}, "expected an integer"},
      {{{"num_hidden_layers", -1}}, "'num_hidden_layers' is -1, expected 1 to 4096"},
      {{{"num_hidden_layers", 3}}, "tensor model.layers.2.input_layernorm.weight is missing"},
      {{{"num_key_value_heads", 3}}, "3 key-value heads do not divide 4 heads"},
      {{{"head_dim", 17}}, "the head dimension 17 is odd"},
      {{{"rms_norm_eps", 0}}, "the RMSNorm epsilon is 0"},
      {{{"vocab_size", 300}},
       "tensor model.embed_tokens.weight is 288 x 64, the configuration needs 300 x 64"},
      {{{"tie_word_embeddings", "no"}}, "expected true or false"},
      {{{"architectures", {"Qwen2ForCausalLM"}}}, "tensor model.layers.0.self_attn.q_proj.bias"},
      {{{"eos_token_id", 288}}, "eos_token_id 288 is out of range"},
  };
  for (const auto& [change, expected] : cases) {
    testing::write_text(file("config.json"), sound);
    patch("config.json", change);
    expect_refusal(expected);
  }
  testing::write_text(file("config.json"), sound.substr(0, sound.size() / 2));
  expect_refusal("is not JSON at byte");
  testing::write_text(file("config.json"), std::string(100000, '['));
  expect_refusal("nested deeper than");
  testing::write_text(file("config.json"), "{\"a\": \"\xFF\"}");
  expect_refusal("is not JSON");
  testing::write_text(file("config.json"), R"({"hidden_size": 64, "hidden_size": 32})");
  expect_refusal("key 'hidden_size' occurs twice");
}

TEST_F(HfDirectory, TiedFlagWinsOverAStoredHead) {
  patch("config.json", {{"tie_word_embeddings", true}});
  const auto model = load();
  ASSERT_TRUE(model) << model.error().line();
  EXPECT_TRUE(model->config.tied_embeddings);
  EXPECT_FALSE(model->tensors.contains("output.weight"));
}

TEST_F(HfDirectory, UntiedWithoutAHeadIsRefusedAndNoWordIsTied) {
  testing::TinyModel tied = testing::tiny_model(Arch::llama, TensorType::F32);
  tied.tied = true;
  testing::write_tiny_hf(dir_.path(), tied);
  patch("config.json", {{"tie_word_embeddings", false}});
  expect_refusal("tensor lm_head.weight is missing");
  patch("config.json", {{"tie_word_embeddings", nullptr}});
  const auto model = load();
  ASSERT_TRUE(model) << model.error().line();
  EXPECT_TRUE(model->config.tied_embeddings);
}

TEST_F(HfDirectory, PickledWeightsAreRefusedWithTheRemedy) {
  std::filesystem::rename(file("model.safetensors"), file("pytorch_model.bin"));
  expect_refusal("has its weights as a pickle (pytorch_model.bin)");
  expect_refusal("convert them to safetensors");
  std::filesystem::rename(file("pytorch_model.bin"), file("other.gguf"));
  expect_refusal("give the file in it: other.gguf");
  std::filesystem::remove(file("other.gguf"));
  expect_refusal("has neither model.safetensors nor model.safetensors.index.json");
}

TEST_F(HfDirectory, SingleFilesAreRefusedWithTheRemedy) {
  const auto error_of = [](const std::filesystem::path& path) {
    return load_model_file(path.string()).error().line();
  };
  EXPECT_THAT(error_of(file("model.safetensors")), HasSubstr("give the directory"));
  EXPECT_THAT(error_of(file("config.json")), HasSubstr("give the directory"));
  testing::write_text(file("model.bin"), "PK\x03\x04...");
  EXPECT_THAT(error_of(file("model.bin")), HasSubstr("pickle"));
  testing::write_text(file("old.bin"), "\x80\x02}q");
  EXPECT_THAT(error_of(file("old.bin")), HasSubstr("pickle"));
  testing::write_text(file("note.txt"), "hello");
  EXPECT_THAT(error_of(file("note.txt")), HasSubstr("is not a GGUF file"));
  testing::write_text(file("empty"), "");
  EXPECT_THAT(error_of(file("empty")), HasSubstr("is not a GGUF file"));
  std::filesystem::remove(file("config.json"));
  expect_refusal("is a directory without config.json");
}

TEST_F(HfDirectory, ShardsMustHoldWhatTheIndexSays) {
  std::filesystem::rename(file("model.safetensors"), file("one.safetensors"));
  const auto index = [this](const json& map) {
    testing::write_text(file("model.safetensors.index.json"), json{{"weight_map", map}}.dump());
  };
  index({{"model.norm.weight", "two.safetensors"}});
  const auto absent = load();
  ASSERT_FALSE(absent);
  EXPECT_THAT(absent.error().line(), HasSubstr("two.safetensors': No such file"));
  index({{"no.such.tensor", "one.safetensors"}});
  expect_refusal("lacks tensor no.such.tensor, which the index places here");
  std::filesystem::copy_file(file("one.safetensors"), file("two.safetensors"));
  index({{"model.norm.weight", "one.safetensors"}, {"lm_head.weight", "two.safetensors"}});
  expect_refusal("occurs twice");
  index({{"model.norm.weight", "one.safetensors"}});
  EXPECT_TRUE(load());
}

TEST_F(HfDirectory, WeightsBehindAHeaderOfAnyLengthAreTheSame) {
  const std::string sound = testing::read_text(file("model.safetensors"));
  std::uint64_t header = 0;
  std::memcpy(&header, sound.data(), sizeof header);
  const auto first = load();
  ASSERT_TRUE(first) << first.error().line();
  EXPECT_EQ(first->aligned_copy, nullptr);
  for (std::size_t spaces = 1; spaces < 4; ++spaces) {
    const std::string text = sound.substr(8, header) + std::string(spaces, ' ');
    std::filesystem::remove(file("model.safetensors"));  // `first` has it mapped
    testing::write_text(file("model.safetensors"),
                        testing::raw_safetensors(text, sound.substr(8 + header)));
    const auto model = load();
    ASSERT_TRUE(model) << model.error().line();
    EXPECT_NE(model->aligned_copy, nullptr);
    for (const auto& [name, view] : model->tensors) {
      const auto expected = first->tensor(name).bytes;
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(view.bytes.data()) % alignof(float), 0U);
      MappedFile::release(view.bytes);  // what a session does after it has its own copy
      EXPECT_TRUE(std::ranges::equal(view.bytes, expected)) << name;
    }
  }
}

TEST_F(HfDirectory, GenerationConfigIsRead) {
  const auto generation = [this](const json& value) {
    testing::write_text(file("generation_config.json"), value.dump());
    return load();
  };
  EXPECT_FALSE(generation(json::object())->generation);
  EXPECT_TRUE(generation({{"do_sample", false}, {"temperature", 0.6}})->generation->greedy());
  EXPECT_EQ(generation({{"do_sample", true}})->generation->temperature, 1);
  EXPECT_EQ(generation({{"do_sample", true}, {"top_k", 20}})->generation->top_k, 20);
  EXPECT_TRUE(generation({{"temperature", 1e-9}})->generation->greedy());
  EXPECT_GT(generation({{"temperature", 1}, {"top_p", 0}})->generation->top_p, 0);
  EXPECT_EQ(generation({{"repetition_penalty", 1}, {"num_beams", 1}})->generation_unserved, "");
  const auto more = generation({{"temperature", 1},
                                {"repetition_penalty", 1.1},
                                {"suppress_tokens", {1, 2}},
                                {"bad_words_ids", json::array()},
                                {"forced_eos_token_id", nullptr},
                                {"use_cache", true}});
  EXPECT_EQ(more->generation_unserved, "repetition_penalty 1.1, suppress_tokens [1,2]");
  EXPECT_THAT(generation({{"temperature", -1}}).error().line(), HasSubstr("out of range"));
  EXPECT_THAT(generation({{"top_p", 1.5}}).error().line(), HasSubstr("out of range"));
  EXPECT_THAT(generation({{"eos_token_id", {0, 999}}}).error().line(),
              HasSubstr("eos_token_id 999 is out of range"));
  EXPECT_EQ(generation({{"eos_token_id", 263}})->tokenizer->eos_extra, std::vector<TokenId>{263});
}

}  // namespace
}  // namespace assay
