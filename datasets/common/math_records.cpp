#include "datasets/common/math_records.h"

#include <fmt/core.h>

#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "core/sha256.h"

namespace assay::datasets {
namespace {

constexpr int problems_per_exam = 15;

/// An exam (0: I, 1: II) and a problem's number in it.
using ExamPlace = std::pair<int, int>;

/// Takes a decimal number of one or two digits off the front of `text`.
std::optional<int> take_number(std::string_view& text) {
  int value = 0;
  std::size_t digits = 0;
  while (digits < text.size() && digits < 3 && text[digits] >= '0' && text[digits] <= '9') {
    value = value * 10 + (text[digits] - '0');
    ++digits;
  }
  text.remove_prefix(digits);
  return digits == 1 || digits == 2 ? std::optional(value) : std::nullopt;
}

/// The place behind `prefix` in `text`: "I" or "II", `between`, number.
std::optional<ExamPlace> exam_place(std::string_view text, std::string_view prefix,
                                    std::string_view between) {
  const std::size_t start = text.find(prefix);
  if (start == std::string_view::npos) return std::nullopt;
  text.remove_prefix(start + prefix.size());
  int exam = -1;
  while (text.starts_with('I')) {
    text.remove_prefix(1);
    ++exam;
  }
  if (exam < 0 || exam > 1 || !text.starts_with(between)) return std::nullopt;
  text.remove_prefix(between.size());
  const std::optional<int> number = take_number(text);
  if (!number || *number < 1 || *number > problems_per_exam) return std::nullopt;
  return ExamPlace{exam, *number};
}

/// From what the record says of itself, else from its place in the file.
Result<ExamPlace> place_of(const RecordSource& source, const AimeYear& year) {
  const nlohmann::json url = optional_field(source, "url");
  if (url.is_string()) {
    if (const auto place = exam_place(url.get_ref<const std::string&>(),
                                      fmt::format("{}_AIME_", year.year), "_Problems/Problem_")) {
      return *place;
    }
    return env_failure(
        fmt::format("{}: the url names no problem of AIME {}", source.where, year.year));
  }
  const nlohmann::json id = optional_field(source, "ID");
  if (id.is_string()) {
    if (const auto place =
            exam_place(id.get_ref<const std::string&>(), fmt::format("{}-", year.year), "-")) {
      return *place;
    }
    return env_failure(
        fmt::format("{}: the ID names no problem of AIME {}", source.where, year.year));
  }
  const std::int64_t exam = source.place / problems_per_exam;
  if (exam > 1) return env_failure(fmt::format("{}: more than 30 problems", source.where));
  return ExamPlace{static_cast<int>(exam),
                   year.file_order[static_cast<std::size_t>(source.place % problems_per_exam)]};
}

std::optional<int> aime_value(const nlohmann::json& answer) {
  double value = -1;
  if (answer.is_number()) {
    value = answer.get<double>();
  } else if (answer.is_string()) {
    const auto& text = answer.get_ref<const std::string&>();
    if (text.empty() || text.size() > 3) return std::nullopt;
    value = 0;
    for (const char c : text) {
      if (c < '0' || c > '9') return std::nullopt;
      value = value * 10 + (c - '0');
    }
  }
  if (!(value >= 0 && value <= 999) || value != std::floor(value)) return std::nullopt;
  return static_cast<int>(value);
}

std::string without_instruction(std::string question) {
  const std::size_t start = question.rfind("\nPlease reason step by step");
  if (start != std::string::npos) question.erase(start);
  while (!question.empty() && (question.back() == '\n' || question.back() == ' ')) {
    question.pop_back();
  }
  return question;
}

}  // namespace

Result<DatasetContent> read_aime(const std::string& path, const DatasetManifest& manifest,
                                 const AimeYear& year) {
  std::map<ExamPlace, std::string> answers;
  const auto reader = [&](const RecordSource& source) -> Result<Problem> {
    const Result<ExamPlace> place = place_of(source, year);
    if (!place) return tl::unexpected(place.error());
    Result<std::string> question =
        first_string_field(source, {"problem", "question", "Problem", "prompt"});
    if (!question) return tl::unexpected(question.error());
    nlohmann::json answer = optional_field(source, "answer");
    if (answer.is_null()) answer = optional_field(source, "Answer");
    const std::optional<int> value = aime_value(answer);
    if (!value) {
      return env_failure(fmt::format("{}: the answer is no integer from 0 to 999", source.where));
    }
    Problem problem;
    problem.id =
        fmt::format("{}/{}-{}", year.dataset, place->first == 0 ? "I" : "II", place->second);
    problem.question = without_instruction(std::move(*question));
    problem.answer = std::to_string(*value);
    answers[*place] = problem.answer;
    return problem;
  };
  Result<DatasetContent> content = read_record_file(path, manifest, reader);
  if (!content) return content;
  std::string in_exam_order;
  for (const auto& [place, answer] : answers) in_exam_order += answer + "\n";
  if (sha256_hex(in_exam_order) != year.answers_sha256) {
    return env_failure(
        fmt::format("{}: the answers are not those of AIME {} in exam order", path, year.year),
        fmt::format("fetch it again with 'assay fetch dataset {}'", year.dataset));
  }
  return content;
}

Result<Problem> read_mini_problem(const RecordSource& source) {
  Problem problem;
  for (const auto& [field, target] : {std::pair{"id", &problem.id},
                                      {"question", &problem.question},
                                      {"answer", &problem.answer}}) {
    Result<std::string> value = string_field(source, field);
    if (!value) return tl::unexpected(value.error());
    *target = std::move(*value);
  }
  problem.extra["level"] = optional_field(source, "level");
  for (const char* field : {"subject", "solution"}) {
    if (source.record.contains(field)) problem.extra[field] = source.record[field];
  }
  return problem;
}

}  // namespace assay::datasets
