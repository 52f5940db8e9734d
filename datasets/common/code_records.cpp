#include "datasets/common/code_records.h"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

namespace assay::datasets {
namespace {

/// Letters, digits and underscores only: the name goes into a Python program.
bool is_python_name(std::string_view name) {
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return false;
  return name.find_first_not_of(
             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") ==
         std::string_view::npos;
}

/// Id, prompt and a checked entry point.
Result<Problem> read_function(const RecordSource& source) {
  Problem problem;
  Result<std::string> id = string_field(source, "task_id");
  if (!id) return tl::unexpected(id.error());
  problem.id = std::move(*id);
  Result<std::string> prompt = string_field(source, "prompt");
  if (!prompt) return tl::unexpected(prompt.error());
  problem.question = std::move(*prompt);
  Result<std::string> entry_point = string_field(source, "entry_point");
  if (!entry_point) return tl::unexpected(entry_point.error());
  if (!is_python_name(*entry_point) ||
      problem.question.find("def " + *entry_point + "(") == std::string::npos) {
    return env_failure(fmt::format("{}: the prompt does not define the entry point", source.where));
  }
  problem.extra["entry_point"] = std::move(*entry_point);
  return problem;
}

/// A list of argument lists; absent: an empty one.
Result<nlohmann::json> inputs_field(const RecordSource& source, const char* field) {
  nlohmann::json inputs = optional_field(source, field);
  if (inputs.is_null()) return nlohmann::json::array();
  const bool is_sound = inputs.is_array() && std::all_of(inputs.begin(), inputs.end(),
                                                         [](const nlohmann::json& arguments) {
                                                           return arguments.is_array();
                                                         });
  if (is_sound) return inputs;
  return env_failure(fmt::format("{}: '{}' is no list of argument lists", source.where, field));
}

}  // namespace

Result<Problem> read_code_problem(const RecordSource& source) {
  Result<Problem> problem = read_function(source);
  if (!problem) return problem;
  for (const char* field : {"test", "canonical_solution"}) {
    Result<std::string> value = string_field(source, field);
    if (!value) return tl::unexpected(value.error());
    problem->extra[field] = std::move(*value);
  }
  return problem;
}

Result<Problem> read_plus_problem(const RecordSource& source) {
  Result<Problem> problem = read_function(source);
  if (!problem) return problem;
  Result<std::string> solution = first_string_field(source, {"canonical_solution", "reference"});
  if (!solution) return tl::unexpected(solution.error());
  problem->extra["canonical_solution"] = std::move(*solution);
  for (const char* field : {"base_input", "plus_input"}) {
    Result<nlohmann::json> inputs = inputs_field(source, field);
    if (!inputs) return tl::unexpected(inputs.error());
    problem->extra[field] = std::move(*inputs);
  }
  if (problem->extra["base_input"].empty()) {
    return env_failure(fmt::format("{}: no inputs in 'base_input'", source.where));
  }
  const nlohmann::json tolerance = optional_field(source, "atol");
  problem->extra["atol"] = tolerance.is_number() ? tolerance : nlohmann::json(0);
  for (const char* field : {"contract", "test"}) {
    const nlohmann::json text = optional_field(source, field);
    problem->extra[field] = text.is_string() ? text : nlohmann::json("");
  }
  return problem;
}

}  // namespace assay::datasets
