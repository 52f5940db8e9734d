// Free retention: where the run's own completion leaves the reference's.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/json_access.h"
#include "core/survival.h"
#include "core/types.h"
#include "harness/retention/retention.h"

namespace assay {
namespace {

using nlohmann::json;

bool is_greedy(const json& decoding) {
  return json_number(decoding, "temperature") == 0.0;
}

/// Why equal models would not draw equal tokens; empty when they would.
std::string why_draws_differ(const json& a, const json& b) {
  if (is_greedy(a) && is_greedy(b)) return {};
  for (const char* name : {"temperature", "top_p", "top_k", "min_p", "seed"}) {
    if (json_number(a, name) != json_number(b, name)) {
      return std::string("the runs draw by another ") + name;
    }
  }
  return {};
}

struct Parting {
  std::int64_t token = 0;  ///< tokens that both share
  bool parted = false;     ///< else one of the two simply ends
  bool identical = false;
};

Parting parting_of(const json& run, const json& reference) {
  const json& a = json_list(run, "tokens");
  const json& b = json_list(reference, "tokens");
  const auto at = std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin();
  Parting out;
  out.token = at;
  out.identical = a == b;
  const bool both_go_on = at < std::ssize(a) && at < std::ssize(b);
  const json& shorter = a.size() < b.size() ? run : reference;
  const bool cut = json_text(shorter, "stop") == stop_reason_name(StopReason::length);
  out.parted = both_go_on || (!out.identical && !cut);
  return out;
}

std::optional<double> margin_at(const json& sample, std::int64_t position) {
  const json& margins = json_list(sample, "top2_margin");
  const auto at = static_cast<std::size_t>(position);
  if (at >= margins.size() || !margins[at].is_number()) return std::nullopt;
  return margins[at].get<double>();
}

json survival_of(const std::vector<ObservedLength>& lengths) {
  json out = json::array();
  for (const SurvivalPoint& point : kaplan_meier(lengths)) {
    out.push_back({{"tokens", point.tokens}, {"share", point.share}});
  }
  return out;
}

json nothing(const std::string& why) {
  return {{"samples", nullptr},
          {"identical", nullptr},
          {"median_tokens", nullptr},
          {"median_ci95", nullptr},
          {"survival", json::array()},
          {"divergences", nullptr},
          {"first", json::array()},
          {"near_tie_logits", kNearTieLogits},
          {"why", why}};
}

}  // namespace

json free_retention(const TaskPair& pair) {
  const json& decoding = json_member(pair.reference->plan, "decoding");
  const std::string why = why_draws_differ(json_member(pair.run->plan, "decoding"), decoding);
  if (!why.empty()) return nothing(why);
  std::map<std::string, std::vector<ObservedLength>> by_problem;
  std::vector<ObservedLength> lengths;
  std::int64_t identical = 0;
  json kinds = {{"near_tie", 0}, {"material", 0}, {"unknown", 0}};
  json first = json::array();
  for (const PairedSample& it : pair.samples) {
    const json& prompt = json_member(*it.reference, "prompt_sha256");
    if (!prompt.is_string() || json_member(*it.run, "prompt_sha256") != prompt) continue;
    const Parting parting = parting_of(*it.run, *it.reference);
    lengths.push_back({parting.token, parting.parted});
    by_problem[it.problem].push_back(lengths.back());
    identical += parting.identical ? 1 : 0;
    if (!parting.parted) continue;
    const auto margin = margin_at(*it.reference, parting.token);
    const char* kind = !margin || !is_greedy(decoding) ? "unknown"
                       : *margin < kNearTieLogits      ? "near_tie"
                                                       : "material";
    kinds[kind] = kinds[kind].get<std::int64_t>() + 1;
    first.push_back({{"problem", it.problem},
                     {"sample", json_integer(*it.reference, "sample").value_or(0)},
                     {"token", parting.token},
                     {"margin", margin ? json(*margin) : json()},
                     {"kind", kind}});
  }
  if (lengths.empty()) {
    return nothing("no prompt has the same tokens in both: another tokenizer or chat template");
  }
  std::vector<std::vector<ObservedLength>> groups;
  groups.reserve(by_problem.size());
  for (auto& [problem, group] : by_problem) groups.push_back(std::move(group));
  const MedianLength median = median_length(groups);
  const auto or_null = [](const auto& value) { return value ? json(*value) : json(); };
  return {{"samples", lengths.size()},
          {"identical", identical},
          {"median_tokens", or_null(median.tokens)},
          {"median_ci95", {or_null(median.low), or_null(median.high)}},
          {"survival", survival_of(lengths)},
          {"divergences", kinds},
          {"first", first},
          {"near_tie_logits", kNearTieLogits},
          {"why", nullptr}};
}

}  // namespace assay
