#include "core/parting.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/json_access.h"
#include "core/types.h"

namespace assay {
namespace {

using nlohmann::json;

template <class T>
json or_null(const std::optional<T>& value) {
  return value ? json(*value) : json();
}

}  // namespace

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

std::string why_draws_differ(const json& a, const json& b) {
  const auto is_greedy = [](const json& decoding) {
    return json_number(decoding, "temperature") == 0.0;
  };
  if (is_greedy(a) && is_greedy(b)) return {};
  for (const char* name : {"temperature", "top_p", "top_k", "min_p", "seed"}) {
    if (json_number(a, name) != json_number(b, name)) {
      return std::string("the runs draw by another ") + name;
    }
  }
  return {};
}

std::string parting_kind(std::optional<double> margin, bool greedy) {
  if (!margin || !greedy) return "unknown";
  return *margin < kNearTieLogits ? "near_tie" : "material";
}

void Partings::add(const std::string& problem, const json& run, const json& reference) {
  const Parting parting = parting_of(run, reference);
  lengths_.push_back({parting.token, parting.parted});
  by_problem_[problem].push_back(lengths_.back());
  identical_ += parting.identical ? 1 : 0;
  if (!parting.parted) return;
  const auto margin = margin_at(reference, parting.token);
  first_.push_back({problem, json_integer(reference, "sample").value_or(0), parting.token, margin,
                    parting_kind(margin, greedy_)});
}

json Partings::to_json() const {
  json kinds = {{"near_tie", 0}, {"material", 0}, {"unknown", 0}};
  json first = json::array();
  for (const First& it : first_) {
    kinds[it.kind] = kinds[it.kind].get<std::int64_t>() + 1;
    first.push_back({{"problem", it.problem},
                     {"sample", it.sample},
                     {"token", it.token},
                     {"margin", or_null(it.margin)},
                     {"kind", it.kind}});
  }
  std::vector<std::vector<ObservedLength>> groups;
  groups.reserve(by_problem_.size());
  for (const auto& [problem, group] : by_problem_) groups.push_back(group);
  const MedianLength median = median_length(groups);
  json survival = json::array();
  for (const SurvivalPoint& point : kaplan_meier(lengths_)) {
    survival.push_back({{"tokens", point.tokens}, {"share", point.share}});
  }
  return {{"samples", lengths_.size()},
          {"identical", identical_},
          {"median_tokens", or_null(median.tokens)},
          {"median_ci95", {or_null(median.low), or_null(median.high)}},
          {"survival", survival},
          {"divergences", kinds},
          {"first", first},
          {"near_tie_logits", kNearTieLogits},
          {"why", nullptr}};
}

json no_partings(const std::string& why) {
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

}  // namespace assay
