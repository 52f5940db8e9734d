// GSM8K: 1,319 test problems of grade school mathematics (Cobbe et al. 2021, arXiv 2110.14168).
#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/plugins.h"
#include "datasets/common/records.h"

namespace assay {
namespace {

DatasetManifest manifest() {
  DatasetManifest manifest;
  manifest.name = "gsm8k";
  manifest.title = "GSM8K, test";
  manifest.licence = "MIT";
  manifest.source = "openai/grade-school-math; the same problems: openai/gsm8k";
  manifest.urls = {
      "https://raw.githubusercontent.com/openai/grade-school-math/master/grade_school_math/data/"
      "test.jsonl"};
  manifest.sha256 = "3730d312f6e3440559ace48831e51066acaca737f6eabec99bccb9e4b3c39d14";
  manifest.file_name = "gsm8k.jsonl";
  manifest.n_problems = 1319;
  manifest.eval = "gsm8k";
  return manifest;
}

/// The number behind the last "####", without thousands separators.
Result<std::string> final_number(const std::string& solution, const std::string& where) {
  constexpr std::string_view mark = "####";
  const std::size_t at = solution.rfind(mark);
  std::string number = at == std::string::npos ? "" : solution.substr(at + mark.size());
  number.erase(std::remove_if(number.begin(), number.end(),
                              [](char c) { return c == ',' || c == ' ' || c == '\n'; }),
               number.end());
  if (number.empty() || number.find_first_not_of("-.0123456789") != std::string::npos) {
    return env_failure(fmt::format("{}: the answer does not end in '#### number'", where));
  }
  return number;
}

/// The file has no ids: a problem is known by its place.
Result<Problem> read_problem(const datasets::RecordSource& source) {
  Problem problem;
  problem.id = fmt::format("gsm8k/{}", source.place);
  Result<std::string> question = datasets::string_field(source, "question");
  if (!question) return tl::unexpected(question.error());
  problem.question = std::move(*question);
  Result<std::string> solution = datasets::string_field(source, "answer");
  if (!solution) return tl::unexpected(solution.error());
  Result<std::string> number = final_number(*solution, source.where);
  if (!number) return tl::unexpected(number.error());
  problem.answer = std::move(*number);
  problem.extra["solution"] = std::move(*solution);
  return problem;
}

}  // namespace

DatasetPlugin make_dataset_gsm8k() {
  return {manifest(), [](const std::string& path) {
            return datasets::read_record_file(path, manifest(), read_problem);
          }};
}

}  // namespace assay
