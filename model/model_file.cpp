#include "model/model_file.h"

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>

#include "core/sha256.h"
#include "model/file_errors.h"
#include "model/gguf/gguf_model.h"

namespace assay {
namespace {

constexpr std::string_view kWhatToGive = "give a GGUF file or a Hugging Face directory";

bool starts_with(std::span<const std::byte> bytes, std::string_view prefix) {
  return bytes.size() >= prefix.size() &&
         std::equal(prefix.begin(), prefix.end(), bytes.begin(),
                    [](char a, std::byte b) { return static_cast<std::byte>(a) == b; });
}

/// Says what a file that is no GGUF looks like.
Error not_gguf(const MappedFile& file) {
  const std::string& path = file.path();
  if (path.ends_with(".safetensors") || path.ends_with(".json")) {
    return unsupported_error(path, "is one file of a Hugging Face checkpoint",
                             "give the directory that holds it and its config.json");
  }
  // PyTorch's checkpoints are zip archives, older ones bare pickles of protocol 2 and later.
  if (starts_with(file.bytes(), "PK\x03\x04") || starts_with(file.bytes(), "\x80")) {
    return unsupported_error(path, "looks like a PyTorch checkpoint (pickle), which can run code",
                             "convert it to safetensors or GGUF");
  }
  return unsupported_error(path, "is not a GGUF file", std::string(kWhatToGive));
}

Result<ModelFile> load_gguf(const std::string& path) {
  Result<std::shared_ptr<const MappedFile>> mapped = MappedFile::open(path);
  if (!mapped) return tl::unexpected(mapped.error());
  if (!starts_with((*mapped)->bytes(), "GGUF")) return tl::unexpected(not_gguf(**mapped));
  Result<ModelFile> model = gguf_model((*mapped)->bytes(), path);
  if (model) model->mappings.push_back(std::move(*mapped));
  return model;
}

}  // namespace

const WeightView& ModelFile::tensor(std::string_view name) const {
  const auto it = tensors.find(name);
  ASSAY_ASSERT(it != tensors.end());
  return it->second;
}

Result<ModelFile> load_model_file(const std::string& path) {
  return load_gguf(path);
}

}  // namespace assay
