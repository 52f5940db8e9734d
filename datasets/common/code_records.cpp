#include "datasets/common/code_records.h"

#include <fmt/core.h>

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

}  // namespace

Result<Problem> read_code_problem(const RecordSource& source) {
  Problem problem;
  Result<std::string> id = string_field(source, "task_id");
  if (!id) return tl::unexpected(id.error());
  problem.id = std::move(*id);
  Result<std::string> prompt = string_field(source, "prompt");
  if (!prompt) return tl::unexpected(prompt.error());
  problem.question = std::move(*prompt);
  for (const char* field : {"entry_point", "test", "canonical_solution"}) {
    Result<std::string> value = string_field(source, field);
    if (!value) return tl::unexpected(value.error());
    problem.extra[field] = std::move(*value);
  }
  const auto& entry_point = problem.extra["entry_point"].get_ref<const std::string&>();
  if (!is_python_name(entry_point) ||
      problem.question.find("def " + entry_point + "(") == std::string::npos) {
    return env_failure(fmt::format("{}: the prompt does not define the entry point", source.where));
  }
  return problem;
}

}  // namespace assay::datasets
