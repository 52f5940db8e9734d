#include "reports/audit/measurement.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "core/json_access.h"
#include "core/text.h"
#include "reports/audit/settings.h"
#include "reports/common/identity.h"
#include "reports/common/show.h"

namespace assay {
namespace {

using nlohmann::json;
using Measured = std::optional<ReportMeasurement>;

bool is_model_of(const Claim& claim, const AuditContext& context, const json& report) {
  const std::string name = json_text(json_member(report, "model"), "name");
  const ModelShape* claimed = find_shape(context.file->shapes, claim.model);
  const ModelShape* ran = find_shape(context.file->shapes, name);
  if (claimed != nullptr && ran != nullptr) return claimed->name == ran->name;
  return plain_model_name(name) == plain_model_name(claim.model);
}

/// Null: the claim names no device.
json is_device_of(const Claim& claim, const AuditContext& context, const json& report) {
  if (claim.device.empty()) return nullptr;
  const DeviceProfile* claimed = find_device(context.file->devices, claim.device);
  if (claimed == nullptr) return false;
  const json& device = json_member(report, "device");
  for (const char* name : {"name", "gpu", "cpu"}) {
    const DeviceProfile* ran = find_device(context.file->devices, json_text(device, name));
    if (ran != nullptr && ran->name == claimed->name) return true;
  }
  return false;
}

std::string known(const json& value) {
  return value.is_null() ? "unknown" : show_value(value);
}

ReportMeasurement exactly(double value, std::string conditions) {
  ReportMeasurement out;
  out.value = out.low = out.high = value;
  out.conditions = std::move(conditions);
  return out;
}

bool is_pair(const json& range) {
  return range.is_array() && range.size() == 2 && range[0].is_number() && range[1].is_number();
}

void set_interval(double low, double high, ReportMeasurement* out) {
  out->has_interval = true;
  out->low = std::min(low, out->value);
  out->high = std::max(high, out->value);
}

/// What the claim's settings are compared with.
json settings_of_run(const json& report, const json& task) {
  const json& decoding = json_member(report, "decoding");
  json out = {{"temperature", json_member(decoding, "temperature")},
              {"max_new_tokens", json_member(task, "max_new_tokens")},
              {"protocol", json_member(task, "protocol")}};
  // Greedy decoding has no other setting.
  if (json_number(decoding, "temperature") != 0.0) out["top_p"] = json_member(decoding, "top_p");
  return out;
}

/// Problems of the dataset that a task drew from, as far as anything says: the report, the claim,
/// another report of the same dataset.
std::int64_t problems_in_dataset(const Claim& claim, const json& task,
                                 std::span<const NamedReport> reports) {
  std::int64_t out =
      std::max(json_integer(task, "n_problems_in_dataset").value_or(0), claim.problems);
  const std::string dataset = json_text(task, "dataset_sha256");
  for (const NamedReport& it : reports) {
    for (const json& other : json_list(it.report, "tasks")) {
      if (dataset.empty() || json_text(other, "dataset_sha256") != dataset) continue;
      out = std::max(out, json_integer(other, "n_problems").value_or(0));
    }
  }
  return out;
}

std::string why_a_part(const Claim& claim, const json& task, std::span<const NamedReport> reports) {
  const std::int64_t ran = json_integer(task, "n_problems").value_or(0);
  const std::int64_t all = problems_in_dataset(claim, task, reports);
  return ran < all ? fmt::format("{} of {} problems", show_count(ran), show_count(all))
                   : std::string();
}

/// Cut off answers count as wrong: what a larger budget gives is not known.
std::string why_cut_off(const Claim& claim, const json& task) {
  const std::int64_t n = json_integer(json_member(task, "outcomes"), "truncated").value_or(0);
  if (n == 0 || json_member(claim.settings, "max_new_tokens").is_number()) return {};
  return fmt::format("{} answers were cut off at {} tokens, and the claim names no budget",
                     show_count(n), known(json_member(task, "max_new_tokens")));
}

Measured score_of(const Claim& claim, const json& report, const json& task,
                  std::span<const NamedReport> reports) {
  std::string name = claim.statistic.empty() ? "pass@1" : claim.statistic;
  if (name.starts_with("cons")) name = "cons@k";
  const json& rate = json_member(json_member(task, "metrics"), name);
  const auto value = json_number(rate, "value");
  if (!value) return std::nullopt;
  ReportMeasurement out = exactly(
      *value,
      fmt::format("{} of {} problems x {}, protocol {}, {} new tokens, T {}, {}", name,
                  known(json_member(task, "n_problems")),
                  known(json_member(task, "samples_per_problem")),
                  name_for_message(json_text(task, "protocol"), 40),
                  known(json_member(task, "max_new_tokens")),
                  known(json_member(json_member(report, "decoding"), "temperature")),
                  name_for_message(json_text(json_member(report, "backend"), "numerics"), 20)));
  const json& ci = json_member(rate, "ci95");
  if (is_pair(ci)) {
    set_interval(ci[0].get<double>(), ci[1].get<double>(), &out);
  } else {
    out.why_not = "it has no interval";
  }
  if (const std::string part = why_a_part(claim, task, reports); !part.empty()) out.why_not = part;
  if (const std::string why = why_settings_differ(claim.settings, settings_of_run(report, task));
      !why.empty()) {
    out.why_not = why;
  }
  if (const std::string cut = why_cut_off(claim, task);
      !cut.empty() && claim.number() > out.value) {
    out.why_not_against = cut;
  }
  return out;
}

struct Phase {
  std::string name;
  std::int64_t batch = 1;
};

/// The row of a phase with the least context; null: none.
const json* bench_row(const json& report, const Phase& phase) {
  const json* best = nullptr;
  for (const json& row : json_list(report, "bench")) {
    if (json_text(row, "phase") != phase.name || !json_number(row, "tokens_per_s")) continue;
    if (json_integer(row, "batch") != phase.batch) continue;
    const auto depth = [](const json& r) { return json_integer(r, "depth").value_or(0); };
    if (best == nullptr || depth(row) < depth(*best)) best = &row;
  }
  return best;
}

/// Least and largest of a row's runs; without runs its one value.
std::pair<double, double> range_of(const json& row) {
  const double value = json_number(row, "tokens_per_s").value_or(0);
  std::pair<double, double> out{value, value};
  for (const json& run : json_list(row, "tokens_per_s_runs")) {
    if (!run.is_number()) continue;
    out.first = std::min(out.first, run.get<double>());
    out.second = std::max(out.second, run.get<double>());
  }
  return out;
}

std::string above_roofline(const json& row) {
  const auto share = json_number(row, "roofline_fraction");
  if (!share || *share <= 1) return {};
  return fmt::format(
      "{:.0f} % of the bandwidth that its own report measured: the weights fit in a cache, or a "
      "measurement is wrong",
      *share * 100);
}

Measured speed_of(const Claim& claim, const json& report) {
  const std::string phase = claim.metric == "prefill_tokens_per_s" ? "prefill" : "decode";
  if (const json* row = bench_row(report, {phase, claim.batch})) {
    const auto n = json_list(*row, "tokens_per_s_runs").size();
    ReportMeasurement out =
        exactly(json_number(*row, "tokens_per_s").value_or(0),
                fmt::format("assay bench, {} tokens after {}, {} sequence{}, {} run{}",
                            known(json_member(*row, "tokens")), known(json_member(*row, "depth")),
                            claim.batch, claim.batch == 1 ? "" : "s", n, n == 1 ? "" : "s"));
    const auto [low, high] = range_of(*row);
    if (n > 1) set_interval(low, high, &out);
    out.flag = above_roofline(*row);
    return out;
  }
  const json& throughput = json_member(report, "throughput");
  const auto speed = json_number(throughput, phase + "_tokens_per_s");
  if (!speed) return std::nullopt;
  const json& batch = json_member(json_member(report, "decoding"), "batch");
  ReportMeasurement out =
      exactly(*speed, fmt::format("over a run of up to {} sequences at once", known(batch)));
  if (phase == "decode") out.flag = above_roofline(throughput);
  if (batch != claim.batch) {
    out.why_not =
        fmt::format("up to {} sequences at once, the claim is about {}", known(batch), claim.batch);
  }
  return out;
}

bool is_about(std::int64_t measured, std::int64_t claimed) {
  return measured >= claimed &&
         static_cast<double>(measured) <= 1.05 * static_cast<double>(claimed);
}

/// A request as `assay bench --scenario` timed it; else the time that prefill and decode would
/// take, which later tokens only make longer.
Measured request_of(const Claim& claim, const json& report) {
  if (claim.prompt_tokens == 0 || claim.output_tokens == 0) return std::nullopt;
  for (const json& row : json_list(report, "bench")) {
    if (json_text(row, "phase") != "scenario") continue;
    const std::int64_t prompt = json_integer(row, "prompt_tokens").value_or(0);
    const std::int64_t output = json_integer(row, "tokens").value_or(0);
    const auto seconds = json_number(row, "seconds");
    if (!seconds || !is_about(prompt, claim.prompt_tokens)) continue;
    if (!is_about(output, claim.output_tokens)) continue;
    ReportMeasurement out =
        exactly(*seconds, fmt::format("assay bench, {} tokens in and {} out", prompt, output));
    const auto [slow, fast] = range_of(row);
    if (slow > 0 && fast > slow) {
      set_interval(static_cast<double>(output) / fast, static_cast<double>(output) / slow, &out);
    }
    return out;
  }
  const json* prefill = bench_row(report, {"prefill"});
  const json* decode = bench_row(report, {"decode"});
  if (prefill == nullptr || decode == nullptr) return std::nullopt;
  const auto seconds = [&claim](double in, double out) {
    return static_cast<double>(claim.prompt_tokens) / in +
           static_cast<double>(claim.output_tokens) / out;
  };
  const auto [in_slow, in_fast] = range_of(*prefill);
  const auto [out_slow, out_fast] = range_of(*decode);
  if (in_slow <= 0 || out_slow <= 0) return std::nullopt;
  ReportMeasurement out =
      exactly(seconds(json_number(*prefill, "tokens_per_s").value_or(in_slow),
                      json_number(*decode, "tokens_per_s").value_or(out_slow)),
              fmt::format("{} / prefill + {} / decode of assay bench, at its depths",
                          show_count(claim.prompt_tokens), show_count(claim.output_tokens)));
  set_interval(seconds(in_fast, out_fast), seconds(in_slow, out_slow), &out);
  out.why_not_for = fmt::format("computed from parts; assay bench --scenario {}+{} measures it",
                                claim.prompt_tokens, claim.output_tokens);
  return out;
}

/// Of the device's own memory, where the run used one.
Measured peak_of(const Claim& claim, const json& report) {
  const json& memory = json_member(report, "memory");
  const auto device = json_integer(memory, "device_peak_bytes");
  const auto peak = device ? device : json_integer(memory, "host_peak_bytes");
  if (!peak) return std::nullopt;
  const json& decoding = json_member(report, "decoding");
  const auto context = json_integer(decoding, "context");
  ReportMeasurement out =
      exactly(static_cast<double>(*peak),
              fmt::format("peak {} memory of the run, {} tokens of context, {} sequences",
                          device ? "device" : "resident", known(json_member(decoding, "context")),
                          known(json_member(decoding, "batch"))));
  if (claim.context > 0 && context.value_or(0) < claim.context) {
    out.why_not = fmt::format("{} tokens of context, the claim is about {}",
                              known(json_member(decoding, "context")), show_count(claim.context));
  }
  return out;
}

Measured cores_of(const Claim& claim, const json& report) {
  const auto share = json_number(report, "cpu_utilization");
  const auto threads = json_integer(json_member(report, "device"), "threads");
  if (!share || !threads) return std::nullopt;
  ReportMeasurement out = exactly(
      *share * static_cast<double>(*threads),
      fmt::format("{:.0f} % of {} thread{}", *share * 100, *threads, *threads == 1 ? "" : "s"));
  if (static_cast<double>(*threads) < claim.number()) {
    out.why_not = fmt::format("it was given {} thread{}", *threads, *threads == 1 ? "" : "s");
  }
  return out;
}

Measured count_of(const json& report, const char* name, const char* words) {
  const auto value = json_number(json_member(report, "model"), name);
  return value ? Measured(exactly(*value, words)) : std::nullopt;
}

std::vector<ReportMeasurement> all_of(const Claim& claim, const json& report,
                                      std::span<const NamedReport> reports) {
  std::vector<ReportMeasurement> out;
  const std::string& metric = claim.metric;
  const auto add = [&out](Measured it) {
    if (it) out.push_back(std::move(*it));
  };
  if (metric == "score") {
    for (const json& task : json_list(report, "tasks")) {
      if (json_text(task, "name") == claim.task) add(score_of(claim, report, task, reports));
    }
  }
  if (metric == "decode_tokens_per_s" || metric == "prefill_tokens_per_s") {
    add(speed_of(claim, report));
  }
  if (metric == "request_seconds") add(request_of(claim, report));
  if (metric == "peak_memory_bytes") add(peak_of(claim, report));
  if (metric == "busy_cores") add(cores_of(claim, report));
  if (metric == "parameters") add(count_of(report, "parameters", "counted in the file"));
  if (metric == "file_bytes") add(count_of(report, "file_bytes", "of the file that ran"));
  return out;
}

bool depends_on_precision(const std::string& metric) {
  return metric != "parameters";
}

bool depends_on_device(const std::string& metric) {
  return metric != "score" && metric != "parameters" && metric != "file_bytes";
}

/// Reasons that hold for every metric.
void qualify(const Claim& claim, const json& same_device, ReportMeasurement* out) {
  if (depends_on_precision(claim.metric) && !claim.precision.empty() &&
      !precision_covers(claim.precision, out->weight_type)) {
    out->why_not = fmt::format("measured at {}, the claim is about {}",
                               out->weight_type.empty() ? "an unknown precision" : out->weight_type,
                               claim.precision);
  }
  if (!depends_on_device(claim.metric)) return;
  if (same_device == false) out->why_not = "another device";
  if (same_device.is_null()) {
    out->why_not_against = "the claim names no device, and another may do better";
  }
}

void show(const NamedReport& it, const json& same_device, ReportMeasurement* out) {
  const json& device = json_member(it.report, "device");
  const json pair = {out->low, out->high};
  const bool is_score = out->shown == "score";
  out->shown = {
      {"value", out->value},
      {"ci95", is_score && out->has_interval ? pair : json()},
      {"report", redact_home_paths(sanitize_for_terminal(it.name))},
      {"model", name_for_message(json_text(json_member(it.report, "model"), "name"), 80)},
      {"weight_type", out->weight_type},
      {"device", name_for_message(json_text(device, "name"), 80)},
      {"backend", name_for_message(json_text(json_member(it.report, "backend"), "name"), 40)},
      {"same_device", same_device},
      {"conditions", out->conditions}};
  if (!is_score) out->shown["range"] = out->has_interval ? pair : json();
}

}  // namespace

std::vector<ReportMeasurement> measurements_of(const Claim& claim, const AuditContext& context,
                                               std::span<const NamedReport> reports) {
  std::vector<ReportMeasurement> out;
  for (const NamedReport& it : reports) {
    if (!is_model_of(claim, context, it.report)) continue;
    const json same_device = is_device_of(claim, context, it.report);
    for (ReportMeasurement& found : all_of(claim, it.report, reports)) {
      found.weight_type =
          name_for_message(json_text(json_member(it.report, "model"), "weight_type"), 40);
      found.shown = claim.metric;
      qualify(claim, same_device, &found);
      show(it, same_device, &found);
      out.push_back(std::move(found));
    }
  }
  return out;
}

std::string measured_number(const Claim& claim, double value) {
  if (claim.metric == "score") return show_percent(value);
  if (claim.metric == "parameters") return show_count(std::llround(value));
  if (claim.metric.ends_with("_bytes")) return show_decimal_gb(value);
  return show_number(value);
}

std::string measured_value(const Claim& claim, const ReportMeasurement& it) {
  std::string out = measured_number(claim, it.value);
  if (!it.has_interval) return out;
  return out + fmt::format(" ({} to {})", measured_number(claim, it.low),
                           measured_number(claim, it.high));
}

std::string measured_in_words(const Claim& claim, const ReportMeasurement& it) {
  return fmt::format("{} on {} ({}, {})", measured_value(claim, it),
                     it.shown["device"].get<std::string>(), it.weight_type, it.conditions);
}

}  // namespace assay
