#include "model/hf/hf_weights.h"

#include <fmt/core.h>

#include <filesystem>
#include <set>
#include <vector>

#include "core/text.h"
#include "model/file_errors.h"
#include "model/hf/hf_names.h"
#include "model/hf/safetensors.h"
#include "model/weights_check.h"

namespace assay {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSingle = "model.safetensors";
constexpr std::string_view kIndex = "model.safetensors.index.json";
constexpr std::string_view kOutput = "output.weight";

/// Says what the directory has instead of safetensors.
Error no_weights(const std::string& directory) {
  std::error_code ignored;
  std::set<std::string> names;  // sorted: the message does not depend on the file system
  for (const auto& entry : fs::directory_iterator(directory, ignored)) {
    names.insert(entry.path().filename().string());
  }
  for (const std::string& name : names) {
    const std::string extension = fs::path(name).extension().string();
    if (extension == ".bin" || extension == ".pt" || extension == ".pth") {
      return unsupported_error(
          directory,
          fmt::format("has its weights as a pickle ({}), which can run code when it is read",
                      name_for_message(name)),
          "convert them to safetensors (transformers: save_pretrained), or take a GGUF");
    }
    if (extension == ".gguf") {
      return unsupported_error(directory, "has no safetensors",
                               fmt::format("give the file in it: {}", name_for_message(name)));
    }
  }
  return unsupported_error(directory, fmt::format("has neither {} nor {}", kSingle, kIndex),
                           "download the checkpoint's weights into it");
}

/// Maps one weight file and adds its tensors under their names in the file.
Result<std::map<std::string, WeightView>> map_file(const std::string& path, ModelFile& model) {
  Result<std::shared_ptr<const MappedFile>> mapped = MappedFile::open(path);
  if (!mapped) return tl::unexpected(mapped.error());
  auto tensors = parse_safetensors((*mapped)->bytes(), path);
  model.file_bytes += static_cast<std::int64_t>((*mapped)->bytes().size());
  model.mappings.push_back(std::move(*mapped));
  return tensors;
}

/// Old Llama checkpoints carry the RoPE frequencies, which follow from the configuration.
bool is_derived(std::string_view hf_name) {
  return hf_name.starts_with("model.layers.") && hf_name.ends_with(".rotary_emb.inv_freq");
}

Result<void> add_tensors(const std::map<std::string, WeightView>& tensors, const std::string& file,
                         ModelFile& model) {
  for (const auto& [hf_name, view] : tensors) {
    if (is_derived(hf_name)) continue;
    const auto [entry, is_new] = model.tensors.emplace(gguf_tensor_name(hf_name), view);
    if (!is_new) {
      return damaged(file, fmt::format("tensor {} occurs twice", name_for_message(hf_name)));
    }
    entry->second.name = entry->first;
  }
  return {};
}

Result<void> load_shards(const std::string& index_path, ModelFile& model) {
  const auto mapped = MappedFile::open(index_path);
  if (!mapped) return tl::unexpected(mapped.error());
  const auto bytes = (*mapped)->bytes();
  const auto index = parse_safetensors_index(
      {reinterpret_cast<const char*>(bytes.data()), bytes.size()}, index_path);
  if (!index) return tl::unexpected(index.error());

  std::map<std::string, std::set<std::string>> names_by_shard;
  for (const auto& [name, shard] : *index) names_by_shard[shard].insert(name);
  for (const auto& [shard, names] : names_by_shard) {
    const std::string path = (fs::path(model.path) / shard).string();
    const auto tensors = map_file(path, model);
    if (!tensors) return tl::unexpected(tensors.error());
    for (const std::string& name : names) {
      if (!tensors->contains(name)) {
        return damaged(path, fmt::format("lacks tensor {}, which the index places here",
                                         name_for_message(name)));
      }
    }
    if (auto added = add_tensors(*tensors, path, model); !added) return added;
  }
  return {};
}

bool is_aligned(const WeightView& view) {
  const auto address = reinterpret_cast<std::uintptr_t>(view.bytes.data());
  return address % static_cast<std::uintptr_t>(block_layout(view.type).bytes) == 0;
}

/// Kernels read numbers where they lie: what lies askew (a header of odd length) is copied.
Result<void> align_tensors(ModelFile& model) {
  std::vector<WeightView*> askew;
  std::vector<std::span<const std::byte>> parts;
  for (auto& [name, view] : model.tensors) {
    if (is_aligned(view)) continue;
    askew.push_back(&view);
    parts.push_back(view.bytes);
  }
  if (askew.empty()) return {};
  std::vector<std::span<const std::byte>> copies;
  auto copy = MappedFile::copy_of(parts, &copies);
  if (!copy) return unsupported(model.path, copy.error().message(), copy.error().hint());
  for (std::size_t i = 0; i < askew.size(); ++i) askew[i]->bytes = copies[i];
  model.aligned_copy = std::move(*copy);
  return {};
}

}  // namespace

Result<void> load_hf_weights(const HfConfig& config, ModelFile& model) {
  const fs::path directory(model.path);
  std::error_code ignored;
  Result<void> loaded;
  if (const fs::path single = directory / kSingle; fs::exists(single, ignored)) {
    const auto tensors = map_file(single.string(), model);
    if (!tensors) return tl::unexpected(tensors.error());
    loaded = add_tensors(*tensors, single.string(), model);
  } else if (const fs::path index = directory / kIndex; fs::exists(index, ignored)) {
    loaded = load_shards(index.string(), model);
  } else {
    return tl::unexpected(no_weights(model.path));
  }
  if (!loaded) return loaded;

  const auto output = model.tensors.find(kOutput);
  const bool has_output = output != model.tensors.end();
  model.config.tied_embeddings = config.tied.value_or(!has_output);
  // A tied checkpoint may store the embedding a second time.
  if (model.config.tied_embeddings && has_output) model.tensors.erase(output);
  Result<void> checked = check_tensors(model.config, model.tensors, model.path, hf_tensor_name);
  if (!checked) return checked;
  model.parameters = count_parameters(model.tensors);
  model.weight_type = dominant_type(model.tensors);
  return align_tensors(model);
}

}  // namespace assay
