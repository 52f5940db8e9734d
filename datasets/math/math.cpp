// MATH: the 5,000 test problems (Hendrycks et al. 2021, arXiv 2103.03874).
//
// Two files of them exist, in different orders and without ids: JSON lines with solutions (the
// answer is what the solution boxes), and a CSV with answers. A problem's id is the hash of its
// text, so that both give the same ids.
#include <fmt/core.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/jsonl.h"
#include "core/plugins.h"
#include "core/sha256.h"
#include "datasets/common/records.h"
#include "datasets/math/boxed_answer.h"
#include "datasets/math/csv.h"

namespace assay {
namespace {

using nlohmann::json;

/// Hex digits of a hash in an id: 5,000 problems share none.
constexpr std::size_t id_digits = 12;

DatasetManifest manifest() {
  DatasetManifest manifest;
  manifest.name = "math";
  manifest.title = "MATH, test";
  manifest.licence = "MIT";
  manifest.source = "hendrycks/math; this file: microsoft/ToRA; with answers: openai/simple-evals";
  manifest.urls = {
      "https://raw.githubusercontent.com/microsoft/ToRA/main/src/data/math/test.jsonl"};
  manifest.sha256 = "3371949f33dd702d04b43fddd7d53a028de0aaca0e76abb1b875a050297b3aa4";
  manifest.file_name = "math.jsonl";
  manifest.n_problems = 5000;
  manifest.eval = "math";
  return manifest;
}

Result<Problem> read_problem(const datasets::RecordSource& source) {
  Problem problem;
  Result<std::string> question = datasets::first_string_field(source, {"problem", "Question"});
  if (!question) return tl::unexpected(question.error());
  problem.question = std::move(*question);
  problem.id = "math/" + sha256_hex(problem.question).substr(0, id_digits);
  const json answer = datasets::optional_field(source, "Answer");
  if (answer.is_string()) {
    problem.answer = answer.get<std::string>();
  } else {
    Result<std::string> solution = datasets::string_field(source, "solution");
    if (!solution) return tl::unexpected(solution.error());
    std::optional<std::string> boxed = datasets::boxed_answer(*solution);
    if (!boxed) return env_failure(source.where + ": the solution boxes no answer");
    problem.answer = std::move(*boxed);
    problem.extra["solution"] = std::move(*solution);
  }
  for (const char* field : {"level", "type"}) {
    problem.extra[field] = datasets::optional_field(source, field);
  }
  return problem;
}

/// The CSV's rows as JSON lines, under the names of its header.
Result<std::string> json_lines(std::string_view text, const std::string& name) {
  const Result<std::vector<datasets::CsvRow>> rows = datasets::parse_csv(text, name);
  if (!rows) return tl::unexpected(rows.error());
  std::string lines;
  for (std::size_t i = 1; i < rows->size(); ++i) {
    json record = json::object();
    const auto& fields = (*rows)[i].fields;
    for (std::size_t f = 0; f < fields.size() && f < rows->front().fields.size(); ++f) {
      record[rows->front().fields[f]] = fields[f];
    }
    lines += record.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
  }
  return lines;
}

Result<DatasetContent> read(const std::string& path) {
  Result<TextFile> file = read_text_file(path);
  if (!file) return tl::unexpected(file.error());
  const std::string name = std::filesystem::path(path).filename().string();
  const std::size_t start = file->text.find_first_not_of(" \t\r\n");
  const bool is_csv = start != std::string::npos && file->text[start] != '{';
  if (is_csv) {
    Result<std::string> lines = json_lines(file->text, name);
    if (!lines) return tl::unexpected(lines.error());
    file->text = std::move(*lines);
  }
  Result<DatasetContent> content =
      datasets::read_records(file->text, name, manifest(), read_problem);
  if (content) content->sha256 = std::move(file->sha256);
  return content;
}

}  // namespace

DatasetPlugin make_dataset_math() {
  return {manifest(), read};
}

}  // namespace assay
