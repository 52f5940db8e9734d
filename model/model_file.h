// A checkpoint on disk: configuration, weights, tokenizer, template. GGUF files (model/gguf) and
// Hugging Face directories (model/hf) both become this.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/completer.h"
#include "core/error.h"
#include "core/model_config.h"
#include "core/types.h"
#include "model/tokenizer_spec.h"

namespace assay {

/// Read-only mapping of a whole file; unmapped on destruction.
class MappedFile {
 public:
  static Result<std::shared_ptr<const MappedFile>> open(const std::string& path);
  /// A copy of `parts`, each aligned for any type, in memory that is mapped as a file is: what is
  /// released keeps its bytes. In order; the views are of the result. Error{environment} where the
  /// memory is not there.
  static Result<std::shared_ptr<const MappedFile>> copy_of(
      std::span<const std::span<const std::byte>> parts,
      std::vector<std::span<const std::byte>>* copies);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  std::span<const std::byte> bytes() const { return bytes_; }
  const std::string& path() const { return path_; }
  /// Gives back the memory of whole pages within `bytes`, part of some mapping: what reads them
  /// again has them from the disk.
  static void release(std::span<const std::byte> bytes);

 private:
  MappedFile() = default;
  std::string path_;
  std::span<const std::byte> bytes_;
};

/// Movable only: the tensors' names point into the map's keys.
struct ModelFile {
  ModelFile() = default;
  ModelFile(ModelFile&&) = default;
  ModelFile& operator=(ModelFile&&) = default;

  std::string path;             ///< as given
  std::string name;             ///< general.name or the folder's/file's name, without a path
  std::string format;           ///< "gguf v3", "safetensors"
  std::int64_t file_bytes = 0;  ///< of all weight files
  std::int64_t parameters = 0;  ///< elements of all weights
  /// GGUF's file type or the type of most bytes: "Q4_K_M", "BF16"; empty without weights.
  std::string weight_type;
  bool vocabulary_only = false;  ///< no tensors: good for `tokenize` alone
  ModelConfig config;
  /// None: a directory without tokenizer.json, or a tokenizer that assay does not know.
  std::optional<TokenizerSpec> tokenizer;
  std::string tokenizer_problem;       ///< why `tokenizer` is empty, and what to do
  std::string chat_template;           ///< Jinja source; empty: none
  std::optional<Sampling> generation;  ///< the model's own recommendation (generation_config)
  /// What it recommends besides and assay does not do: "repetition_penalty 1.1"; empty: nothing.
  std::string generation_unserved;
  /// By GGUF's names whatever the format: "token_embd.weight", "blk.0.attn_q.weight",
  /// "blk.0.attn_q.bias", "blk.0.attn_q_norm.weight", "blk.0.ffn_gate.weight",
  /// "output_norm.weight", "output.weight" (absent when tied). Shapes were checked against
  /// `config`, all are present.
  std::map<std::string, WeightView, std::less<>> tensors;
  /// Keeps the tensors' bytes alive.
  std::vector<std::shared_ptr<const MappedFile>> mappings;
  /// Of tensors that do not lie aligned in their file: views point here. Null: all do.
  std::shared_ptr<const MappedFile> aligned_copy;

  /// Asserts that it exists.
  const WeightView& tensor(std::string_view name) const;
};

/// Opens a GGUF file or a Hugging Face directory. Every length and offset is checked against the
/// file; the failure names file, place and what was expected. Does not read the weights' pages.
/// The files must not be shortened while the result lives (a property of every mapping).
Result<ModelFile> load_model_file(const std::string& path);

/// SHA-256 in hex of the weight file (for a directory: of the sorted lines "name  sha256" of its
/// weight and config files). Reads everything; `progress` may be null.
Result<std::string> model_sha256(const ModelFile& model,
                                 const std::function<void(std::int64_t done)>& progress);

}  // namespace assay
