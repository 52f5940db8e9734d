// Retention of content and of outcomes.
#include <fmt/core.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "core/json_access.h"
#include "core/paired.h"
#include "evals/chain/layout.h"
#include "evals/chain/milestones.h"
#include "harness/names.h"
#include "harness/retention/mean_by_problem.h"
#include "harness/retention/retention.h"
#include "harness/task_source.h"

namespace assay {
namespace {

using chain::ValueSet;
using nlohmann::json;

/// The reasoning: the thinking part; in the plain profile the whole text.
std::string reasoning_of(const json& sample, bool thinking) {
  const std::string text = json_text(sample, "text");
  const chain::Layout layout = chain::layout_of(text, thinking);
  return std::string(chain::slice(text, thinking ? layout.thinking : layout.answer));
}

ValueSet values_in(const json& sample, const json& task) {
  const bool thinking = json_text(task, "chain_profile") == "thinking";
  return chain::stated_values(reasoning_of(sample, thinking));
}

double share_found(const ValueSet& milestones, const ValueSet& stated) {
  const auto found = std::count_if(milestones.begin(), milestones.end(),
                                   [&](const std::string& it) { return stated.contains(it); });
  return static_cast<double>(found) / static_cast<double>(milestones.size());
}

/// What the reference writes with another seed.
class OtherSeed {
 public:
  OtherSeed(const TaskPair& pair, const Journal* again) : again_(again != nullptr) {
    const Journal& journal = again_ ? *again : *pair.reference;
    if (again_ && !holds_task(*again, *pair.reference_task)) return;
    for (const json* sample : finished_samples(journal, pair.name)) {
      samples_.emplace(place_of(*sample), sample);
    }
  }
  /// `again`: the sample of the same place; else the problem's next one, after the last the first.
  const json* find(const SamplePlace& place) const {
    if (again_) {
      const auto same = samples_.find(place);
      return same == samples_.end() ? nullptr : same->second;
    }
    auto it = samples_.upper_bound(place);
    if (it == samples_.end() || it->first.first != place.first) {
      it = samples_.lower_bound({place.first, std::numeric_limits<std::int64_t>::min()});
    }
    const bool another = it != samples_.end() && it->first.first == place.first;
    return another && it->first != place ? it->second : nullptr;
  }

 private:
  static bool holds_task(const Journal& journal, const json& task) {
    const json& tasks = json_list(journal.plan, "tasks");
    return std::any_of(tasks.begin(), tasks.end(), [&task](const json& it) {
      return json_member(it, "name") == json_member(task, "name") &&
             json_member(it, "dataset_sha256") == json_member(task, "dataset_sha256");
    });
  }

