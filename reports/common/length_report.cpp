#include "reports/common/length_report.h"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/json_access.h"
#include "core/survival.h"
#include "reports/common/rate.h"

namespace assay {
namespace {

using nlohmann::json;

ObservedLength length_of_sample(const SampleView& view) {
  return {static_cast<std::int64_t>(json_list(*view.sample, "tokens").size()),
          json_text(*view.sample, "stop") != "length"};
}

/// False where a server's text came without a vocabulary to count it.
bool lengths_known(const TaskSamples& samples) {
  for (const auto& problem : samples.problems) {
    for (const SampleView& view : problem) {
      if (!view.failed() && !json_member(*view.sample, "tokens").is_array()) return false;
    }
  }
  return true;
}

bool ended_by(const SampleView& view, std::int64_t budget) {
  const ObservedLength length = length_of_sample(view);
  return length.ended && length.tokens <= budget;
}

json bound(const std::optional<std::int64_t>& tokens) {
  return tokens ? json(*tokens) : json();
}

}  // namespace

json length_of(const TaskSamples& samples) {
  if (!lengths_known(samples)) {
    return {{"median_tokens", nullptr},
            {"ci95", {nullptr, nullptr}},
            {"ended", nullptr},
            {"censored", nullptr},
            {"why", "tokens were not counted: no local vocabulary"}};
  }
  std::vector<std::vector<ObservedLength>> lengths;
  std::int64_t ended = 0;
  std::int64_t censored = 0;
  for (const auto& problem : samples.problems) {
    std::vector<ObservedLength> of_problem;
    for (const SampleView& view : problem) {
      if (view.failed()) continue;
      of_problem.push_back(length_of_sample(view));
      (of_problem.back().ended ? ended : censored) += 1;
    }
    if (!of_problem.empty()) lengths.push_back(std::move(of_problem));
  }
  const MedianLength median = median_length(lengths);
  json out = {{"median_tokens", bound(median.tokens)},
              {"ci95", {bound(median.low), bound(median.high)}},
              {"ended", ended},
              {"censored", censored},
              {"why", nullptr}};
  if (ended + censored == 0) {
    out["why"] = "no completion";
  } else if (!median.tokens) {
    out["why"] =
        fmt::format("{} of {} completions were cut by the budget: the median lies beyond it",
                    censored, ended + censored);
  }
  return out;
}

json score_by_budget_of(const TaskSamples& samples, std::int64_t budget) {
  if (!samples.why_no_metrics.empty() || !lengths_known(samples)) return nullptr;
  json rows = json::array();
  for (const std::int64_t b : smaller_budgets(budget)) {
    ResultsByProblem of_all;
    ResultsByProblem of_ended;
    std::int64_t ended = 0;
    for (const auto& problem : samples.problems) {
      std::vector<bool>& all = of_all.emplace_back();
      std::vector<bool>& among = of_ended.emplace_back();
      for (const SampleView& view : problem) {
        if (view.failed()) continue;
        const bool in_time = ended_by(view, b);
        all.push_back(in_time && view.correct());
        if (in_time) among.push_back(view.correct());
      }
      ended += std::ssize(among);
    }
    json row = rate_of(of_all);
    row["budget"] = b;
    row["ended"] = ended;
    row["censored"] = samples.done - samples.failed - ended;
    row["among_ended"] = ended > 0 ? rate_of(of_ended) : no_rate("no sample had ended by then");
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace assay
