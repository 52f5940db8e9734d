#include "reports/compare/values.h"

#include <fmt/core.h>

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <set>

#include "core/json_access.h"
#include "core/text.h"
#include "reports/common/look.h"
#include "reports/common/retention_words.h"
#include "reports/common/show.h"
#include "reports/common/task_report.h"
#include "reports/common/words.h"

namespace assay {
namespace {

using nlohmann::json;

struct Label {
  std::string_view name;
  std::string_view label;
};

constexpr Label kLabels[] = {
    {"decode_tokens_per_s", "decode, tokens/s"},
    {"prefill_tokens_per_s", "prefill, tokens/s"},
    {"ttft_ms_p5", "time to first token (TTFT), 5 %, ms"},
    {"ttft_ms_p25", "time to first token (TTFT), 25 %, ms"},
    {"ttft_ms_p50", "time to first token (TTFT), median, ms"},
    {"ttft_ms_p75", "time to first token (TTFT), 75 %, ms"},
    {"ttft_ms_p90", "time to first token (TTFT), 90 %, ms"},
    {"ttft_ms_p99", "time to first token (TTFT), 99 %, ms"},
    {"tpot_ms_p5", "time per output token (TPOT), 5 %, ms"},
    {"tpot_ms_p25", "time per output token (TPOT), 25 %, ms"},
    {"tpot_ms_p50", "time per output token (TPOT), median, ms"},
    {"tpot_ms_p75", "time per output token (TPOT), 75 %, ms"},
    {"tpot_ms_p90", "time per output token (TPOT), 90 %, ms"},
    {"tpot_ms_p99", "time per output token (TPOT), 99 %, ms"},
    {"gb_per_s", "weights read, GB/s"},
    {"decode_gflop_per_s", "arithmetic of decode, GFLOP/s"},
    {"prefill_gflop_per_s", "arithmetic of prefill, GFLOP/s"},
    {"roofline_fraction", "share of memory bandwidth"},
    {"planned_bytes", "plan"},
    {"weights_bytes", "plan: weights"},
    {"kv_bytes", "plan: keys and values (KV)"},
    {"scratch_bytes", "plan: scratch"},
    {"host_peak_bytes", "measured peak of the host"},
    {"device_peak_bytes", "measured peak of the device"},
    {"pass@1", "right (pass@1)"},
    {"cons@k", "right by majority vote (cons@k)"},
    {"complete_rate", "chains complete"},
    {"strictly_complete_rate", "chains strictly complete"},
    {"correct_both", "right in both"},
    {"correct_a_only", "right in the baseline only"},
    {"correct_b_only", "right in this run only"},
    {"correct_neither", "right in neither"},
    {"correct_p_value", "right: McNemar's p"},
    {"complete_both", "complete in both"},
    {"complete_a_only", "complete in the baseline only"},
    {"complete_b_only", "complete in this run only"},
    {"complete_neither", "complete in neither"},
    {"complete_p_value", "complete: McNemar's p"},
    {"beside", "beside (the same model, decoding and task)"},
    {"problems", "samples under the same prompt"},
    {"same_tokens", "the same tokens"},
    {"same_answer", "the same answer"},
    {"same_logits", "the same bits of all logits"},
};

json member_at(const json& value, std::initializer_list<const char*> path) {
  const json* at = &value;
  for (const char* name : path) at = &json_member(*at, name);
  return *at;
}

class Collector {
 public:
  explicit Collector(const json& comparison) : comparison_(comparison) {}

  std::vector<ComparedValue> all() {
    run_values();
    bench_values();
    for (const json& task : json_list(comparison_, "tasks")) {
      task_values(task);
      pair_values(task);
      retention_values_of(task);
    }
    return std::move(values_);
  }

 private:
  void add_run(const char* section, const std::string& name,
               std::initializer_list<const char*> path) {
    ComparedValue value{section, "", name, {}};
    for (const json& run : json_list(comparison_, "runs"))
      value.runs.push_back(member_at(run, path));
    values_.push_back(std::move(value));
  }

  void run_values() {
    for (const char* name : {"decode_tokens_per_s", "prefill_tokens_per_s"}) {
      add_run("speed", name, {"throughput", name});
    }
    for (const char* of : {"ttft_ms", "tpot_ms"}) {
      for (const char* part : {"p5", "p25", "p50", "p75", "p90", "p99"}) {
        add_run("speed", fmt::format("{}_{}", of, part), {"throughput", of, part});
      }
    }
    for (const char* name :
         {"gb_per_s", "decode_gflop_per_s", "prefill_gflop_per_s", "roofline_fraction"}) {
      add_run("speed", name, {"throughput", name});
    }
    for (const char* name : {"planned_bytes", "weights_bytes", "kv_bytes", "scratch_bytes",
                             "host_peak_bytes", "device_peak_bytes"}) {
      add_run("memory", name, {"memory", name});
    }
  }

