#include "reports/audit/measured.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/json_access.h"
#include "core/text.h"
#include "reports/common/identity.h"
#include "reports/common/show.h"

namespace assay {
namespace {

using nlohmann::json;

bool is_model_of(const Claim& claim, const AuditContext& context, const json& report) {
  const std::string name = json_text(json_member(report, "model"), "name");
  const ModelShape* claimed = find_shape(context.file->shapes, claim.model);
  const ModelShape* ran = find_shape(context.file->shapes, name);
  if (claimed != nullptr && ran != nullptr) return claimed->name == ran->name;
  return plain_model_name(name) == plain_model_name(claim.model);
}

bool is_device_of(const Claim& claim, const AuditContext& context, const json& report) {
  const DeviceProfile* claimed = find_device(context.file->devices, claim.device);
  if (claimed == nullptr) return claim.device.empty();
  const json& device = json_member(report, "device");
  for (const char* name : {"name", "gpu", "cpu"}) {
    const std::string text = json_text(device, name);
    const DeviceProfile* ran = find_device(context.file->devices, text);
    if (ran != nullptr && ran->name == claimed->name) return true;
  }
  return false;
}

std::string number_or_unknown(const json& value) {
  return value.is_null() ? "unknown" : value.dump();
}

json found(const NamedReport& it, const json& value, const json& ci95, std::string conditions) {
  const json& device = json_member(it.report, "device");
  return {{"value", value},
          {"ci95", ci95},
          {"report", redact_home_paths(sanitize_for_terminal(it.name))},
          {"model", name_for_message(json_text(json_member(it.report, "model"), "name"), 80)},
          {"weight_type",
           name_for_message(json_text(json_member(it.report, "model"), "weight_type"), 40)},
          {"device", name_for_message(json_text(device, "name"), 80)},
          {"backend", name_for_message(json_text(json_member(it.report, "backend"), "name"), 40)},
          {"same_device", nullptr},
          {"conditions", std::move(conditions)}};
}

json measured_score(const Claim& claim, const NamedReport& it) {
  const json& task = task_named(it.report, claim.task);
  if (!task.is_object()) return nullptr;
  const json& metrics = json_member(task, "metrics");
  std::string name = claim.statistic.empty() ? "pass@1" : claim.statistic;
  if (name.starts_with("cons")) name = "cons@k";
  const json& rate = json_member(metrics, name);
  if (!json_number(rate, "value")) return nullptr;
  const json& decoding = json_member(it.report, "decoding");
  return found(
      it, rate["value"], json_member(rate, "ci95"),
      fmt::format("{} of {} problems x {}, protocol {}, {} new tokens, T {}, {}", name,
                  number_or_unknown(json_member(task, "n_problems")),
                  number_or_unknown(json_member(task, "samples_per_problem")),
                  name_for_message(json_text(task, "protocol"), 40),
                  number_or_unknown(json_member(task, "max_new_tokens")),
                  number_or_unknown(json_member(decoding, "temperature")),
                  name_for_message(json_text(json_member(it.report, "backend"), "numerics"), 20)));
}

/// The bench row of one sequence with the least context, else the run's own speed.
json measured_speed(const Claim& claim, const NamedReport& it) {
  const std::string phase = claim.metric == "prefill_tokens_per_s" ? "prefill" : "decode";
  const json* best = nullptr;
  for (const json& row : json_list(it.report, "bench")) {
    if (json_text(row, "phase") != phase || json_integer(row, "batch") != claim.batch) continue;
    if (!json_number(row, "tokens_per_s")) continue;
    const auto depth = [](const json& r) { return json_integer(r, "depth").value_or(0); };
    if (best == nullptr || depth(row) < depth(*best)) best = &row;
  }
  if (best != nullptr) {
    const json& runs = json_list(*best, "tokens_per_s_runs");
    json range;
    if (!runs.empty() &&
        std::all_of(runs.begin(), runs.end(), [](const json& run) { return run.is_number(); })) {
      range = {*std::min_element(runs.begin(), runs.end()),
               *std::max_element(runs.begin(), runs.end())};
    }
    json out = found(it, json_member(*best, "tokens_per_s"), nullptr,
                     fmt::format("assay bench, {} tokens, {} sequence{}",
                                 number_or_unknown(json_member(*best, "tokens")), claim.batch,
                                 claim.batch == 1 ? "" : "s"));
    out["range"] = range;
    return out;
  }
  const json& speed = json_member(json_member(it.report, "throughput"), phase + "_tokens_per_s");
  const json& batch = json_member(json_member(it.report, "decoding"), "batch");
  if (!speed.is_number()) return nullptr;
  return found(it, speed, nullptr,
               fmt::format("over a run of up to {} sequences at once", number_or_unknown(batch)));
}

json measured_of(const Claim& claim, const NamedReport& it) {
  const json& model = json_member(it.report, "model");
  const json& memory = json_member(it.report, "memory");
  const auto integer = [&](const json& object, const char* name, const char* words) {
    const json& value = json_member(object, name);
    return value.is_number_integer() ? found(it, value, nullptr, words) : json();
  };
  if (claim.metric == "score") return measured_score(claim, it);
  if (claim.metric == "decode_tokens_per_s" || claim.metric == "prefill_tokens_per_s") {
    return measured_speed(claim, it);
  }
  if (claim.metric == "parameters") return integer(model, "parameters", "counted in the file");
  if (claim.metric == "file_bytes") return integer(model, "file_bytes", "of the file that ran");
  if (claim.metric == "peak_memory_bytes") {
    return integer(memory, "host_peak_bytes", "peak resident memory of the run");
  }
  return nullptr;
}

std::string shown(const Claim& claim, const json& value) {
  if (claim.metric == "score") return show_percent(value.get<double>());
  if (claim.metric.ends_with("_bytes")) return format_bytes(value.get<std::int64_t>());
  return show_number(value.get<double>());
}

std::string in_words(const Claim& claim, const json& measured) {
  std::string out = "measured: " + shown(claim, measured["value"]);
  if (const json& ci = measured["ci95"]; ci.is_array() && ci.size() == 2) {
    out += fmt::format(" ({} to {})", shown(claim, ci[0]), shown(claim, ci[1]));
  }
  return out + fmt::format(" on {} ({}, {})", measured["device"].get<std::string>(),
                           measured["weight_type"].get<std::string>(),
                           measured["conditions"].get<std::string>());
}

/// A measured score is evidence of its own: it decides where nothing else did, and contradicts
/// where it must.
void decide_score(const Claim& claim, const json& measured, Verdict* verdict) {
  const json& ci = measured["ci95"];
  if (!ci.is_array() || ci.size() != 2 || !ci[0].is_number() || !ci[1].is_number()) return;
  const bool inside =
      claim.number() >= ci[0].get<double>() && claim.number() <= ci[1].get<double>();
  if (inside && verdict->verdict != kSupported) {
    verdict->verdict = kConditional;
    verdict->scope = measured["conditions"].get<std::string>();
  } else if (!inside && verdict->verdict != kConditional && verdict->verdict != kSupported) {
    verdict->verdict = kContradicted;
    verdict->scope = fmt::format("measured {} ({} to {})", shown(claim, measured["value"]),
                                 shown(claim, ci[0]), shown(claim, ci[1]));
  } else if (!inside) {
    verdict->verdict = kConditional;
    verdict->why += "; not under the report's conditions";
  }
}

void decide_quantity(const Claim& claim, const json& measured, Verdict* verdict) {
  if (verdict->verdict != kNotTested || measured["same_device"] != true) return;
  const double value = measured["value"].get<double>();
  const bool more_is_better = claim.metric.ends_with("tokens_per_s");
  const double room = claim.resolution.value_or(0.05 * claim.number());
  const bool holds =
      more_is_better ? value + room >= claim.number() : value <= claim.number() + room;
  verdict->verdict = holds ? kConditional : kContradicted;
  verdict->scope = holds ? measured["conditions"].get<std::string>()
                         : "measured " + shown(claim, measured["value"]);
}

}  // namespace

void add_measured(const Claim& claim, const AuditContext& context,
                  std::span<const NamedReport> reports, Verdict* verdict) {
  json best;
  for (const NamedReport& it : reports) {
    if (!is_model_of(claim, context, it.report)) continue;
    json measured = measured_of(claim, it);
    if (measured.is_null()) continue;
    const bool same = is_device_of(claim, context, it.report);
    measured["same_device"] = claim.device.empty() ? json() : json(same);
    // The claim's own device is worth more than another; else the first report counts.
    if (best.is_null() || (best["same_device"] != true && same)) best = std::move(measured);
  }
  if (best.is_null()) return;
  verdict->measured = best;
  if (!claim.undefined.empty() || verdict->verdict == kImpossible) {
    verdict->why += ". " + in_words(claim, best);
    return;
  }
  if (claim.metric == "score") {
    decide_score(claim, best, verdict);
  } else {
    decide_quantity(claim, best, verdict);
  }
  verdict->why += ". " + in_words(claim, best);
  if (best["same_device"] == false) verdict->why += "; another device, so it decides nothing";
}

}  // namespace assay
