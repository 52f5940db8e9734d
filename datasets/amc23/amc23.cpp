// AMC 2023: the 40 problems of AMC 12A and 12B whose answers are numbers, as Qwen2.5-Math's
// evaluation chose them.
#include <fmt/core.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/plugins.h"
#include "datasets/common/records.h"

namespace assay {
namespace {

DatasetManifest manifest() {
  DatasetManifest manifest;
  manifest.name = "amc23";
  manifest.title = "AMC 12 2023, 40 problems";
  manifest.licence = "problems (c) Mathematical Association of America";
  manifest.source = "Mathematical Association of America; selection: QwenLM/Qwen2.5-Math";
  manifest.urls = {
      "https://raw.githubusercontent.com/QwenLM/Qwen2.5-Math/main/evaluation/data/amc23/"
      "test.jsonl"};
  manifest.sha256 = "43707e1ca784602d8479de24ee8ce36609dbebc46dd152b0b12a46611aa898a4";
  manifest.file_name = "amc23.jsonl";
  manifest.n_problems = 40;
  manifest.eval = "math";
  return manifest;
}

/// 27.0 is the integer 27: the file writes every answer as a float.
Result<std::string> answer_of(const datasets::RecordSource& source) {
  const nlohmann::json answer = datasets::optional_field(source, "answer");
  if (answer.is_string()) return answer.get<std::string>();
  if (answer.is_number()) {
    const double value = answer.get<double>();
    if (value == std::floor(value) && std::abs(value) < 1e15) return fmt::format("{:.0f}", value);
  }
  return env_failure(fmt::format("{}: the answer is no integer and no text", source.where));
}

Result<Problem> read_problem(const datasets::RecordSource& source) {
  Problem problem;
  problem.id = fmt::format("amc23/{}", source.place);
  Result<std::string> question = datasets::first_string_field(source, {"problem", "question"});
  if (!question) return tl::unexpected(question.error());
  problem.question = std::move(*question);
  Result<std::string> answer = answer_of(source);
  if (!answer) return tl::unexpected(answer.error());
  problem.answer = std::move(*answer);
  problem.extra["url"] = datasets::optional_field(source, "url");
  return problem;
}

}  // namespace

DatasetPlugin make_dataset_amc23() {
  return {manifest(), [](const std::string& path) {
            return datasets::read_record_file(path, manifest(), read_problem);
          }};
}

}  // namespace assay
