// Means that count every problem alike, however many samples it has.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace assay {

class MeanByProblem {
 public:
  /// One sample's value, 0..1.
  void add(const std::string& problem, double value);
  /// {value, ci95, n (problems), samples}: the mean over problems of each problem's mean, with the
  /// bootstrap over problems (null for fewer than two); null when nothing was added.
  nlohmann::json to_json() const;

 private:
  std::map<std::string, std::vector<double>> values_;
};

/// The mean; 0 for none.
double mean_of(const std::vector<double>& values);

}  // namespace assay
