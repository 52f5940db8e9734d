#include "harness/engine.h"

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "core/text.h"
#include "harness/names.h"

namespace assay {
namespace {

std::vector<fetch::ListedModel> listed_models() {
  return fetch::list_models(value_or_throw(fetch::options_from_environment()).cache_root);
}

std::string resolve_model(const std::string& name_or_path, const std::string& mirror,
                          const Listener& listener) {
  std::error_code error;
  if (std::filesystem::exists(name_or_path, error)) return name_or_path;
  const fetch::Options options = fetch_options(mirror, listener);
  std::vector<std::string> names;
  for (const fetch::ListedModel& model : fetch::list_models(options.cache_root)) {
    if (model.name == name_or_path) {
      return value_or_throw(fetch::fetch_model(name_or_path, options)).path.string();
    }
    names.push_back(model.name);
  }
  const bool looks_like_path = name_or_path.find('/') != std::string::npos ||
                               name_or_path.find(".gguf") != std::string::npos;
  if (looks_like_path) {
    throw Error(ErrorKind::environment, "no such file or folder: " + name_or_path,
                "give a GGUF file, a Hugging Face folder, or a name of `assay list models`");
  }
  throw unknown_name("model", name_or_path, names);
}

}  // namespace

fetch::Options fetch_options(const std::string& mirror, const Listener& listener) {
  fetch::Options options = value_or_throw(fetch::options_from_environment());
  options.pypi_mirror = mirror == "pypi";
  options.notice = listener.note;
  options.cancelled = listener.cancelled;
  options.progress = [&listener](const fetch::Progress& p) {
    listener.progress({"fetching " + p.what, p.done_bytes, p.total_bytes, true, ""});
  };
  return options;
}

void throw_if_cancelled(const Listener& listener, const std::string& hint) {
  if (listener.cancelled()) throw Error(ErrorKind::interrupted, "interrupted", hint);
}

LoadedModel open_model(const std::string& name_or_path, const std::string& mirror, bool with_sha256,
                       const Listener& listener) {
  LoadedModel model;
  const std::string path = resolve_model(name_or_path, mirror, listener);
  ModelFile file = value_or_throw(load_model_file(path));
  // A name that people know says more than what some converter wrote into the file.
  if (path != name_or_path) file.name = name_or_path;
  model.file = std::make_shared<const ModelFile>(std::move(file));
  if (model.file->tokenizer) {
    model.tokenizer = std::make_unique<const Tokenizer>(
        value_or_throw(Tokenizer::create(*model.file->tokenizer)));
  }
  if (with_sha256) hash_model(&model, listener);
  return model;
}

void hash_model(LoadedModel* model, const Listener& listener) {
  constexpr std::int64_t kWorthABar = 500'000'000;
  const ModelFile& file = *model->file;
  const auto progress = [&](std::int64_t done) {
    if (file.file_bytes < kWorthABar) return;
    listener.progress({"hashing " + file.name, done, file.file_bytes, true, ""});
  };
  model->sha256 = value_or_throw(model_sha256(file, progress));
}

bool is_known_model(const std::string& name_or_path) {
  std::error_code error;
  if (std::filesystem::exists(name_or_path, error)) return true;
  const std::vector<fetch::ListedModel> models = listed_models();
  return std::any_of(models.begin(), models.end(),
                     [&](const auto& model) { return model.name == name_or_path; });
}

void require_model_here(const std::string& name_or_path) {
  std::error_code error;
  if (std::filesystem::exists(name_or_path, error)) return;
  for (const fetch::ListedModel& model : listed_models()) {
    if (model.name != name_or_path || model.available) continue;
    throw Error(ErrorKind::environment,
                fmt::format("{} is not in the cache: {}{} would be fetched", model.name,
                            model.bytes_are_a_bound ? "at most " : "", format_bytes(model.bytes)),
                fmt::format("`assay fetch model {}` does so", model.name));
  }
}

const Tokenizer& require_tokenizer(const LoadedModel& model) {
  if (!model.tokenizer) {
    throw Error(
        ErrorKind::environment,
        fmt::format("{} has no tokenizer: {}", model.file->name, model.file->tokenizer_problem),
        model.file->format.starts_with("gguf")
            ? "use the Hugging Face folder it was made from, if that has a tokenizer.json that is "
              "known here"
            : "put its tokenizer.json beside the weights, or use its GGUF file");
  }
  return *model.tokenizer;
}

std::unique_ptr<Device> open_device(const BackendSpec& spec, Numerics numerics, int threads,
                                    const ModelFile& model) {
  const BackendPlugin& plugin = *value_or_throw(find_backend(spec.name));
  if (plugin.create == nullptr) {
    throw Error(
        ErrorKind::usage,
        fmt::format("backend {} is a server: it has neither logits nor a device", spec.name),
        "use it with `assay run`, and another backend here");
  }
  const Availability availability = plugin.availability();
  if (!availability.available) {
    throw Error(ErrorKind::environment,
                fmt::format("backend {} does not run here: {}", spec.name, availability.why),
                "`assay list backends` shows what does");
  }
  std::set<TensorType> types;
  for (const auto& [name, view] : model.tensors) types.insert(view.type);
  for (const TensorType type : types) value_or_throw(plugin.supports(numerics, type));
  BackendRequest request;
  request.numerics = numerics;
  request.threads = threads;
  request.options = spec.options;
  return value_or_throw(plugin.create(request));
}

}  // namespace assay
