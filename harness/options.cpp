#include "harness/options.h"

#include <fmt/core.h>

#include <charconv>

#include "core/plugins.h"
#include "harness/names.h"

namespace assay {
namespace {

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (true) {
    const std::size_t at = text.find(separator);
    parts.emplace_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

struct Assignment {
  std::string name;
  std::string value;
};

std::optional<Assignment> parse_assignment(std::string_view text) {
  const std::size_t at = text.find('=');
  if (at == std::string_view::npos || at == 0 || at + 1 == text.size()) return std::nullopt;
  return Assignment{std::string(text.substr(0, at)), std::string(text.substr(at + 1))};
}

Result<void> apply_task_option(std::string_view text, TaskSpec* task) {
  const std::optional<Assignment> option = parse_assignment(text);
  if (!option) {
    return failure(ErrorKind::usage, fmt::format("'{}' is not an option of a task", text),
                   "write --task NAME:first=N or NAME:protocol=P, tasks separated by commas");
  }
  if (option->name == "protocol") {
    task->protocol = option->value;
    return {};
  }
  if (option->name != "first" && option->name != "limit") {
    return failure(ErrorKind::usage, fmt::format("tasks have no option '{}'", option->name),
                   "known: first=N, limit=N, protocol=P");
  }
  std::int64_t count = 0;
  const char* end = option->value.data() + option->value.size();
  const auto parsed = std::from_chars(option->value.data(), end, count);
  if (parsed.ec != std::errc() || parsed.ptr != end || count < 1) {
    return failure(ErrorKind::usage,
                   fmt::format("{}={} is not a positive number", option->name, option->value));
  }
  (option->name == "first" ? task->first : task->limit) = count;
  return {};
}

}  // namespace

Result<BackendSpec> parse_backend_spec(std::string_view text) {
  const std::size_t colon = text.find(':');
  BackendSpec spec;
  spec.name = std::string(text.substr(0, colon));
  if (Result<const BackendPlugin*> found = find_backend(spec.name); !found) {
    return tl::unexpected(found.error());
  }
  if (colon == std::string_view::npos) return spec;
  for (const std::string& part : split(text.substr(colon + 1), ',')) {
    const std::optional<Assignment> option = parse_assignment(part);
    if (!option) {
      return failure(ErrorKind::usage,
                     // A part of a URL may be a part of its password.
                     fmt::format("'{}' is not an option of backend {}",
                                 part.find('@') == std::string::npos ? part : "...@...", spec.name),
                     fmt::format("write --backend {}:option=value,option=value", spec.name));
    }
    spec.options[option->name] = option->value;
  }
  return spec;
}

Numerics default_numerics(const BackendSpec& spec) {
  const auto plugin = find_backend(spec.name);
  if (!plugin || (*plugin)->default_numerics == nullptr) return Numerics::exact;
  return (*plugin)->default_numerics(spec.options);
}

Result<std::vector<TaskSpec>> parse_task_specs(std::string_view text) {
  std::vector<TaskSpec> tasks;
  for (const std::string& part : split(text, ',')) {
    const std::size_t colon = part.find(':');
    const std::string name = part.substr(0, colon);
    // "a:first=2,protocol=x": an assignment without a task name continues the task before it.
    if (colon == std::string::npos && parse_assignment(part) && !tasks.empty()) {
      if (Result<void> applied = apply_task_option(part, &tasks.back()); !applied) {
        return tl::unexpected(applied.error());
      }
      continue;
    }
    if (Result<const DatasetPlugin*> found = find_task(name); !found) {
      return tl::unexpected(found.error());
    }
    for (const TaskSpec& earlier : tasks) {
      if (earlier.name == name) {
        return failure(ErrorKind::usage, fmt::format("task {} is named twice", name));
      }
    }
    TaskSpec task;
    task.name = name;
    if (colon != std::string::npos) {
      if (Result<void> applied = apply_task_option(part.substr(colon + 1), &task); !applied) {
        return tl::unexpected(applied.error());
      }
    }
    tasks.push_back(std::move(task));
  }
  return tasks;
}

}  // namespace assay