  bool again_;
  std::map<SamplePlace, const json*> samples_;
};

struct Milestones {
  const PairedSample* sample = nullptr;
  ValueSet values;  ///< the reference derives them
  ValueSet stated;  ///< the run states these
};

std::optional<bool> is_correct(const Journal& journal, const json& sample) {
  const auto it = journal.grades.find(json_text(sample, "key"));
  if (it == journal.grades.end() || json_text(it->second, "status") != "graded") {
    return std::nullopt;
  }
  return json_text(it->second, "verdict") == "equal";
}

std::optional<bool> is_complete(const Journal& journal, const json& sample) {
  const auto it = journal.chains.find(json_text(sample, "key"));
  return it == journal.chains.end() ? std::nullopt : json_flag(it->second, "complete");
}

using Reading = std::optional<bool> (*)(const Journal&, const json&);

json table_of(const TaskPair& pair, Reading reading) {
  PairedResults results;
  for (const PairedSample& it : pair.samples) {
    const auto reference = reading(*pair.reference, *it.reference);
    const auto run = reading(*pair.run, *it.run);
    if (reference && run) results.add(it.problem, *reference, *run);
  }
  return results.table().pairs() > 0 ? results.to_json() : json();
}

}  // namespace

Questions questions_at_hand(const json& task, const Listener& listener) {
  const auto plugin = find_task(json_text(task, "name"));
  if (!plugin || !dataset_availability((*plugin)->manifest).available) return {};
  Questions out;
  try {
    const DatasetContent content = read_dataset(**plugin, listener);
    if (content.sha256 != json_text(task, "dataset_sha256")) return {};
    for (const Problem& problem : content.problems) out.emplace(problem.id, problem.question);
  } catch (const Error&) {
    return {};  // a damaged file in the cache: the runs speak for themselves
  }
  return out;
}

json content_retention(const TaskPair& pair, const Questions& questions, const Journal* again) {
  std::vector<Milestones> all;
  std::size_t total = 0;
  bool prompts_known = true;
  for (const PairedSample& it : pair.samples) {
    Milestones one{&it, chain::derived_values(reasoning_of(*it.reference, pair.thinking())),
                   values_in(*it.run, *pair.run_task)};
    const auto question = questions.find(it.problem);
    prompts_known = prompts_known && question != questions.end();
    if (question != questions.end()) {
      for (const std::string& value : chain::stated_values(question->second)) {
        one.values.erase(value);
      }
    }
    total += one.values.size();
    all.push_back(std::move(one));
  }
  const OtherSeed other_seed(pair, again);
  MeanByProblem found;
  MeanByProblem chance;
  MeanByProblem self;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const ValueSet& values = all[i].values;
    const std::string& problem = all[i].sample->problem;
    if (values.empty()) continue;
    found.add(problem, share_found(values, all[i].stated));
    std::size_t others = 0;
    for (std::size_t step = 1; step < all.size() && others < kChanceChains; ++step) {
      const Milestones& other = all[(i + step) % all.size()];
      if (other.sample->problem == problem) continue;
      chance.add(problem, share_found(values, other.stated));
      ++others;
    }
    if (const json* other = other_seed.find(place_of(*all[i].sample->reference))) {
      self.add(problem, share_found(values, values_in(*other, *pair.reference_task)));
    }
  }
  return {{"milestones", total},
          {"found", found.to_json()},
          {"chance", chance.to_json()},
          {"self_ceiling", self.to_json()},
          {"prompt_values", prompts_known ? "excluded" : "unknown"},
          {"why", total > 0 ? json() : json("the reference's chains derive no value")}};
}

void require_other_seed(const Journal& reference, const Journal& again) {
  const json& a = json_member(reference.plan, "decoding");
  const json& b = json_member(again.plan, "decoding");
  const auto sha256 = [](const Journal& journal) {
    return json_text(json_member(journal.plan, "model"), "sha256");
  };
  if (sha256(reference) != sha256(again)) {
    throw Error(ErrorKind::usage, "--again is a run of another model than --reference",
                "give the reference's own model, run with another seed");
  }
  const auto same = [&](const char* name) { return json_number(a, name) == json_number(b, name); };
  const bool greedy = same("temperature") && json_number(a, "temperature").value_or(0) == 0;
  if (greedy || (same("temperature") && same("seed"))) {
    throw Error(ErrorKind::usage,
                fmt::format("--again draws as --reference does: {}",
                            greedy ? "both are greedy" : "temperature and seed are the same"),
                "run the reference's model again with --sampling model --seed 1");
  }
}

json outcome_retention(const TaskPair& pair) {
  const std::pair<const char*, const char*> kFields[] = {
      {"max_new_tokens", "the token budgets differ"},
      {"chain_profile", "the chain profiles differ"}};
  for (const auto& [field, why] : kFields) {
    if (json_member(*pair.run_task, field) != json_member(*pair.reference_task, field)) {
      return {{"correct", nullptr}, {"complete", nullptr}, {"why", why}};
    }
  }
  json out = {{"correct", table_of(pair, is_correct)},
              {"complete", table_of(pair, is_complete)},
              {"why", nullptr}};
  if (out["correct"].is_null()) out["why"] = "no sample was graded in both runs";
  return out;
}

}  // namespace assay
