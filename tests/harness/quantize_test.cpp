// `assay quantize`: what it writes is what the loaders read, from both kinds of source.
#include "harness/quantize/quantize.h"

#include <gmock/gmock.h>

#include <cmath>
#include <cstring>
#include <filesystem>

#include "core/numerics/rope.h"
#include "core/quant/dequantize.h"
#include "tests/support/test_data.h"
#include "tests/support/tiny_model.h"

namespace assay {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

Mixture mixture(std::string_view name) {
  return value_or_throw(find_mixture(name));
}

class Quantize : public ::testing::Test {
 protected:
  ModelFile hf(const testing::TinyModel& tiny) {
    const fs::path folder = dir_.path() / "hf";
    fs::remove_all(folder);
    fs::create_directory(folder);
    testing::write_tiny_hf(folder, tiny);
    return value_or_throw(load_model_file(folder.string()));
  }
  ModelFile gguf(const testing::TinyModel& tiny) {
    const fs::path path = dir_.path() / "source.gguf";
    testing::tiny_gguf(tiny).write(path);
    return value_or_throw(load_model_file(path.string()));
  }
  std::string out() const { return (dir_.path() / "out.gguf").string(); }
  ModelFile quantized(const ModelFile& model, std::string_view type, int threads = 1) {
    summary_ = quantize_model(model, out(), {mixture(type), threads, true}, {});
    return value_or_throw(load_model_file(out()));
  }
  std::string error_of(const ModelFile& model, const QuantizeOptions& options) {
    try {
      quantize_model(model, out(), options, {});
    } catch (const Error& error) {
      return error.line();
    }
    return "";
  }

