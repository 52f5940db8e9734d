#include "harness/task_source.h"

#include <filesystem>

#include "harness/engine.h"
#include "harness/fetch/fetch.h"

namespace assay {

Availability dataset_availability(const DatasetManifest& manifest) {
  if (manifest.embedded) return {true, "embedded"};
  const Result<fetch::Options> options = fetch::options_from_environment();
  if (!options) return {false, options.error().line()};
  std::error_code error;
  const auto path = options->cache_root / "datasets" / manifest.name / manifest.file_name;
  if (std::filesystem::exists(path, error)) return {true, "in the cache"};
  return {false, "not in the cache: assay fetch dataset " + manifest.name};
}

DatasetContent read_dataset(const DatasetPlugin& plugin, const Listener& listener) {
  if (plugin.manifest.embedded) return value_or_throw(plugin.read(""));
  const fetch::Options options = fetch_options("", listener);
  const fetch::Fetched fetched = value_or_throw(fetch::fetch_dataset(plugin.manifest, options));
  return value_or_throw(plugin.read(fetched.path.string()));
}

}  // namespace assay
