// MATH-500: the 500 test problems of MATH that PRM800K holds out (Lightman et al. 2023).
#include <fmt/core.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "core/plugins.h"
#include "datasets/common/records.h"

namespace assay {
namespace {

DatasetManifest manifest() {
  DatasetManifest manifest;
  manifest.name = "math500";
  manifest.title = "MATH-500";
  manifest.licence = "MIT";
  manifest.source = "openai/prm800k; the same problems: HuggingFaceH4/MATH-500";
  manifest.urls = {
      "https://media.githubusercontent.com/media/openai/prm800k/main/prm800k/math_splits/"
      "test.jsonl",
      "https://huggingface.co/datasets/HuggingFaceH4/MATH-500/resolve/main/test.jsonl"};
  manifest.sha256 = "35dc41080a3680858b27fa7e0533d2d547825316fc5dafe5d316f4ccc5a06132";
  manifest.file_name = "math500.jsonl";
  manifest.n_problems = 500;
  manifest.eval = "math";
  return manifest;
}

/// "test/precalculus/807.json" -> "math500/precalculus/807": the problem's name in MATH itself, so
/// that the id does not depend on the file's order.
Result<std::string> id_of(const datasets::RecordSource& source) {
  const Result<std::string> unique_id = datasets::string_field(source, "unique_id");
  if (!unique_id) return tl::unexpected(unique_id.error());
  std::string_view path = *unique_id;
  if (path.starts_with("test/")) path.remove_prefix(5);
  if (path.ends_with(".json")) path.remove_suffix(5);
  if (path.empty()) return env_failure(source.where + ": the field 'unique_id' is empty");
  return fmt::format("math500/{}", path);
}

Result<Problem> read_problem(const datasets::RecordSource& source) {
  Problem problem;
  Result<std::string> id = id_of(source);
  if (!id) return tl::unexpected(id.error());
  problem.id = std::move(*id);
  Result<std::string> question = datasets::string_field(source, "problem");
  if (!question) return tl::unexpected(question.error());
  problem.question = std::move(*question);
  Result<std::string> answer = datasets::string_field(source, "answer");
  if (!answer) return tl::unexpected(answer.error());
  problem.answer = std::move(*answer);
  for (const char* field : {"subject", "level", "solution"}) {
    problem.extra[field] = datasets::optional_field(source, field);
  }
  return problem;
}

}  // namespace

DatasetPlugin make_dataset_math500() {
  return {manifest(), [](const std::string& path) {
            return datasets::read_record_file(path, manifest(), read_problem);
          }};
}

}  // namespace assay