  void bench_values() {
    for (const json& it : json_list(comparison_, "bench")) {
      const json& point = json_member(it, "point");
      ComparedValue value{
          "bench",
          "",
          fmt::format("{}_{}_after_{}_batch_{}_tokens_per_s", json_text(point, "phase"),
                      json_integer(point, "tokens").value_or(0),
                      json_integer(point, "depth").value_or(0),
                      json_integer(point, "batch").value_or(0)),
          {}};
      for (const json& run : json_list(it, "runs")) {
        value.runs.push_back(json_member(run, "tokens_per_s"));
      }
      values_.push_back(std::move(value));
    }
  }

  void task_values(const json& task) {
    const auto add = [&](const char* section, const std::string& name,
                         std::initializer_list<const char*> path) {
      ComparedValue value{section, json_text(task, "name"), name, {}};
      for (const json& run : json_list(task, "runs")) {
        const json& refused = json_member(run, "refused");
        value.runs.push_back(refused.is_string() ? refused : member_at(run, path));
      }
      values_.push_back(std::move(value));
    };
    add("score", "pass@1", {"metrics", "pass@1"});
    add("score", "cons@k", {"metrics", "cons@k"});
    add("chain", "complete_rate", {"chain", "complete_rate"});
    add("chain", "strictly_complete_rate", {"chain", "strictly_complete_rate"});
    for (const std::string_view name : kChainComponents) {
      add("chain", std::string(name), {"chain", "components", name.data()});
    }
    for (const std::string_view name : kOutcomes) {
      add("outcome", std::string(name), {"outcomes", name.data()});
    }
    add("length", "median_tokens", {"length", "median_tokens"});
    add("length", "censored", {"length", "censored"});
    budget_values(task);
  }

  void budget_values(const json& task) {
    std::set<std::int64_t> budgets;
    for (const json& run : json_list(task, "runs")) {
      for (const json& row : json_list(run, "score_by_budget")) {
        if (const auto budget = json_integer(row, "budget")) budgets.insert(*budget);
      }
    }
    for (const std::int64_t budget : budgets) {
      ComparedValue value{
          "budget", json_text(task, "name"), fmt::format("right_by_{}", budget), {}};
      for (const json& run : json_list(task, "runs")) {
        const json& refused = json_member(run, "refused");
        json found = refused.is_string() ? refused : json();
        for (const json& row : json_list(run, "score_by_budget")) {
          if (found.is_null() && json_integer(row, "budget") == budget) found = row;
        }
        value.runs.push_back(std::move(found));
      }
      values_.push_back(std::move(value));
    }
  }

  /// What a pair of runs says stands with its second run.
  void add_pair(const json& task, const char* kind, const char* section, const std::string& name,
                std::initializer_list<const char*> path) {
    ComparedValue value{section, json_text(task, "name"), name, {}};
    value.runs.resize(json_list(task, "runs").size());
    for (const json& pair : json_list(task, kind)) {
      const auto b = static_cast<std::size_t>(json_integer(pair, "b").value_or(0));
      if (b < value.runs.size()) value.runs[b] = member_at(pair, path);
    }
    values_.push_back(std::move(value));
  }

  void pair_values(const json& task) {
    for (const char* result : {"correct", "complete"}) {
      for (const char* name : {"both", "a_only", "b_only", "neither", "p_value"}) {
        add_pair(task, "paired", "paired", fmt::format("{}_{}", result, name), {result, name});
      }
    }
    compared_with(task);
    for (const char* name : {"problems", "same_tokens", "same_answer", "same_logits"}) {
      add_pair(task, "identity", "identity", name, {name});
    }
    for (const char* name : {"samples", "identical", "median_tokens"}) {
      add_pair(task, "partings", "parting", name, {name});
    }
    for (const char* name : {"near_tie", "material"}) {
      add_pair(task, "partings", "parting", name, {"divergences", name});
    }
  }

