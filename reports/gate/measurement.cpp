#include "reports/gate/measurement.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/json_access.h"
#include "core/text.h"

namespace assay {
namespace {

using nlohmann::json;

/// A hostile file must not make the tables endless.
constexpr std::size_t kMaxMetrics = 10000;

std::optional<double> seconds_per(const std::string& unit) {
  if (unit.empty() || unit == "ns") return 1e-9;
  if (unit == "us") return 1e-6;
  if (unit == "ms") return 1e-3;
  if (unit == "s") return 1.0;
  return std::nullopt;
}

/// Values of one benchmark: single runs, and what the library made of them.
struct Repetitions {
  std::vector<double> runs;
  std::optional<double> median;
  std::optional<double> mean;
};

Result<Measurement> from_google_benchmark(const json& value, const std::string& who,
                                          TimeKind time) {
  std::map<std::string, Repetitions> all;
  for (const json& row : json_list(value, "benchmarks")) {
    const std::string full = json_text(row, "name");
    std::string name = json_text(row, "run_name");
    if (name.empty()) name = full;
    if (json_flag(row, "error_occurred") == true) {
      return env_failure(fmt::format("{}: benchmark '{}' failed: {}", who, name_for_message(full),
                                     name_for_message(json_text(row, "error_message"), 200)),
                         "repair it, or leave it out with a filter");
    }
    const std::string aggregate = json_text(row, "aggregate_name");
    if (!aggregate.empty() && aggregate != "median" && aggregate != "mean") continue;
    const auto scale = seconds_per(json_text(row, "time_unit"));
    const auto number = json_number(row, time == TimeKind::cpu ? "cpu_time" : "real_time");
    if (name.empty() || !scale || !number) {
      return env_failure(fmt::format("{}: benchmark '{}' has no time", who, name_for_message(full)),
                         "give Google Benchmark's own JSON (--benchmark_format=json)");
    }
    Repetitions& it = all[name];
    if (aggregate.empty()) {
      it.runs.push_back(*number * *scale);
    } else {
      (aggregate == "median" ? it.median : it.mean) = *number * *scale;
    }
    if (all.size() > kMaxMetrics) {
      return env_failure(fmt::format("{}: more than {} benchmarks", who, kMaxMetrics),
                         "filter them");
    }
  }
  Measurement out;
  for (const auto& [name, it] : all) {
    const std::optional<double> value_of =
        it.runs.empty() ? (it.median ? it.median : it.mean) : quantile(it.runs, 0.5);
    if (value_of) out[name] = *value_of;
  }
  return out;
}

std::string point_name(const json& row) {
  return fmt::format("{}/tokens:{}/depth:{}/batch:{}", json_text(row, "phase"),
                     json_integer(row, "tokens").value_or(0),
                     json_integer(row, "depth").value_or(0),
                     json_integer(row, "batch").value_or(0));
}

Measurement from_report(const json& report) {
  Measurement out;
  for (const json& row : json_list(report, "bench")) {
    std::vector<double> runs;
    for (const json& run : json_list(row, "tokens_per_s_runs")) {
      if (run.is_number()) runs.push_back(run.get<double>());
    }
    const std::optional<double> speed =
        runs.empty() ? json_number(row, "tokens_per_s") : quantile(runs, 0.5);
    if (speed && *speed > 0 && out.size() < kMaxMetrics) out[point_name(row)] = 1 / *speed;
  }
  if (!out.empty()) return out;
  const json& throughput = json_member(report, "throughput");
  for (const char* phase : {"prefill", "decode"}) {
    const auto speed = json_number(throughput, std::string(phase) + "_tokens_per_s");
    if (speed && *speed > 0) out[phase] = 1 / *speed;
  }
  return out;
}

}  // namespace

bool is_google_benchmark(const json& value) {
  return json_member(value, "benchmarks").is_array() && json_member(value, "context").is_object();
}

Result<Measurement> read_measurement(std::string_view text, const std::string& who, TimeKind time) {
  const Result<json> value = parse_json(text);
  constexpr const char* kHint =
      "make it print Google Benchmark's JSON (--benchmark_format=json) or that of assay bench "
      "--json, or measure its wall time with --wall";
  if (!value) {
    const std::string start = name_for_message(text.substr(0, 60));
    return env_failure(text.empty() ? who + " printed nothing"
                                    : fmt::format("{} printed no JSON but '{}'", who, start),
                       kHint);
  }
  if (is_google_benchmark(*value)) {
    Result<Measurement> out = from_google_benchmark(*value, who, time);
    if (out && out->empty()) {
      return env_failure(who + " ran no benchmark", "does its filter match any?");
    }
    return out;
  }
  if (json_integer(*value, "schema_version") && json_member(*value, "throughput").is_object()) {
    Measurement out = from_report(*value);
    if (out.empty()) {
      return env_failure(
          who + " reports no speed",
          "debug and sanitizer builds do not; build with -DCMAKE_BUILD_TYPE=Release");
    }
    return out;
  }
  return env_failure(who + " printed JSON that is neither Google Benchmark's nor a report of assay",
                     kHint);
}

std::string benchmark_build_type(std::string_view text) {
  const Result<json> value = parse_json(text);
  if (!value) return {};
  return name_for_message(json_text(json_member(*value, "context"), "library_build_type"), 40);
}

json google_benchmark_json(const SpeedSeries& series, Side side, const json& context) {
  json rows = json::array();
  for (std::size_t family = 0; family < series.metrics.size(); ++family) {
    const MetricVerdict& metric = series.metrics[family];
    const auto& values = side == Side::baseline ? metric.baseline : metric.candidate;
    for (std::size_t i = 0; i < values.size(); ++i) {
      rows.push_back({{"name", metric.name},
                      {"family_index", family},
                      {"per_family_instance_index", 0},
                      {"run_name", metric.name},
                      {"run_type", "iteration"},
                      {"repetitions", values.size()},
                      {"repetition_index", i},
                      {"threads", 1},
                      {"iterations", 1},
                      {"real_time", values[i] * 1e9},
                      {"cpu_time", values[i] * 1e9},
                      {"time_unit", "ns"}});
    }
  }
  json full = {{"json_schema_version", 1}, {"library_build_type", "release"}};
  full.update(context);
  return {{"context", full}, {"benchmarks", rows}};
}

}  // namespace assay
