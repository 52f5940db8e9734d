#include "tool/run_text.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/json_access.h"
#include "core/text.h"
#include "reports/common/endpoint_report.h"

namespace assay::tool {
namespace {

using nlohmann::json;

std::string task_text(const json& task) {
  std::string text = fmt::format("{}\n", json_text(task, "name"));
  if (const std::string skipped = json_text(task, "skipped"); !skipped.empty()) {
    return text + fmt::format("  skipped          {}\n", skipped);
  }
  const json& counts = json_member(task, "counts");
  const json& pass = json_member(json_member(task, "metrics"), "pass@1");
  text += fmt::format("  right            {}  pass@1 of {} problems x {}, protocol {}\n",
                      rate_text(pass), json_member(task, "n_problems").dump(),
                      json_member(task, "samples_per_problem").dump(), json_text(task, "protocol"));
  text += failures_text(pass);
  text += fmt::format("  complete chains  {}\n",
                      rate_text(json_member(json_member(task, "chain"), "complete_rate")));
  text += fmt::format("  outcomes         {}\n", outcomes_text(task));
  if (json_flag(task, "partial").value_or(false)) {
    text += fmt::format("  partial          {} of {} samples were made\n",
                        json_member(counts, "done").dump(), json_member(counts, "planned").dump());
  }
  return text;
}

std::string number_or_unknown(const std::optional<double>& value, const char* unit) {
  return value ? fmt::format("{:.4g} {}", *value, unit) : "not measured";
}

std::string bytes_or_unknown(const json& memory, const char* name) {
  const std::optional<std::int64_t> bytes = json_integer(memory, name);
  return bytes ? format_bytes(*bytes) : "not measured";
}

}  // namespace

std::string rate_text(const json& rate) {
  const std::optional<double> value = json_number(rate, "value");
  if (!value) {
    const std::string why = json_text(rate, "why");
    return why.empty() ? "unknown" : "unknown: " + why;
  }
  std::string text = fmt::format("{:.1f} %", *value * 100);
  const json& interval = json_list(rate, "ci95");
  if (interval.size() == 2) {
    text += fmt::format(" ({:.1f} to {:.1f})", interval[0].get<double>() * 100,
                        interval[1].get<double>() * 100);
  }
  return text;
}

std::string failures_text(const json& rate) {
  const auto failed = json_integer(rate, "failed");
  const json& bounds = json_list(rate, "bounds");
  if (!failed || bounds.size() != 2) return {};
  return fmt::format(
      "  FAILED           {} sample{} left out, neither right nor wrong: with {} the score lies "
      "between {:.1f} and {:.1f} %\n",
      *failed, *failed == 1 ? "" : "s", *failed == 1 ? "it" : "them", bounds[0].get<double>() * 100,
      bounds[1].get<double>() * 100);
}

std::string outcomes_text(const json& task) {
  std::string text;
  const json& partition = json_member(task, "outcomes");
  for (const auto& [name, count] : partition.items()) {
    if (!count.is_number_integer() || count == 0) continue;
    std::string words = name;
    std::replace(words.begin(), words.end(), '_', ' ');
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count.dump(), words);
  }
  return text.empty() ? "none" : text;
}

std::string run_text(const json& report) {
  std::string text;
  for (const json& task : json_list(report, "tasks")) text += task_text(task);
  const json& recipe = json_member(report, "recipe");
  for (const json& row : json_list(recipe, "published")) {
    const std::string verdict = json_text(row, "verdict");
    text += fmt::format("recipe             {}: {} of {}: {} ({}; {})\n", json_text(recipe, "name"),
                        json_text(row, "metric"), json_text(row, "task"),
                        verdict.empty() ? "no verdict" : verdict, json_text(row, "why"),
                        json_text(row, "source"));
  }
  const json& speed = json_member(report, "throughput");
  const json& memory = json_member(report, "memory");
  const auto first_ms = json_number(json_member(speed, "ttft_ms"), "p50");
  text +=
      fmt::format("speed              decode {}, prefill {}, first token {}\n",
                  number_or_unknown(json_number(speed, "decode_tokens_per_s"), "tokens/s"),
                  number_or_unknown(json_number(speed, "prefill_tokens_per_s"), "tokens/s"),
                  first_ms ? fmt::format("after {:.4g} ms (median)", *first_ms) : "not measured");
  text += fmt::format("memory             peak {}, planned {}\n",
                      bytes_or_unknown(memory, "host_peak_bytes"),
                      bytes_or_unknown(memory, "planned_bytes"));
  const json& endpoint = json_member(report, "endpoint");
  if (endpoint.is_object()) {
    text += fmt::format("endpoint           {} ({}, {}), identity {}\n", json_text(endpoint, "url"),
                        json_text(endpoint, "api"), json_text(endpoint, "model"),
                        json_text(endpoint, "identity"));
  }
  for (const EndpointFinding& finding : endpoint_findings(endpoint)) {
    text += fmt::format("  {:<16} {}\n", finding.name, finding.text);
  }
  for (const json& warning : json_list(report, "warnings")) {
    text += fmt::format("warning: {}\n", json_text(warning, "text"));
  }
  return text;
}

}  // namespace assay::tool
