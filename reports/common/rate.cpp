#include "reports/common/rate.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>
#include <optional>

#include "core/statistics.h"

namespace assay {
namespace {

using nlohmann::json;

constexpr const char* kNothing = "in no sample: it does not apply, or was not analysed";

json rate_json(double value, const std::optional<Interval>& interval, std::size_t problems,
               std::size_t samples) {
  json out = {{"value", value}, {"ci95", nullptr}, {"n", problems}, {"samples", samples}};
  if (interval) out["ci95"] = {interval->low, interval->high};
  return out;
}

double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

}  // namespace

json rate_of(const ResultsByProblem& results) {
  std::vector<double> means;
  std::size_t samples = 0;
  bool one_each = true;
  for (const std::vector<bool>& of_problem : results) {
    if (of_problem.empty()) continue;
    const auto hits = std::count(of_problem.begin(), of_problem.end(), true);
    means.push_back(static_cast<double>(hits) / static_cast<double>(of_problem.size()));
    samples += of_problem.size();
    one_each = one_each && of_problem.size() == 1;
  }
  if (means.empty()) return no_rate(kNothing);
  if (!one_each)
    return rate_json(mean(means), bootstrap_mean_interval(means), means.size(), samples);
  const auto n = static_cast<std::int64_t>(means.size());
  const auto hits = std::count(means.begin(), means.end(), 1.0);
  return rate_json(static_cast<double>(hits) / static_cast<double>(n), wilson_interval(hits, n),
                   means.size(), samples);
}

json mean_rate_of(const std::vector<double>& problem_values) {
  if (problem_values.empty()) return no_rate(kNothing);
  return rate_json(mean(problem_values), bootstrap_mean_interval(problem_values),
                   problem_values.size(), problem_values.size());
}

json no_rate(const std::string& why) {
  return {
      {"value", nullptr}, {"ci95", nullptr}, {"n", nullptr}, {"samples", nullptr}, {"why", why}};
}

}  // namespace assay