  /// The letter of the run that each run's tokens stand beside.
  void compared_with(const json& task) {
    ComparedValue value{"identity", json_text(task, "name"), "beside", {}};
    value.runs.resize(json_list(task, "runs").size());
    for (const json& pair : json_list(task, "identity")) {
      const auto a = static_cast<std::size_t>(json_integer(pair, "a").value_or(0));
      const auto b = static_cast<std::size_t>(json_integer(pair, "b").value_or(0));
      if (b < value.runs.size()) value.runs[b] = "run " + run_letter(a);
    }
    values_.push_back(std::move(value));
  }

  /// Each run's retention against its own reference, whatever the other runs are.
  void retention_values_of(const json& task) {
    for (const RetentionValue& it : retention_values()) {
      ComparedValue value{"retention", json_text(task, "name"), std::string(it.name), {}};
      for (const json& run : json_list(task, "runs")) {
        value.runs.push_back(read_retention(it, json_member(run, "retention")));
      }
      values_.push_back(std::move(value));
    }
  }

  const json& comparison_;
  std::vector<ComparedValue> values_;
};

}  // namespace

std::vector<ComparedValue> compared_values(const json& comparison) {
  const std::vector<ComparedValue> all = Collector(comparison).all();
  const auto is_known = [](const json& value) {
    return !value.is_null() && !(value.contains("value") && value["value"].is_null());
  };
  std::vector<ComparedValue> out;
  std::copy_if(all.begin(), all.end(), std::back_inserter(out),
               [&is_known](const ComparedValue& value) {
                 return std::any_of(value.runs.begin(), value.runs.end(), is_known);
               });
  return out;
}

std::string value_label(const ComparedValue& value) {
  for (const Words& words : component_words()) {
    if (value.section == "chain" && value.name == words.name) {
      return fmt::format("{} ({})", words.label, words.name);
    }
  }
  for (const Words& words : outcome_words()) {
    if (value.section == "outcome" && value.name == words.name) return std::string(words.label);
  }
  if (value.section == "retention") {
    return fmt::format("retention: {} ({})", retention_value(value.name)->label, value.name);
  }
  if (value.section == "parting") {
    if (value.name == "samples") return "completions compared with the baseline's";
    if (value.name == "identical") return "identical to the baseline's";
    if (value.name == "median_tokens") return "tokens until they part, median";
    return value.name == "near_tie" ? "parted at a near tie" : "parted in spite of a clear choice";
  }
  if (value.section == "length") {
    return value.name == "median_tokens" ? "length, median tokens" : "cut by the budget";
  }
  if (value.section == "budget") return "right and finished by " + value.name.substr(9) + " tokens";
  for (const Label& it : kLabels) {
    if (it.name == value.name) return std::string(it.label);
  }
  return value.name;
}

std::string value_shown(const ComparedValue& value, const json& of_run) {
  if (value.section == "retention") {
    return name_for_message(show_retention(*retention_value(value.name), of_run), 200);
  }
  if (value.name == "beside" && of_run.is_string()) return of_run.get<std::string>();
  if (of_run.is_object()) return show_rate(of_run);
  if (of_run.is_string()) return "not compared";
  const auto whole =
      of_run.is_number_integer() ? std::optional(of_run.get<std::int64_t>()) : std::nullopt;
  if (value.section == "memory") return show_bytes(whole);
  const auto number = of_run.is_number() ? std::optional(of_run.get<double>()) : std::nullopt;
  if (value.name == "roofline_fraction") return show_percent(number);
  const bool is_count =
      value.section == "outcome" || value.section == "identity" || value.section == "length" ||
      value.section == "parting" ||
      (value.section == "paired" && value.name.find("p_value") == value.name.npos);
  if (is_count) {
    return number ? show_count(static_cast<std::int64_t>(*number)) : show_count(std::nullopt);
  }
  return show_number(number);
}

std::string section_title(const std::string& section) {
  constexpr Label kTitles[] = {{"speed", "Speed"},
                               {"memory", "Memory"},
                               {"bench", "Bench, tokens/s"},
                               {"score", "Scores"},
                               {"chain", "Reasoning chains, part by part"},
                               {"outcome", "Outcomes"},
                               {"length", "Length"},
                               {"budget", "Score by token budget"},
                               {"paired", "Sample by sample, beside the baseline"},
                               {"identity", "Identity, beside the first run alike"},
                               {"parting", "Where completions leave the baseline's"},
                               {"retention", "Chain retention, against each run's reference"}};
  for (const Label& it : kTitles) {
    if (it.name == section) return std::string(it.label);
  }
  return section;
}

}  // namespace assay
