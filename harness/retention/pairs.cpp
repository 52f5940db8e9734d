#include "harness/retention/pairs.h"

#include <fmt/core.h>

#include <map>
#include <nlohmann/json.hpp>

#include "core/json_access.h"
#include "core/text.h"
#include "core/types.h"

namespace assay {
namespace {

using nlohmann::json;

const json* task_of(const Journal& journal, const std::string& name) {
  for (const json& task : json_list(journal.plan, "tasks")) {
    if (json_text(task, "name") == name) return &task;
  }
  return nullptr;
}

std::string names_of(const Journal& journal) {
  std::string out;
  for (const json& task : json_list(journal.plan, "tasks")) {
    out += (out.empty() ? "" : ", ") + name_for_message(json_text(task, "name"));
  }
  return out.empty() ? "no task" : out;
}

/// Why two plans' entries of one name are not one task; empty when they are.
std::string why_not_one_task(const json& a, const json& b) {
  const std::pair<const char*, const char*> kFields[] = {{"dataset_sha256", "the datasets differ"},
                                                         {"protocol", "the protocols differ"}};
  for (const auto& [field, why] : kFields) {
    if (json_member(a, field) != json_member(b, field)) return why;
  }
  return {};
}

std::vector<PairedSample> paired_samples(const Journal& run, const Journal& reference,
                                         const std::string& task) {
  std::map<SamplePlace, const json*> of_run;
  for (const json* sample : finished_samples(run, task)) of_run[place_of(*sample)] = sample;
  std::vector<PairedSample> out;
  for (const json* sample : finished_samples(reference, task)) {
    const auto it = of_run.find(place_of(*sample));
    if (it != of_run.end()) out.push_back({it->first.first, it->second, sample});
  }
  return out;
}

}  // namespace

SamplePlace place_of(const json& sample) {
  return {json_text(sample, "problem"), json_integer(sample, "sample").value_or(0)};
}

bool TaskPair::thinking() const {
  return json_text(*reference_task, "chain_profile") == "thinking";
}

std::vector<const json*> finished_samples(const Journal& journal, const std::string& task) {
  std::vector<const json*> out;
  for (const json& sample : journal.samples) {
    const bool failed = json_text(sample, "stop") == stop_reason_name(StopReason::error);
    if (json_text(sample, "task") == task && !failed) out.push_back(&sample);
  }
  return out;
}

PairedRuns pair_runs(const Journal& run, const Journal& reference) {
  PairedRuns out;
  for (const json& reference_task : json_list(reference.plan, "tasks")) {
    const std::string name = json_text(reference_task, "name");
    const json* run_task = task_of(run, name);
    if (run_task == nullptr) continue;
    std::string why = why_not_one_task(*run_task, reference_task);
    TaskPair pair{name, &run, &reference, run_task, &reference_task, {}};
    if (why.empty()) pair.samples = paired_samples(run, reference, name);
    if (why.empty() && pair.samples.empty()) why = "no problem was finished in both runs";
    if (why.empty()) {
      out.tasks.push_back(std::move(pair));
    } else {
      out.refused.push_back({name, why});
    }
  }
  if (!out.tasks.empty()) return out;
  if (out.refused.empty()) {
    throw Error(ErrorKind::usage,
                fmt::format("the runs share no task: the run has {}, the reference {}",
                            names_of(run), names_of(reference)),
                "give two runs of the same task");
  }
  throw Error(ErrorKind::usage,
              fmt::format("{}: {}", name_for_message(out.refused[0].name), out.refused[0].why),
              "give two runs of the same task, protocol and problems");
}

}  // namespace assay
