// Writes the seed corpora of the model file fuzzers: assay_model_file_seeds FOLDER makes
// FOLDER/gguf_fuzz, FOLDER/safetensors_fuzz and FOLDER/hf_json_fuzz.
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/support/test_data.h"
#include "tests/support/tiny_model.h"

namespace fs = std::filesystem;
using assay::Arch;
using assay::TensorType;
using assay::testing::TinyModel;
using nlohmann::json;

namespace {

constexpr const char* kTokens = "tokenizer.ggml.tokens";

/// As small as the architecture allows: fuzzers like short seeds.
TinyModel smallest(Arch arch, TensorType type) {
  TinyModel out;
  out.arch = arch;
  out.type = type;
  out.n_layers = 1;
  out.hidden = 32;
  out.ffn = 32;
  out.n_heads = 2;
  out.n_kv_heads = 1;
  out.llama3_rope = arch == Arch::llama;
  return out;
}

void write_gguf_seeds(const fs::path& folder) {
  fs::create_directories(folder);
  for (const Arch arch : {Arch::llama, Arch::qwen2, Arch::qwen3}) {
    const std::string name = std::to_string(static_cast<int>(arch));
    auto whole = assay::testing::tiny_gguf(smallest(arch, TensorType::Q4_0));
    whole.write(folder / ("whole" + name));
    whole.set_string("tokenizer.ggml.model", "llama").erase(kTokens);
    whole.write(folder / ("weights" + name));
  }
  assay::testing::tiny_vocabulary_gguf().write(folder / "vocabulary");
  auto v2 = assay::testing::tiny_vocabulary_gguf();
  v2.version = 2;
  v2.set_u32("general.alignment", 64).write(folder / "v2");
}

void write_hf_seeds(const fs::path& safetensors, const fs::path& texts) {
  fs::create_directories(safetensors);
  fs::create_directories(texts);
  for (const Arch arch : {Arch::llama, Arch::qwen2, Arch::qwen3}) {
    const std::string name = std::to_string(static_cast<int>(arch));
    const assay::testing::TempDir dir;
    assay::testing::write_tiny_hf(dir.path(), smallest(arch, TensorType::BF16));
    for (const char* file : {"config", "tokenizer", "tokenizer_config", "generation_config"}) {
      fs::copy_file(dir.path() / (std::string(file) + ".json"), texts / (file + name),
                    fs::copy_options::overwrite_existing);
    }
  }
  const assay::testing::SafetensorsEntry half = {"a", "F16", {2, 2}, std::string(8, 'x')};
  const assay::testing::SafetensorsEntry single = {"b", "F32", {3}, std::string(12, 'y')};
  const assay::testing::SafetensorsEntry brain = {"c", "BF16", {2, 3}, std::string(12, 'z')};
  assay::testing::write_text(safetensors / "one", assay::testing::safetensors_bytes({half}));
  assay::testing::write_text(safetensors / "three",
                             assay::testing::safetensors_bytes({half, single, brain}));
  assay::testing::write_text(safetensors / "index",
                             json{{"weight_map", {{"a", "one.safetensors"}}}}.dump());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: assay_model_file_seeds FOLDER\n", stderr);
    return 2;
  }
  const fs::path folder = argv[1];
  write_gguf_seeds(folder / "gguf_fuzz");
  write_hf_seeds(folder / "safetensors_fuzz", folder / "hf_json_fuzz");
  return 0;
}
