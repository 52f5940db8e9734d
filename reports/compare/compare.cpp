#include "reports/compare/compare.h"

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <set>

#include "core/json_access.h"
#include "core/text.h"
#include "reports/common/identity.h"
#include "reports/common/paired.h"
#include "reports/common/show.h"
#include "reports/compare/beside.h"
#include "reports/compare/journals.h"
#include "reports/compare/roofline.h"

namespace assay {
namespace {

using nlohmann::json;
using Reports = std::span<const NamedReport>;

constexpr int kComparisonVersion = 1;

/// Members of an object by path ("device.threads"); lists count as one value.
void flatten(const json& value, const std::string& path, std::map<std::string, json>* out) {
  if (!value.is_object() || value.empty()) {
    (*out)[path] = value.is_object() ? json() : value;
    return;
  }
  for (const auto& [name, child] : value.items()) {
    flatten(child, path.empty() ? name : fmt::format("{}.{}", path, name), out);
  }
}

std::map<std::string, json> settings_of(const json& report) {
  std::map<std::string, json> out;
  for (const char* group : {"model", "device", "backend", "decoding", "identity", "tool"}) {
    flatten(json_member(report, group), group, &out);
  }
  for (const json& task : json_list(report, "tasks")) {
    for (const char* name : {"protocol", "dataset_sha256", "n_problems", "samples_per_problem",
                             "max_new_tokens", "chain_profile", "skipped", "versions"}) {
      out[json_text(task, "name") + "." + name] = json_member(task, name);
    }
  }
  return out;
}

/// What a run found rather than what was set: it differs between any two runs.
bool is_condition(const std::string& name) {
  constexpr std::string_view kConditions[] = {"device.load_average", "device.cpu_mhz",
                                              "device.temperature_c", "device.bandwidth_gb_per_s"};
  return name.starts_with("device.gpu_state") || name.starts_with("device.peaks") ||
         std::find(std::begin(kConditions), std::end(kConditions), name) != std::end(kConditions);
}

/// Settings of decoding and of tasks, which a bench does not have: absent is no difference there.
bool may_be_absent(const std::string& name) {
  for (const char* group : {"model.", "device.", "backend.", "identity.", "tool."}) {
    if (name.starts_with(group)) return false;
  }
  return true;
}

bool all_equal(const json& values, bool without_absent) {
  const json* first = nullptr;
  for (const json& value : values) {
    if (without_absent && value.is_null()) continue;
    if (first == nullptr) first = &value;
    if (value != *first) return false;
  }
  return true;
}

json compare_settings(Reports reports) {
  std::vector<std::map<std::string, json>> settings;
  std::set<std::string> names;
  for (const NamedReport& it : reports) {
    settings.push_back(settings_of(it.report));
    for (const auto& [name, value] : settings.back()) names.insert(name);
  }
  json different = json::array();
  json same = json::array();
  json conditions = json::array();
  for (const std::string& name : names) {
    json values = json::array();
    for (const auto& of_run : settings) {
      const auto it = of_run.find(name);
      values.push_back(it == of_run.end() ? json() : it->second);
    }
    const bool equal = all_equal(values, may_be_absent(name));
    if (is_condition(name)) {
      conditions.push_back({{"name", name}, {"values", values}});
    } else if (equal) {
      const auto known = std::find_if(values.begin(), values.end(),
                                      [](const json& value) { return !value.is_null(); });
      same.push_back({{"name", name}, {"value", known == values.end() ? json() : *known}});
    } else {
      different.push_back({{"name", name}, {"values", values}});
    }
  }
  return {{"different", different}, {"same", same}, {"conditions", conditions}};
}

/// Runs whose labels are equal get their folder's name, or a number, behind it.
void tell_apart(Reports reports, std::vector<std::string>* labels) {
  std::map<std::string, int> seen;
  std::set<std::string> taken(labels->begin(), labels->end());
  for (std::size_t i = 0; i < labels->size(); ++i) {
    std::string& label = (*labels)[i];
    const int earlier = seen[label]++;
    if (earlier == 0) continue;
    const std::string folder =
        std::filesystem::path(reports[i].name).parent_path().filename().string();
    std::string with = fmt::format("{} ({})", label, name_for_message(folder, 40));
    if (folder.empty() || taken.count(with) > 0)
      with = fmt::format("{} (run {})", label, earlier + 1);
    label = with;
    taken.insert(label);
  }
}

/// A name for each run that tells it from the others: the backend, and what else differs.
std::vector<std::string> labels_of(Reports reports) {
  struct Field {
    const char* object;
    const char* name;
  };
  constexpr Field kFields[] = {{"model", "name"},  {"model", "weight_type"}, {"backend", "name"},
                               {"device", "name"}, {"device", "isa"},        {"device", "threads"},
                               {"tool", "commit"}, {"backend", "numerics"}};
  std::vector<std::string> labels(reports.size());
  for (const Field& field : kFields) {
    const auto value = [&field](const NamedReport& it) {
      return json_member(json_member(it.report, field.object), field.name);
    };
    const bool differs = std::any_of(reports.begin(), reports.end(), [&](const NamedReport& it) {
      return value(it) != value(reports.front());
    });
    const bool always =
        std::string_view(field.object) == "backend" && std::string_view(field.name) == "name";
    if (!differs && !always) continue;
    for (std::size_t i = 0; i < reports.size(); ++i) {
      std::string text = name_for_message(show_value(value(reports[i])), 60);
      if (std::string_view(field.name) == "threads") text += text == "1" ? " thread" : " threads";
      labels[i] += (labels[i].empty() ? "" : ", ") + text;
    }
  }
  tell_apart(reports, &labels);
  return labels;
}

json run_of(const NamedReport& it, const std::string& label) {
  const json& report = it.report;
  return {{"file", redact_home_paths(sanitize_for_terminal(it.name))},
          {"label", label},
          {"model", json_member(json_member(report, "model"), "name")},
          {"utc", json_member(report, "utc")},
          {"weight_type", json_member(json_member(report, "model"), "weight_type")},
          {"backend", json_member(json_member(report, "backend"), "name")},
          {"device", json_member(json_member(report, "device"), "name")},
          {"isa", json_member(json_member(report, "device"), "isa")},
          {"threads", json_member(json_member(report, "device"), "threads")},
          {"identity", json_member(report, "identity")},
          {"throughput", json_member(report, "throughput")},
          {"memory", json_member(report, "memory")},
          {"cpu_utilization", json_member(report, "cpu_utilization")},
          {"energy", json_member(report, "energy")},
          {"journal", it.journal != nullptr ? json() : json(it.why_no_journal)},
          {"warnings", json_list(report, "warnings")}};
}

/// Bench points that any run has, in order of appearance, with each run's row or null.
json compare_bench(Reports reports) {
  json points = json::array();
  for (std::size_t i = 0; i < reports.size(); ++i) {
    for (const json& row : json_list(reports[i].report, "bench")) {
      json point = json::object();
      for (const char* name : {"phase", "tokens", "depth", "batch"}) {
        point[name] = json_member(row, name);
      }
      const auto it = std::find_if(points.begin(), points.end(),
                                   [&point](const json& other) { return other["point"] == point; });
      json* entry = nullptr;
      if (it == points.end()) {
        points.push_back({{"point", point}, {"runs", json(reports.size(), json())}});
        entry = &points.back();
      } else {
        entry = &*it;
      }
      (*entry)["runs"][i] = row;
    }
  }
  return points;
}

std::vector<std::string> task_names(Reports reports) {
  std::vector<std::string> names;
  for (const NamedReport& it : reports) {
    for (const json& task : json_list(it.report, "tasks")) {
      const std::string name = json_text(task, "name");
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
  }
  return names;
}

/// Samples that at least two runs hold, with each run's row or null.
json side_by_side(Reports reports, const std::string& name) {
  std::map<std::pair<std::string, std::int64_t>, std::size_t> places;
  json out = json::array();
  for (std::size_t i = 0; i < reports.size(); ++i) {
    for (const json& row : json_list(task_named(reports[i].report, name), "problems")) {
      const std::pair key(json_text(row, "id"), json_integer(row, "sample").value_or(0));
      const auto [it, is_new] = places.emplace(key, out.size());
      if (is_new) {
        out.push_back(
            {{"id", key.first}, {"sample", key.second}, {"runs", json(reports.size(), json())}});
      }
      json small = json::object();
      for (const char* field : {"outcome", "correct", "complete", "extracted", "tokens",
                                "answer_hash", "tokens_hash", "prompt_hash"}) {
        small[field] = json_member(row, field);
      }
      out[it->second]["runs"][i] = std::move(small);
    }
  }
  return out;
}

/// Tokens, answers and logits of one task in two runs; every member null, with `why`, where they
/// must not be compared.
json identity_of(const json& report_a, const json& report_b, const std::string& name,
                 bool same_problems) {
  const json& task_a = task_named(report_a, name);
  const json& task_b = task_named(report_b, name);
  const std::string why = why_tokens_differ_in_kind(report_a, report_b);
  if (!why.empty()) {
    return {{"problems", nullptr},    {"same_tokens", nullptr},       {"same_answer", nullptr},
            {"same_logits", nullptr}, {"logits_hash_equal", nullptr}, {"why", why}};
  }
  json out = compare_samples(task_a, task_b);
  const json& hash_a = json_member(task_a, "logits_hash");
  const json& hash_b = json_member(task_b, "logits_hash");
  const bool whole = same_problems && hash_a.is_string() && hash_b.is_string();
  out["logits_hash_equal"] = whole ? json(hash_a == hash_b) : json();
  return out;
}

/// Tasks of one run that are refused for the same reason are one entry: "tokens of a, b in RUN".
void refuse(const std::string& kind, const std::string& task, const std::string& label,
            const std::string& why, json* refused) {
  const std::string head = kind + " of ";
  const std::string tail = " in " + label;
  for (json& it : *refused) {
    std::string what = json_text(it, "what");
    if (json_text(it, "why") != why || !what.starts_with(head) || !what.ends_with(tail)) continue;
    what.insert(what.size() - tail.size(), ", " + task);
    it["what"] = what;
    return;
  }
  refused->push_back({{"what", head + task + tail}, {"why", why}});
}

/// One task in all runs. The first run that has it is the baseline of scores; tokens are compared
/// with the first earlier run that could have given the same (beside.h); what may not stand beside
/// it is added to `refused`.
json compare_task(Reports reports, const std::vector<std::string>& labels, const std::string& name,
                  json* refused) {
  json out = {{"name", name},
              {"runs", json::array()},
              {"identity", json::array()},
              {"paired", json::array()},
              {"partings", json::array()}};
  std::optional<std::size_t> baseline;
  for (std::size_t i = 0; i < reports.size(); ++i) {
    const json& task = task_named(reports[i].report, name);
    if (task.is_null()) {
      out["runs"].push_back(nullptr);
      continue;
    }
    json run = {{"refused", nullptr}};
    for (const char* field :
         {"n_problems", "samples_per_problem", "max_new_tokens", "counts", "metrics",
          "score_by_budget", "length", "outcomes", "chain", "retention", "logits_hash"}) {
      run[field] = json_member(task, field);
    }
    if (baseline) {
      const json& first = reports[*baseline].report;
      const std::string why = why_scores_differ_in_kind(task_named(first, name), task);
      if (!why.empty()) {
        run["refused"] = why;
        refuse("scores", name, labels[i], why, refused);
      }
      const std::size_t beside = first_alike(reports, i, name).value_or(*baseline);
      const json& other = reports[beside].report;
      const bool alike = why_scores_differ_in_kind(task_named(other, name), task).empty();
      json pair = {{"identity", identity_of(other, reports[i].report, name, alike)},
                   {"paired", compare_pairs(task_named(first, name), task)},
                   {"partings", compare_partings(reports[*baseline], reports[i], name)}};
      if (pair["identity"]["why"].is_string()) {
        refuse("tokens", name, labels[i], pair["identity"]["why"], refused);
      }
      for (auto& [kind, found] : pair.items()) {
        found["a"] = kind == "identity" ? beside : *baseline;
        found["b"] = i;
        out[kind].push_back(std::move(found));
      }
    } else {
      baseline = i;
    }
    out["runs"].push_back(std::move(run));
  }
  out["problems"] = side_by_side(reports, name);
  return out;
}

/// A build that may not report speed has none to compare.
void refuse_speed(const json& report, const std::string& label, json* refused) {
  for (const json& warning : json_list(report, "warnings")) {
    const std::string code = json_text(warning, "code");
    if (code != "sanitizer_build" && code != "not_release_build") continue;
    refused->push_back({{"what", "speed of " + label}, {"why", json_text(warning, "text")}});
  }
}

}  // namespace

json compare_reports(Reports reports) {
  ASSAY_ASSERT(!reports.empty());
  const std::vector<std::string> labels = labels_of(reports);
  json refused = json::array();
  json out = {{"schema_version", kComparisonVersion}, {"runs", json::array()}};
  for (std::size_t i = 0; i < reports.size(); ++i) {
    out["runs"].push_back(run_of(reports[i], labels[i]));
    refuse_speed(reports[i].report, labels[i], &refused);
  }
  out["settings"] = compare_settings(reports);
  out["roofline"] = compare_roofline(reports);
  out["bench"] = compare_bench(reports);
  out["tasks"] = json::array();
  for (const std::string& name : task_names(reports)) {
    out["tasks"].push_back(compare_task(reports, labels, name, &refused));
  }
  out["refused"] = std::move(refused);
  out["summary"] = summary_sentence(reports);
  return out;
}

}  // namespace assay
