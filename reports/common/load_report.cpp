#include "reports/common/load_report.h"

#include <fmt/core.h>

#include "core/json_access.h"
#include "core/jsonl.h"
#include "core/text.h"
#include "reports/common/check_report.h"
#include "reports/common/report.h"

namespace assay {
namespace {

using nlohmann::json;

/// The members without which nothing can be compared.
constexpr const char* kObjects[] = {"tool",     "device", "model",    "backend",
                                    "decoding", "memory", "identity", "throughput"};

std::string first_unfinished_task(const json& report) {
  for (const json& task : json_list(report, "tasks")) {
    if (json_flag(task, "partial") != true) continue;
    const json& counts = json_member(task, "counts");
    return fmt::format("{} has {} of {} samples", name_for_message(json_text(task, "name")),
                       json_integer(counts, "done").value_or(0),
                       json_integer(counts, "planned").value_or(0));
  }
  return "a task lacks samples";
}

}  // namespace

Result<NamedReport> parse_report(std::string_view text, const std::string& name) {
  const std::string where = name_for_message(name, 300);
  Result<json> parsed = parse_json(text);
  if (!parsed) {
    return env_failure(fmt::format("{} is damaged: {}", where, parsed.error().message()),
                       "make it again with assay run --resume, which rewrites the reports");
  }
  const json& report = *parsed;
  const auto version = json_integer(report, "schema_version");
  bool complete = version.has_value() && json_member(report, "tasks").is_array();
  for (const char* object : kObjects) {
    complete = complete && json_member(report, object).is_object();
  }
  if (version.has_value() && *version != kReportVersion) {
    return env_failure(fmt::format("{} is a report of schema version {}, this assay reads {}",
                                   where, *version, kReportVersion),
                       "make it again with this assay from its journal");
  }
  if (!complete) {
    return env_failure(where + " is not a report of assay, or a part of one",
                       "give the report.json of a run's folder");
  }
  if (json_flag(report, "partial") == true) {
    return env_failure(
        fmt::format("{} is of an unfinished run: {}", where, first_unfinished_task(report)),
        "finish it with assay run --resume");
  }
  if (const std::string wrong = first_wrong_member(report); !wrong.empty()) {
    return env_failure(fmt::format("{} is damaged: {}", where, wrong),
                       "make it again with assay run --resume, which rewrites the reports");
  }
  return NamedReport{name, std::move(*parsed)};
}

Result<NamedReport> load_report(const std::string& path) {
  Result<TextFile> file = read_text_file(path);
  if (!file) return tl::unexpected(file.error());
  return parse_report(file->text, path);
}

}  // namespace assay