  testing::TempDir dir_;
  QuantizeSummary summary_;
};

testing::TinyModel with_heads_of(Arch arch, TensorType type, std::int64_t layers) {
  testing::TinyModel tiny = testing::tiny_model(arch, TensorType::Q4_K);  // rows of 256
  tiny.type = type;
  tiny.n_layers = layers;
  return tiny;
}

/// The same weights in both formats: a directory becomes what its converter would write.
TEST_F(Quantize, ADirectoryBecomesTheGgufOfTheSameWeights) {
  for (const Arch arch : {Arch::llama, Arch::qwen2, Arch::qwen3}) {
    testing::TinyModel tiny;
    tiny.arch = arch;
    tiny.llama3_rope = arch == Arch::llama;
    const ModelFile expected = gguf(tiny);
    const ModelFile actual = quantized(hf(tiny), "F32");
    ASSERT_EQ(actual.tensors.size(), expected.tensors.size());
    for (const auto& [name, view] : expected.tensors) {
      const WeightView& got = actual.tensor(name);
      EXPECT_EQ(got.rows, view.rows);
      EXPECT_TRUE(
          std::equal(view.bytes.begin(), view.bytes.end(), got.bytes.begin(), got.bytes.end()))
          << name;
    }
    EXPECT_EQ(actual.config.rope_style, expected.config.rope_style);
    EXPECT_EQ(actual.config.n_kv_heads, expected.config.n_kv_heads);
    EXPECT_EQ(actual.config.rms_eps, expected.config.rms_eps);
    EXPECT_EQ(actual.config.rope_theta, expected.config.rope_theta);
    const numerics::RopeTable a(actual.config, 0);
    const numerics::RopeTable e(expected.config, 0);
    for (std::size_t i = 0; i < e.inv_freq().size(); ++i) {
      EXPECT_NEAR(a.inv_freq()[i] / e.inv_freq()[i], 1, 1e-6);
    }
  }
}

TEST_F(Quantize, TokenizerAndTemplateOfADirectoryAreKept) {
  const ModelFile source = hf({});
  const ModelFile actual = quantized(source, "Q8_0");
  ASSERT_TRUE(source.tokenizer && actual.tokenizer);
  EXPECT_EQ(actual.tokenizer->tokens, source.tokenizer->tokens);
  EXPECT_EQ(actual.tokenizer->kinds, source.tokenizer->kinds);
  EXPECT_EQ(actual.tokenizer->merges, source.tokenizer->merges);
  EXPECT_EQ(actual.tokenizer->pre, source.tokenizer->pre);
  EXPECT_EQ(actual.tokenizer->bos, source.tokenizer->bos);
  EXPECT_EQ(actual.tokenizer->eos, source.tokenizer->eos);
  EXPECT_EQ(actual.tokenizer->add_bos, source.tokenizer->add_bos);
  EXPECT_EQ(actual.chat_template, source.chat_template);
  EXPECT_EQ(actual.name, source.name);
}

TEST_F(Quantize, MetadataOfAGgufIsKept) {
  testing::TinyModel tiny;
  const fs::path path = dir_.path() / "source.gguf";
  testing::GgufWriter writer = testing::tiny_gguf(tiny);
  writer.set_string("general.license", "mit").set_u32("general.file_type", 0);
  writer.write(path);
  const ModelFile source = value_or_throw(load_model_file(path.string()));
  const ModelFile actual = quantized(source, "Q4_0");
  EXPECT_EQ(actual.weight_type, "Q4_0");
  EXPECT_EQ(actual.chat_template, source.chat_template);
  EXPECT_EQ(actual.tokenizer->tokens, source.tokenizer->tokens);
  EXPECT_THAT(testing::read_text(out()), HasSubstr("general.license"));
}

TEST_F(Quantize, EveryMixtureLoadsAndItsErrorIsOfItsSize) {
  const ModelFile source = gguf(with_heads_of(Arch::qwen2, TensorType::F32, 8));
  for (const Mixture& mixture : mixtures()) {
    const ModelFile actual = quantized(source, mixture.name);
    EXPECT_TRUE(actual.weight_type.starts_with(mixture.name)) << actual.weight_type;
    EXPECT_EQ(actual.parameters, source.parameters);
    EXPECT_EQ(summary_.bytes_out, static_cast<std::int64_t>(fs::file_size(out())));
    EXPECT_LT(summary_.relative_error, mixture.name == "Q2_K" ? 0.3 : 0.16) << mixture.name;
  }
}

TEST_F(Quantize, SensitiveTensorsOfQ4KMKeepSixBits) {
  const ModelFile actual =
      quantized(gguf(with_heads_of(Arch::qwen2, TensorType::BF16, 8)), "Q4_K_M");
  EXPECT_EQ(actual.tensor("blk.0.attn_v.weight").type, TensorType::Q6_K);
  EXPECT_EQ(actual.tensor("blk.1.attn_v.weight").type, TensorType::Q4_K);
  EXPECT_EQ(actual.tensor("blk.3.ffn_down.weight").type, TensorType::Q6_K);
  EXPECT_EQ(actual.tensor("blk.7.ffn_down.weight").type, TensorType::Q6_K);
  EXPECT_EQ(actual.tensor("blk.0.attn_q.weight").type, TensorType::Q4_K);
  EXPECT_EQ(actual.tensor("output.weight").type, TensorType::Q6_K);
  EXPECT_EQ(actual.tensor("blk.0.attn_norm.weight").type, TensorType::F32);
}

TEST_F(Quantize, SensitiveLayersAreLlamaCppsWhereTheLayersAreNoMultipleOfEight) {
  ModelConfig config;
  config.n_layers = 28;
  const auto type = [&config](int layer) {
    return tensor_type_in(mixture("Q4_K_M"), "blk." + std::to_string(layer) + ".ffn_down.weight",
                          1536, 8960, config);
  };
  std::vector<int> sensitive;
  for (int layer = 0; layer < 28; ++layer) {
    if (type(layer) == TensorType::Q6_K) sensitive.push_back(layer);
  }
  // 7 * 28 / 8 = 24.
  EXPECT_EQ(sensitive, (std::vector<int>{0, 1, 2, 5, 8, 11, 14, 17, 20, 23, 24, 25, 26, 27}));
}

TEST_F(Quantize, RowsThatAreNoWholeBlocksTakeSmallerOnes) {
  EXPECT_EQ(quantized(gguf({}), "Q4_K_M").tensor("blk.0.attn_q.weight").type, TensorType::Q5_0);
  const ModelConfig config;
  EXPECT_EQ(tensor_type_in(mixture("Q4_K_M"), "blk.0.attn_q.weight", 8, 36, config),
            TensorType::F16);
  EXPECT_EQ(tensor_type_in(mixture("Q6_K"), "blk.0.attn_q.weight", 8, 64, config),
            TensorType::Q8_0);
}

TEST_F(Quantize, TheBytesDependOnNoThreads) {
  const ModelFile source = gguf({});
  quantized(source, "Q4_0", 1);
  const std::string one = testing::read_text(out());
  quantized(source, "Q4_0", 3);
  EXPECT_EQ(testing::read_text(out()), one);
}

TEST_F(Quantize, RefusesWhatIsQuantisedAlready) {
  testing::TinyModel tiny;
  tiny.type = TensorType::Q8_0;
  EXPECT_THAT(error_of(gguf(tiny), {mixture("Q4_0"), 1, false}),
              HasSubstr("is Q8_0 already; quantising twice adds both errors"));
  EXPECT_FALSE(fs::exists(out()));
}

TEST_F(Quantize, RefusesNotANumberAndLeavesNothingBehind) {
  testing::GgufWriter writer = testing::tiny_gguf({});
  const float nan = std::nanf("");
  std::memcpy(writer.tensor("blk.1.ffn_up.weight").bytes.data() + 400, &nan, sizeof nan);
  const fs::path path = dir_.path() / "nan.gguf";
  writer.write(path);
  const ModelFile source = value_or_throw(load_model_file(path.string()));
  EXPECT_THAT(error_of(source, {mixture("Q8_0"), 2, false}),
              HasSubstr("tensor blk.1.ffn_up.weight holds NaN or infinity"));
  EXPECT_FALSE(fs::exists(out()));
  EXPECT_FALSE(fs::exists(out() + ".part"));
}

TEST_F(Quantize, AnExistingFileIsReplacedOnlyWhenAsked) {
  const ModelFile source = gguf({});
  testing::write_text(out(), "precious");
  EXPECT_THAT(error_of(source, {mixture("Q8_0"), 1, false}), HasSubstr("exists; name another"));
  EXPECT_EQ(testing::read_text(out()), "precious");
  EXPECT_EQ(error_of(source, {mixture("Q8_0"), 1, true}), "");
}

TEST_F(Quantize, AFolderThatCannotBeWrittenIsNamed) {
  const ModelFile source = gguf({});
  try {
    quantize_model(source, (dir_.path() / "none" / "out.gguf").string(),
                   {mixture("Q8_0"), 1, false}, {});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::environment);
    EXPECT_THAT(error.line(), HasSubstr("cannot write"));
  }
}

TEST(MixtureNames, UnknownOnesAreListed) {
  const Result<Mixture> unknown = find_mixture("Q4_K");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().kind(), ErrorKind::usage);
  EXPECT_THAT(unknown.error().line(), HasSubstr("Q4_K_M"));
}

}  // namespace
}  // namespace assay
