#include "core/paired.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <numeric>
#include <vector>

#include "core/error.h"

namespace assay {
namespace {

/// A positive number with an exponent beyond a double's: value = mantissa * 2^exponent.
struct Scaled {
  double mantissa = 1;
  std::int64_t exponent = 0;

  void multiply(double factor) {
    int shift = 0;
    mantissa = std::frexp(mantissa * factor, &shift);
    exponent += shift;
  }
};

}  // namespace

void PairedTable::add(bool first, bool second) {
  if (first && second) {
    ++both;
  } else if (first) {
    ++first_only;
  } else if (second) {
    ++second_only;
  } else {
    ++neither;
  }
}

double mcnemar_exact(std::int64_t first_only, std::int64_t second_only) {
  constexpr std::int64_t kMost = std::int64_t{1} << 40;
  ASSAY_ASSERT(first_only >= 0 && second_only >= 0 && first_only <= kMost && second_only <= kMost);
  const std::int64_t n = first_only + second_only;
  const std::int64_t k = std::min(first_only, second_only);
  if (n - k <= k + 1) return 1;  // the lower tail holds half of all or more
  // P(X = k) = C(n, k) / 2^n, factor by factor: neither factorials nor logarithms, so no overflow
  // and no difference between mathematical libraries.
  Scaled largest;
  largest.exponent = -n;
  for (std::int64_t i = 1; i <= k; ++i) {
    largest.multiply(static_cast<double>(n - k + i) / static_cast<double>(i));
  }
  // The terms below it, relative to it, fall faster than a geometric series.
  double sum = 1;
  double term = 1;
  for (std::int64_t i = k; i > 0 && term > sum * 1e-18; --i) {
    term *= static_cast<double>(i) / static_cast<double>(n - i + 1);
    sum += term;
  }
  largest.multiply(2 * sum);
  constexpr double kSmallest = std::numeric_limits<double>::min();
  if (largest.exponent < std::numeric_limits<double>::min_exponent) return kSmallest;
  return std::min(1.0, std::ldexp(largest.mantissa, static_cast<int>(largest.exponent)));
}

std::optional<Interval> paired_difference_interval(std::span<const double> differences) {
  const std::size_t n = differences.size();
  if (n < 2) return std::nullopt;
  const double first = differences.front();
  const bool all_agree = std::all_of(differences.begin(), differences.end(),
                                     [first](double value) { return value == first; });
  if (!all_agree) return resampled_mean_interval(differences);
  const double room = wilson_interval(0, static_cast<std::int64_t>(n)).high;
  return Interval{std::max(-1.0, first - room), std::min(1.0, first + room)};
}

void PairedResults::add(const std::string& problem, bool first, bool second) {
  table_.add(first, second);
  by_problem_[problem].add(first, second);
}

nlohmann::json PairedResults::to_json() const {
  ASSAY_ASSERT(table_.pairs() > 0);
  std::vector<double> differences;
  differences.reserve(by_problem_.size());
  for (const auto& [problem, table] : by_problem_) {
    differences.push_back(static_cast<double>(table.second_only - table.first_only) /
                          static_cast<double>(table.pairs()));
  }
  const auto problems = static_cast<std::int64_t>(differences.size());
  const double mean =
      std::accumulate(differences.begin(), differences.end(), 0.0) / static_cast<double>(problems);
  nlohmann::json out = {{"both", table_.both},
                        {"a_only", table_.first_only},
                        {"b_only", table_.second_only},
                        {"neither", table_.neither},
                        {"pairs", table_.pairs()},
                        {"problems", problems},
                        {"difference", {{"value", mean}, {"ci95", nullptr}}},
                        {"p_value", nullptr}};
  if (const auto interval = paired_difference_interval(differences)) {
    out["difference"]["ci95"] = {interval->low, interval->high};
  }
  if (table_.pairs() == problems) {
    out["p_value"] = mcnemar_exact(table_.first_only, table_.second_only);
  }
  return out;
}

}  // namespace assay
