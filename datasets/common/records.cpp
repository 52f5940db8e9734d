#include "datasets/common/records.h"

#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <unordered_map>
#include <utility>

#include "core/jsonl.h"
#include "core/sha256.h"

namespace assay::datasets {

Result<DatasetContent> read_records(std::string_view text, const std::string& name,
                                    const DatasetManifest& manifest, const RecordReader& reader) {
  DatasetContent content;
  std::unordered_map<std::string, std::string> first_seen;  // id -> where
  const auto sink = [&](const nlohmann::json& record, const std::string& where) -> Result<void> {
    const RecordSource source{record, where, static_cast<std::int64_t>(content.problems.size())};
    Result<Problem> problem = reader(source);
    if (!problem) return tl::unexpected(problem.error());
    const auto [entry, is_new] = first_seen.emplace(problem->id, where);
    if (!is_new) {
      return env_failure(
          fmt::format("{}: problem {} was already at {}", where, problem->id, entry->second));
    }
    content.problems.push_back(std::move(*problem));
    return {};
  };
  if (Result<void> read = for_each_jsonl(text, name, sink); !read) {
    return tl::unexpected(read.error());
  }
  const auto n_found = static_cast<std::int64_t>(content.problems.size());
  if (n_found != manifest.n_problems) {
    return env_failure(fmt::format("{}: {} has {} problems, this file has {}", name, manifest.name,
                                   manifest.n_problems, n_found),
                       fmt::format("fetch it again with 'assay fetch dataset {}'", manifest.name));
  }
  return content;
}

Result<DatasetContent> read_record_file(const std::string& path, const DatasetManifest& manifest,
                                        const RecordReader& reader) {
  Result<TextFile> file = read_text_file(path);
  if (!file) return tl::unexpected(file.error());
  const std::string name = std::filesystem::path(path).filename().string();
  Result<DatasetContent> content = read_records(file->text, name, manifest, reader);
  if (content) content->sha256 = std::move(file->sha256);
  return content;
}

Result<DatasetContent> read_embedded(std::string_view text, const DatasetManifest& manifest,
                                     const RecordReader& reader) {
  Result<DatasetContent> content = read_records(text, manifest.file_name, manifest, reader);
  if (content) content->sha256 = sha256_hex(text);
  return content;
}

Result<std::string> first_string_field(const RecordSource& source,
                                       std::initializer_list<const char*> fields) {
  for (const char* field : fields) {
    const auto found = source.record.find(field);
    if (found == source.record.end()) continue;
    if (!found->is_string()) {
      return env_failure(fmt::format("{}: field '{}' is {}, expected a string", source.where, field,
                                     found->type_name()));
    }
    return found->get<std::string>();
  }
  return env_failure(fmt::format("{}: no field '{}'", source.where, fmt::join(fields, "' or '")));
}

Result<std::string> string_field(const RecordSource& source, const char* field) {
  return first_string_field(source, {field});
}

nlohmann::json optional_field(const RecordSource& source, const char* field) {
  const auto found = source.record.find(field);
  return found == source.record.end() ? nlohmann::json() : *found;
}

}  // namespace assay::datasets
