#include "model/model_file.h"

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>

#include "core/sha256.h"
#include "model/file_errors.h"
#include "model/gguf/gguf_model.h"
#include "model/hf/hf_model.h"

namespace assay {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSafetensors = "safetensors";
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

/// Hashes files and counts their bytes together.
class ProgressHasher {
 public:
  explicit ProgressHasher(const std::function<void(std::int64_t)>& progress)
      : progress_(&progress) {}

  std::string hex(std::span<const std::byte> bytes) {
    constexpr std::size_t kStep = std::size_t{8} << 20U;
    Sha256 sha;
    while (!bytes.empty()) {
      const auto part = bytes.first(std::min(kStep, bytes.size()));
      sha.update(part);
      bytes = bytes.subspan(part.size());
      done_ += static_cast<std::int64_t>(part.size());
      if (*progress_) (*progress_)(done_);
    }
    return sha.hex();
  }

 private:
  const std::function<void(std::int64_t)>* progress_;
  std::int64_t done_ = 0;
};

}  // namespace

const WeightView& ModelFile::tensor(std::string_view name) const {
  const auto it = tensors.find(name);
  ASSAY_ASSERT(it != tensors.end());
  return it->second;
}

Result<ModelFile> load_model_file(const std::string& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored) ? load_hf_directory(path) : load_gguf(path);
}

Result<std::string> model_sha256(const ModelFile& model,
                                 const std::function<void(std::int64_t done)>& progress) {
  ProgressHasher hasher(progress);
  ASSAY_ASSERT(!model.mappings.empty());
  if (model.format != kSafetensors) return hasher.hex(model.mappings.front()->bytes());
  std::map<std::string, std::string> hash_by_name;
  for (const auto& mapping : model.mappings) {
    hash_by_name[fs::path(mapping->path()).filename().string()] = hasher.hex(mapping->bytes());
  }
  for (const std::string& name : hf_config_files(model.path)) {
    const auto file = MappedFile::open((fs::path(model.path) / name).string());
    if (!file) return tl::unexpected(file.error());
    hash_by_name[name] = hasher.hex((*file)->bytes());
  }
  std::string lines;
  for (const auto& [name, hash] : hash_by_name) lines += fmt::format("{}  {}\n", name, hash);
  return sha256_hex(lines);
}

}  // namespace assay
