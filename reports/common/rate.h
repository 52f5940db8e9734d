// Rates of report.json: {value, ci95 [low, high], n (problems), samples, why}.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace assay {

/// Each problem's 0/1 results of its samples; a problem without any is left out of the rate.
using ResultsByProblem = std::vector<std::vector<bool>>;

/// Mean over problems of each problem's mean; Wilson's interval for one sample a problem, the
/// bootstrap over problems otherwise. Null with a reason when there is nothing to average.
nlohmann::json rate_of(const ResultsByProblem& results);

/// Mean of one number (0..1) a problem, bootstrapped over problems.
nlohmann::json mean_rate_of(const std::vector<double>& problem_values);

/// A rate that is not known, and why.
nlohmann::json no_rate(const std::string& why);

}  // namespace assay
