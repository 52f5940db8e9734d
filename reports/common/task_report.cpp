#include "reports/common/task_report.h"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "core/json_access.h"
#include "core/sha256.h"
#include "core/statistics.h"
#include "core/text.h"
#include "reports/common/length_report.h"
#include "reports/common/rate.h"
#include "reports/common/task_samples.h"

namespace assay {
namespace {

using nlohmann::json;

/// Hex digits of a hash in a row: enough to tell equal from different, small enough for a report.
constexpr std::size_t kShortHash = 16;
/// Bytes of an answer in a row; a program's whole text stays in the journal.
constexpr std::size_t kAnswerBytes = 400;

/// Reads one result of each finished sample; `read` gives nothing where it does not apply.
template <class Read>
ResultsByProblem results_of(const TaskSamples& samples, const Read& read) {
  ResultsByProblem out;
  for (const auto& problem : samples.problems) {
    std::vector<bool>& results = out.emplace_back();
    for (const SampleView& view : problem) {
      if (view.failed()) continue;
      if (const std::optional<bool> result = read(view)) results.push_back(*result);
    }
  }
  return out;
}

/// A problem's samples that came to a result, and those among them that are right.
struct Tried {
  std::int64_t n = 0;
  std::int64_t correct = 0;
};

Tried tried(const std::vector<SampleView>& problem) {
  Tried out;
  for (const SampleView& view : problem) {
    out.n += view.failed() ? 0 : 1;
    out.correct += view.correct() ? 1 : 0;
  }
  return out;
}

/// A rate leaves failed samples out and says so: their number, and what the value would be if all
/// of them were wrong, and if all were right.
void note_failures(const TaskSamples& samples, json& rate) {
  if (samples.failed == 0) return;
  double low = 0;
  double high = 0;
  for (const auto& problem : samples.problems) {
    const auto size = static_cast<double>(problem.size());
    const Tried it = tried(problem);
    low += static_cast<double>(it.correct) / size;
    high += (size - static_cast<double>(it.n - it.correct)) / size;
  }
  const auto n = static_cast<double>(samples.problems.size());
  rate["failed"] = samples.failed;
  rate["bounds"] = {low / n, high / n};
}

json pass_at(const TaskSamples& samples, std::int64_t k) {
  const std::string name = "pass@" + std::to_string(k);
  std::vector<double> values;
  for (const auto& problem : samples.problems) {
    const Tried it = tried(problem);
    const auto value = pass_at_k(it.n, it.correct, k);
    if (!value) {
      return no_rate(fmt::format("{} needs {} completed samples of each problem; {} has {}", name,
                                 k, json_text(*problem.front().sample, "problem"), it.n));
    }
    values.push_back(*value);
  }
  json out = mean_rate_of(values);
  out["k"] = k;
  return out;
}

/// The text a sample votes with: the grader's normalised value, else the extracted text.
Vote vote_of(const SampleView& view) {
  Vote vote;
  vote.correct = view.correct();
  std::string value = json_text(json_member(*view.grade, "details"), "normalised");
  if (value.empty()) value = json_text(*view.grade, "extracted");
  if (json_flag(*view.grade, "answer_found").value_or(!value.empty())) vote.answer = value;
  return vote;
}

bool has_gold(const SampleView& view) {
  return view.grade != nullptr && !json_text(*view.grade, "gold").empty();
}

json consensus(const TaskSamples& samples, std::int64_t k) {
  json out;
  const auto& problems = samples.problems;
  const bool votable = std::any_of(problems.begin(), problems.end(), [](const auto& problem) {
    return std::any_of(problem.begin(), problem.end(), has_gold);
  });
  if (k < 2) {
    out = no_rate("a vote needs at least two samples a problem");
  } else if (!votable) {
    out = no_rate("programs cannot vote");
  } else {
    ResultsByProblem results;
    std::size_t right = 0;
    for (const auto& problem : problems) {
      // A vote that lacks voters is another vote.
      if (tried(problem).n < std::ssize(problem)) continue;
      std::vector<Vote> votes;
      std::transform(problem.begin(), problem.end(), std::back_inserter(votes), vote_of);
      results.push_back({majority_is_correct(votes)});
      right += results.back().front() ? 1 : 0;
    }
    out = rate_of(results);
    if (results.empty()) out["why"] = "no problem has all its votes: samples failed";
    if (samples.failed > 0) {
      const auto n = static_cast<double>(problems.size());
      out["failed"] = samples.failed;
      out["bounds"] = {static_cast<double>(right) / n,
                       (n - static_cast<double>(results.size() - right)) / n};
    }
  }
  out["k"] = k;
  return out;
}

/// The k of pass@k: powers of two and all samples, and what was asked for.
std::set<std::int64_t> pass_ks(const json& task, std::int64_t per_problem) {
  std::set<std::int64_t> ks;
  for (std::int64_t k = 2; k < per_problem; k *= 2) ks.insert(k);
  if (per_problem > 1) ks.insert(per_problem);
  for (const json& k : json_list(task, "pass_at")) {
    if (k.is_number_integer() && k.get<std::int64_t>() > 1) ks.insert(k.get<std::int64_t>());
  }
  return ks;
}

json metrics_of(const json& task, const TaskSamples& samples, std::int64_t per_problem) {
  json metrics = json::object();
  if (!samples.why_no_metrics.empty()) {
    for (const char* name : {"pass@1", "cons@k", "avg@n"}) {
      metrics[name] = no_rate(samples.why_no_metrics);
    }
    // What is known all the same: every missing sample wrong, or every one right.
    const double planned = static_cast<double>(samples.planned);
    const auto missing = samples.planned - samples.done + samples.failed;
    if (samples.planned > 0 && missing >= 0 && samples.done > 0) {
      metrics["pass@1"]["bounds"] = {samples.correct / planned,
                                     static_cast<double>(samples.correct + missing) / planned};
    }
    return metrics;
  }
  const auto correct = [](const SampleView& view) { return std::optional(view.correct()); };
  metrics["pass@1"] = rate_of(results_of(samples, correct));
  note_failures(samples, metrics["pass@1"]);
  metrics["avg@n"] = metrics["pass@1"];
  metrics["avg@n"]["samples_per_problem"] = per_problem;
  metrics["cons@k"] = consensus(samples, per_problem);
  for (const std::int64_t k : pass_ks(task, per_problem)) {
    metrics["pass@" + std::to_string(k)] = pass_at(samples, k);
  }
  return metrics;
}

json outcomes_of(const TaskSamples& samples) {
  json counts = json::object();
  for (const std::string_view name : kOutcomes) counts[std::string(name)] = 0;
  for (const auto& problem : samples.problems) {
    for (const SampleView& view : problem) {
      if (!view.finished()) continue;
      const std::string name = view.outcome();
      counts[name] = json_integer(counts, name).value_or(0) + 1;
    }
  }
  return counts;
}

/// A count that a chain record holds; beyond any real text it reads as 0.
std::int64_t count_of(const json& object, const char* name) {
  constexpr std::int64_t kMost = std::int64_t{1} << 31;
  const std::int64_t value = json_integer(object, name).value_or(0);
  return value >= 0 && value < kMost ? value : 0;
}

/// Sums over the samples' {checked, contradicted, found}; null when no sample has them.
json contradictions_of(const TaskSamples& samples) {
  std::int64_t checked = 0;
  std::int64_t contradicted = 0;
  std::int64_t found = 0;
  bool any = false;
  for (const auto& problem : samples.problems) {
    for (const SampleView& view : problem) {
      if (view.chain == nullptr) continue;
      const json& of_sample = json_member(*view.chain, "contradictions");
      any = any || of_sample.is_object();
      checked += count_of(of_sample, "checked");
      contradicted += count_of(of_sample, "contradicted");
      found += count_of(of_sample, "found");
    }
  }
  json out = {{"checked", nullptr}, {"contradicted", nullptr}, {"coverage", nullptr}};
  if (any) out["checked"] = checked;
  if (any) out["contradicted"] = contradicted;
  if (found > 0) out["coverage"] = static_cast<double>(checked) / static_cast<double>(found);
  return out;
}

json chain_of(const TaskSamples& samples) {
  const std::string& why = samples.why_no_metrics;
  const auto rate = [&samples, &why](const char* group, const std::string& name) {
    if (!why.empty()) return no_rate(why);
    return rate_of(results_of(samples, [group, &name](const SampleView& view) {
      const json& parts = group == nullptr ? *view.chain : json_member(*view.chain, group);
      return json_flag(parts, name);
    }));
  };
  json components = json::object();
  for (const std::string_view name : kChainComponents) {
    components[std::string(name)] = rate("components", std::string(name));
  }
  return {{"complete_rate", rate(nullptr, "complete")},
          {"strictly_complete_rate", rate(nullptr, "strictly_complete")},
          {"components", components},
          {"contradictions", contradictions_of(samples)}};
}

/// SHA-256 over one line ["problem",sample,["hash",...]] a sample, sorted; null unless every
/// planned sample has the hash of every one of its tokens.
json logits_hash_of(const TaskSamples& samples) {
  if (samples.partial || samples.failed > 0 || samples.planned == 0) return nullptr;
  std::vector<std::pair<std::pair<std::string, std::int64_t>, std::string>> lines;
  for (const auto& problem : samples.problems) {
    for (const SampleView& view : problem) {
      const json& hashes = json_list(*view.sample, "logits_hash");
      if (hashes.empty() || hashes.size() != json_list(*view.sample, "tokens").size())
        return nullptr;
      const std::string id = json_text(*view.sample, "problem");
      const std::int64_t sample = json_integer(*view.sample, "sample").value_or(0);
      lines.push_back({{id, sample}, json::array({id, sample, hashes}).dump() + "\n"});
    }
  }
  if (lines.empty()) return nullptr;
  std::sort(lines.begin(), lines.end());
  Sha256 hash;
  for (const auto& [order, line] : lines) hash.update(line);
  return hash.hex();
}

/// Null for what the sample does not have.
json text_or_null(const std::string& text) {
  return text.empty() ? json() : json(text);
}

json row_of(const SampleView& view) {
  static const json kNone = json::object();
  const json& sample = *view.sample;
  const json& grade = view.grade == nullptr ? kNone : *view.grade;
  const json& chain = view.chain == nullptr ? kNone : *view.chain;
  const json& tokens = json_list(sample, "tokens");
  const json& hashes = json_list(sample, "logits_hash");
  const std::string answer = json_text(grade, "extracted");
  const bool graded = view.finished() && !view.failed();
  return {{"id", json_text(sample, "problem")},
          {"sample", json_member(sample, "sample")},
          {"outcome", text_or_null(view.outcome())},
          {"correct", graded ? json(view.correct()) : json()},
          {"complete", json_member(chain, "complete")},
          {"strictly_complete", json_member(chain, "strictly_complete")},
          {"verdict", json_member(grade, "verdict")},
          {"rung", text_or_null(json_text(grade, "rung"))},
          {"extracted", text_or_null(cut_text(answer, kAnswerBytes))},
          {"gold", text_or_null(cut_text(json_text(grade, "gold"), kAnswerBytes))},
          {"prompt_tokens", json_member(sample, "prompt_tokens")},
          {"tokens", json_member(sample, "tokens").is_array() ? json(tokens.size()) : json()},
          {"stop", text_or_null(json_text(sample, "stop"))},
          {"why", text_or_null(redact_home_paths(view.why()))},
          {"prompt_hash", text_or_null(json_text(sample, "prompt_sha256").substr(0, kShortHash))},
          {"answer_hash", answer.empty() ? json() : json(short_hash(answer))},
          {"tokens_hash", tokens.empty() ? json() : json(short_hash(tokens.dump()))},
          {"logits_hash", hashes.empty() ? json() : json(short_hash(hashes.dump()))}};
}

json rows_of(const TaskSamples& samples) {
  json rows = json::array();
  for (const auto& problem : samples.problems) {
    for (const SampleView& view : problem) rows.push_back(row_of(view));
  }
  return rows;
}

/// The graders and threshold versions that the samples name, each once.
json versions_of(const TaskSamples& samples) {
  std::set<std::string> graders;
  std::set<std::string> thresholds;
  for (const auto& problem : samples.problems) {
    for (const SampleView& view : problem) {
      if (view.grade != nullptr) graders.insert(json_text(*view.grade, "grader"));
      if (view.chain != nullptr) thresholds.insert(json_member(*view.chain, "thresholds").dump());
    }
  }
  json out = {{"graders", json::array()}, {"chain_thresholds", json::array()}};
  for (const std::string& grader : graders) {
    if (!grader.empty()) out["graders"].push_back(grader);
  }
  for (const std::string& version : thresholds) {
    out["chain_thresholds"].push_back(json::parse(version));
  }
  return out;
}

}  // namespace

std::string short_hash(const std::string& text) {
  return sha256_hex(text).substr(0, kShortHash);
}

json build_task_report(const json& task, const Journal& journal) {
  const TaskSamples samples = collect_task_samples(task, journal);
  const std::int64_t per_problem = json_integer(task, "samples_per_problem").value_or(0);
  json out = json::object();
  for (const char* name : {"name", "protocol", "eval", "dataset_sha256", "n_problems",
                           "samples_per_problem", "max_new_tokens", "chain_profile"}) {
    out[name] = json_member(task, name);
  }
  if (const auto all = json_integer(task, "n_problems_in_dataset")) {
    out["n_problems_in_dataset"] = *all;
  }
  const std::string skipped = json_text(task, "skipped");
  out["skipped"] = text_or_null(redact_home_paths(skipped));
  out["partial"] = samples.partial;
  out["counts"] = {
      {"planned", samples.planned}, {"done", samples.done}, {"failed", samples.failed}};
  out["metrics"] = metrics_of(task, samples, per_problem);
  out["score_by_budget"] =
      score_by_budget_of(samples, json_integer(task, "max_new_tokens").value_or(0));
  out["length"] = length_of(samples);
  out["outcomes"] = outcomes_of(samples);
  out["chain"] = chain_of(samples);
  out["retention"] = nullptr;
  if (const auto it = journal.retention.find(json_text(task, "name"));
      it != journal.retention.end()) {
    out["retention"] = it->second;
    for (const char* name : {"type", "task"}) out["retention"].erase(name);
  }
  out["logits_hash"] = logits_hash_of(samples);
  out["versions"] = versions_of(samples);
  out["problems"] = rows_of(samples);
  return out;
}

}  // namespace assay
