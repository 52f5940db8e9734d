#include "reports/common/report.h"

#include <fmt/core.h>

#include <algorithm>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "core/json_access.h"
#include "core/statistics.h"
#include "core/text.h"
#include "reports/common/endpoint_report.h"
#include "reports/common/recipe_verdict.h"
#include "reports/common/task_report.h"

namespace assay {
namespace {

using nlohmann::json;

/// Home folders name their owner, and reports are shared.
void redact(json* value) {
  if (value->is_string()) {
    *value = redact_home_paths(value->get<std::string>());
  } else if (value->is_structured()) {
    for (json& child : *value) redact(&child);
  }
}

/// The plan's object under `name`: its members, and null for each of `fields` that it lacks.
json plan_object(const json& plan, const char* name, std::initializer_list<const char*> fields) {
  json out = json_member(plan, name);
  if (!out.is_object()) out = json::object();
  for (const char* field : fields) out.emplace(field, nullptr);
  redact(&out);
  return out;
}

void warn(json* warnings, const char* code, const std::string& text) {
  warnings->push_back({{"code", code}, {"text", text}});
}

/// Sum over the processes of a run; nothing unless each of them has it.
std::optional<double> total_of(const Journal& journal, const char* name) {
  std::optional<double> sum;
  for (const json& totals : journal.totals) {
    const std::optional<double> value = json_number(totals, name);
    if (!value) return std::nullopt;
    sum = sum.value_or(0) + *value;
  }
  return sum;
}

/// The largest over the processes; nothing unless one of them has it.
json peak_of(const Journal& journal, const char* name) {
  std::optional<std::int64_t> peak;
  for (const json& totals : journal.totals) {
    const auto value = json_integer(json_member(totals, "memory"), name);
    if (value) peak = std::max(peak.value_or(0), *value);
  }
  return peak ? json(*peak) : json();
}

json ratio(std::optional<double> dividend, std::optional<double> divisor) {
  if (!dividend || !divisor || *divisor <= 0 || *dividend <= 0) return nullptr;
  return *dividend / *divisor;
}

json percentiles(const std::vector<double>& values) {
  json out = json::object();
  for (const int percent : {5, 25, 50, 75, 90, 99}) {
    const auto value = quantile(values, percent / 100.0);
    out[fmt::format("p{}", percent)] = value ? json(*value) : json();
  }
  return out;
}

/// What the rates of a run are computed from.
struct SpeedContext {
  bool allowed = true;                       ///< a Release build without sanitizers
  std::optional<double> bandwidth_gb_per_s;  ///< measured, of the device
  std::optional<double> step_bytes;          ///< weights that one decode step reads
  std::optional<double> token_flops;         ///< operations of a token's matrix products
};

/// weights_read_bytes where the plan has it (an embedding table that is not the output head is read
/// by the row, not whole), else all weights.
std::optional<double> step_bytes(const json& plan) {
  const json& memory = json_member(plan, "memory");
  const auto read = json_number(memory, "weights_read_bytes");
  return read ? read : json_number(memory, "weights_bytes");
}

/// 10^9 operations a second at so many tokens a second.
json gflop_per_s(const json& tokens_per_s, const SpeedContext& context) {
  if (!tokens_per_s.is_number() || !context.token_flops) return nullptr;
  return tokens_per_s.get<double>() * *context.token_flops / 1e9;
}

json roofline(const json& gb_per_s, const SpeedContext& context, const std::string& where,
              json* warnings) {
  if (!gb_per_s.is_number() || !context.bandwidth_gb_per_s || *context.bandwidth_gb_per_s <= 0) {
    return nullptr;
  }
  const double fraction = gb_per_s.get<double>() / *context.bandwidth_gb_per_s;
  if (fraction > 1) {
    warn(warnings, "roofline_above_one",
         where +
             " reads weights faster than the device's measured memory bandwidth: they fit in a "
             "cache, or a measurement is wrong");
  }
  return fraction;
}

json throughput_of(const Journal& journal, const SpeedContext& context, json* warnings) {
  json out = {{"prefill_tokens_per_s", nullptr},
              {"decode_tokens_per_s", nullptr},
              {"ttft_ms", percentiles({})},
              {"tpot_ms", percentiles({})},
              {"gb_per_s", nullptr},
              {"prefill_gflop_per_s", nullptr},
              {"decode_gflop_per_s", nullptr},
              {"roofline_fraction", nullptr}};
  if (!context.allowed) return out;
  std::vector<double> ttft_ms;
  std::vector<double> tpot_ms;
  for (const json& sample : journal.samples) {
    if (json_text(sample, "stop") == "error") continue;
    if (const auto ms = json_number(sample, "ttft_ms")) ttft_ms.push_back(*ms);
    const std::size_t tokens = json_list(sample, "tokens").size();
    const auto decode_ms = json_number(sample, "decode_ms");
    if (decode_ms && tokens > 1) tpot_ms.push_back(*decode_ms / static_cast<double>(tokens - 1));
  }
  out["ttft_ms"] = percentiles(ttft_ms);
  out["tpot_ms"] = percentiles(tpot_ms);
  const auto decode_seconds = total_of(journal, "decode_seconds");
  out["prefill_tokens_per_s"] =
      ratio(total_of(journal, "prefill_tokens"), total_of(journal, "prefill_seconds"));
  out["decode_tokens_per_s"] = ratio(total_of(journal, "decode_tokens"), decode_seconds);
  for (const char* phase : {"prefill", "decode"}) {
    out[fmt::format("{}_gflop_per_s", phase)] =
        gflop_per_s(out[fmt::format("{}_tokens_per_s", phase)], context);
  }
  const auto steps = total_of(journal, "decode_steps");
  if (steps && context.step_bytes) {
    out["gb_per_s"] = ratio(*context.step_bytes * *steps / 1e9, decode_seconds);
  }
  out["roofline_fraction"] = roofline(out["gb_per_s"], context, "decode", warnings);
  return out;
}

json bench_row(const json& record, const SpeedContext& context, json* warnings) {
  json row = record;
  row.erase("type");
  for (const char* name : {"phase", "tokens", "depth", "batch", "tokens_per_s", "gb_per_s",
                           "gflop_per_s", "roofline_fraction"}) {
    row.emplace(name, nullptr);
  }
  row.emplace("tokens_per_s_runs", json::array());
  if (!context.allowed) {
    for (const char* name : {"tokens_per_s", "gb_per_s", "gflop_per_s", "roofline_fraction"}) {
      row[name] = nullptr;
    }
    row["tokens_per_s_runs"] = json::array();
    return row;
  }
  const bool is_decode = json_text(row, "phase") == "decode";
  if (is_decode && row["gb_per_s"].is_null() && context.step_bytes) {
    const auto tokens_per_s = json_number(row, "tokens_per_s");
    if (tokens_per_s) {
      row["gb_per_s"] = ratio(*tokens_per_s * *context.step_bytes / 1e9, json_number(row, "batch"));
    }
  }
  if (row["gflop_per_s"].is_null() && json_text(row, "phase") != "scenario") {
    row["gflop_per_s"] = gflop_per_s(row["tokens_per_s"], context);
  }
  row["roofline_fraction"] =
      roofline(row["gb_per_s"], context, "bench " + json_text(row, "phase"), warnings);
  return row;
}

/// Rows of one point measured again (after a resume) replace the earlier ones in place.
json bench_of(const Journal& journal, const SpeedContext& context, json* warnings) {
  json rows = json::array();
  const auto point = [](const json& row) {
    return std::tuple(json_text(row, "phase"), json_integer(row, "tokens"),
                      json_integer(row, "depth"), json_integer(row, "batch"));
  };
  for (const json& record : journal.bench) {
    json row = bench_row(record, context, warnings);
    const auto same = std::find_if(rows.begin(), rows.end(), [&point, &row](const json& earlier) {
      return point(earlier) == point(row);
    });
    if (same == rows.end()) {
      rows.push_back(std::move(row));
    } else {
      *same = std::move(row);
    }
  }
  return rows;
}

json memory_of(const Journal& journal) {
  json out = plan_object(journal.plan, "memory",
                         {"planned_bytes", "weights_bytes", "kv_bytes", "scratch_bytes"});
  out["host_peak_bytes"] = peak_of(journal, "host_peak_bytes");
  out["device_peak_bytes"] = peak_of(journal, "device_peak_bytes");
  return out;
}

/// The device's sensors at the start of the first process and the end of the last; null without.
json gpu_state_of(const Journal& journal) {
  const json& start = json_member(json_member(journal.plan, "device"), "gpu_state");
  if (!start.is_object()) return nullptr;
  const json end =
      journal.totals.empty() ? json(nullptr) : json_member(journal.totals.back(), "gpu_state");
  return {{"start", start}, {"end", end.is_object() ? end : json(nullptr)}};
}

/// Joules summed over the processes; null unless each measured them.
json energy_of(const Journal& journal) {
  double joules = 0;
  std::string source;
  for (const json& totals : journal.totals) {
    const json& energy = json_member(totals, "energy");
    const auto value = json_number(energy, "joules");
    if (!value) return nullptr;
    joules += *value;
    source = json_text(energy, "source");
  }
  if (journal.totals.empty()) return nullptr;
  return {{"joules", joules}, {"source", source}};
}

/// CPU seconds over wall seconds times threads: 1 when all threads were busy all the time.
json cpu_utilization_of(const Journal& journal, json* warnings) {
  const auto threads = json_number(json_member(journal.plan, "device"), "threads");
  const auto wall = total_of(journal, "wall_seconds");
  if (!threads || !wall) return nullptr;
  json out = ratio(total_of(journal, "cpu_seconds"), *wall * *threads);
  if (out.is_number() && out.get<double>() > 1) {
    warn(warnings, "cpu_utilization_above_one",
         "more CPU time was used than the backend's threads have: other threads worked too");
  }
  return out;
}

json identity_of(const json& plan, const json& backend) {
  json out = plan_object(plan, "identity", {"semantics", "kv_type", "batch_invariant"});
  if (!out.contains("numerics")) out["numerics"] = json_member(backend, "numerics");
  // Without a proof only the policy itself promises the same bits on every machine.
  if (!out.contains("portable")) {
    out["portable"] = json_text(out, "semantics").rfind("exact", 0) == 0 &&
                      json_text(out, "numerics").rfind("exact", 0) == 0;
  }
  if (!out.contains("proofs")) out["proofs"] = json::array();
  for (const char* name : {"semantics", "kv_type", "batch_invariant"}) {
    if (out[name].is_null()) out[name] = json_member(backend, name);
  }
  return out;
}

/// Whether this build may report speed; says so where not.
bool speed_allowed(const json& tool, json* warnings) {
  const std::string build_type = json_text(tool, "build_type");
  const std::string sanitizers = json_text(tool, "sanitizers");
  if (!sanitizers.empty()) {
    warn(warnings, "sanitizer_build",
         "built with the sanitizers " + sanitizers + ": no speed is reported");
  } else if (build_type != "Release") {
    warn(warnings, "not_release_build",
         "build type " + (build_type.empty() ? "unknown" : build_type) +
             ", not Release: no speed is reported");
  }
  return sanitizers.empty() && build_type == "Release";
}

/// Until a board has run it, every report of this backend says so.
void warn_of_silicon(const json& backend, json* warnings) {
  if (json_text(backend, "name") != "neon") return;
  warn(warnings, "never_on_silicon",
       "the kernels of backend neon were tested under qemu only, never on a board");
}

json tasks_of(const Journal& journal, json* warnings) {
  json tasks = json::array();
  for (const json& plan_task : json_list(journal.plan, "tasks")) {
    json task = build_task_report(plan_task, journal);
    const std::string name = json_text(task, "name");
    if (task["skipped"].is_string()) {
      warn(warnings, "task_skipped", fmt::format("{}: {}", name, json_text(task, "skipped")));
    } else if (const std::string why = json_text(task["metrics"]["pass@1"], "why"); !why.empty()) {
      warn(warnings, task["partial"] == true ? "task_partial" : "task_without_score",
           fmt::format("{}: {}", name, why));
    } else if (const auto failed = json_integer(task["counts"], "failed"); failed.value_or(0) > 0) {
      warn(warnings, "samples_failed",
           fmt::format("{}: {} of {} samples failed and are in no rate; bounds say what they could "
                       "change",
                       name, *failed, json_member(task["counts"], "planned").dump()));
    }
    tasks.push_back(std::move(task));
  }
  return tasks;
}

}  // namespace

json build_report(const Journal& journal) {
  const json& plan = journal.plan;
  json warnings = json::array();
  json out = json::object();
  out["schema_version"] = kReportVersion;
  out["utc"] = json_member(plan, "utc");
  out["tool"] = plan_object(plan, "tool", {"version", "commit", "dirty", "compiler", "build_type"});
  out["device"] =
      plan_object(plan, "device",
                  {"name", "cpu", "gpu", "memory_bytes", "isa", "threads", "bandwidth_gb_per_s"});
  out["device"]["gpu_state"] = gpu_state_of(journal);
  out["model"] = plan_object(plan, "model",
                             {"name", "arch", "sha256", "file_bytes", "parameters", "weight_type"});
  out["backend"] = plan_object(plan, "backend", {"name", "numerics", "options"});
  out["decoding"] =
      plan_object(plan, "decoding",
                  {"temperature", "top_p", "top_k", "seed", "max_new_tokens", "template_sha256"});

  SpeedContext context;
  context.allowed = speed_allowed(out["tool"], &warnings);
  warn_of_silicon(out["backend"], &warnings);
  context.bandwidth_gb_per_s = json_number(out["device"], "bandwidth_gb_per_s");
  context.step_bytes = step_bytes(plan);
  context.token_flops = json_number(out["model"], "flops_per_token");
  out["throughput"] = throughput_of(journal, context, &warnings);
  out["memory"] = memory_of(journal);
  out["cpu_utilization"] = cpu_utilization_of(journal, &warnings);
  out["energy"] = energy_of(journal);
  out["bench"] = bench_of(journal, context, &warnings);
  out["tasks"] = tasks_of(journal, &warnings);
  out["recipe"] = recipe_verdict(json_member(plan, "recipe"), out["tasks"]);
  out["identity"] = identity_of(plan, out["backend"]);
  out["endpoint"] = endpoint_report(journal, context.allowed);
  redact(&out["endpoint"]);
  for (const EndpointWarning& warning : endpoint_warnings(out["endpoint"])) {
    warn(&warnings, warning.code.c_str(), warning.text);
  }
  out["partial"] = std::any_of(out["tasks"].begin(), out["tasks"].end(),
                               [](const json& task) { return task["partial"] == true; });
  out["warnings"] = std::move(warnings);
  return out;
}

}  // namespace assay
