#include "harness/retention/mean_by_problem.h"

#include <nlohmann/json.hpp>
#include <numeric>

#include "core/statistics.h"

namespace assay {

double mean_of(const std::vector<double>& values) {
  if (values.empty()) return 0;
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

void MeanByProblem::add(const std::string& problem, double value) {
  values_[problem].push_back(value);
}

nlohmann::json MeanByProblem::to_json() const {
  if (values_.empty()) return nullptr;
  std::vector<double> means;
  std::size_t samples = 0;
  for (const auto& [problem, values] : values_) {
    means.push_back(mean_of(values));
    samples += values.size();
  }
  nlohmann::json out = {
      {"value", mean_of(means)}, {"ci95", nullptr}, {"n", means.size()}, {"samples", samples}};
  if (const auto interval = bootstrap_mean_interval(means)) {
    out["ci95"] = {interval->low, interval->high};
  }
  return out;
}

}  // namespace assay
