// Tiny models with random weights, as GGUF files and as Hugging Face directories.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/model_config.h"
#include "core/types.h"
#include "tests/support/gguf_writer.h"

namespace assay::testing {

/// Which model. The same options give the same weights, bit for bit, in every format; Llama's GGUF
/// has the rows of Q and K permuted, as its converters do.
struct TinyModel {
  Arch arch = Arch::llama;
  TensorType type = TensorType::F32;  ///< of the matrices; vectors are F32 in GGUF
  bool tied = false;
  bool llama3_rope = false;  ///< GGUF: as rope_freqs.weight; Hugging Face: as rope_scaling
  std::int64_t n_layers = 2;
  std::int64_t hidden = 64;  ///< whole blocks of `type`, as ffn and n_heads * head_dim
  std::int64_t ffn = 128;
  std::int64_t n_heads = 4;
  std::int64_t n_kv_heads = 2;
  std::int64_t head_dim = 16;
  std::int64_t max_context = 512;
  std::uint64_t seed = 1;
};

/// The smallest shape that `type` allows (256 wide for the K types).
TinyModel tiny_model(Arch arch, TensorType type);

/// Byte-level BPE over 256 bytes (ids 0 to 255), a few merges, then <|endoftext|> (bos),
/// <|im_start|>, <|im_end|> (eos), <think> and </think>; padded to tiny_vocab_size().
struct TinyVocabulary {
  std::vector<std::string> tokens;
  std::vector<std::uint32_t>
      kinds;  ///< GGUF's numbers: 1 normal, 3 control, 4 user-defined, 5 unused
  std::vector<std::string> merges;
  TokenId bos = -1;
  TokenId eos = -1;
};
TinyVocabulary tiny_vocabulary();
std::int64_t tiny_vocab_size();
/// Messages between <|im_start|> and <|im_end|>.
std::string tiny_chat_template();

/// The complete file, to write or to damage first.
GgufWriter tiny_gguf(const TinyModel& model);
/// Metadata and vocabulary without tensors.
GgufWriter tiny_vocabulary_gguf();

/// Writes config.json, model.safetensors, tokenizer.json, tokenizer_config.json and
/// generation_config.json into an existing folder. F32, F16 and BF16 only.
void write_tiny_hf(const std::filesystem::path& folder, const TinyModel& model);

/// A tensor of a safetensors file.
struct SafetensorsEntry {
  std::string name;
  std::string dtype;
  std::vector<std::int64_t> shape;
  std::string bytes;
};
std::string safetensors_bytes(const std::vector<SafetensorsEntry>& entries);
/// A file with this very header and data.
std::string raw_safetensors(std::string_view header, std::string_view data);

}  // namespace assay::testing
