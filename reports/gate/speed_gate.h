// The rule that decides whether one build is slower than another. It starts nothing itself: a
// function measures one side once, and everything else follows from the numbers, so that the rule
// is tested on simulated noise.
//
// Machines drift: clocks, temperature, neighbours. Therefore the two sides alternate (A B, B A, A
// B,
// ...), each pair is one difference of logarithms, and drift slower than a pair cancels. What is
// left is judged by a rank test and a size: both must say "slower", twice, on fresh measurements.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/statistics.h"

namespace assay {

enum class Side { baseline, candidate };

/// One run of one side: a name and a positive number per metric; smaller is better (seconds). All
/// runs must give the same names.
using Measurement = std::map<std::string, double>;
using MeasureOnce = std::function<Result<Measurement>(Side side)>;

struct SpeedRule {
  int pairs = 10;                 ///< then a look
  int max_pairs = 20;             ///< where the first look does not decide
  int warm_up = 1;                ///< runs of each side that are thrown away
  double alpha = 0.01;            ///< of the signed-rank test, after Holm over the metrics
  double confirm_alpha = 0.05;    ///< of the rerun, which tests only what failed
  double threshold = 0.02;        ///< least ratio above 1 that counts as slower
  double noisy_threshold = 0.03;  ///< where the pairs spread by noisy_spread or more
  double noisy_spread = 0.03;
  double quiet_spread = 0.01;
  bool confirm = true;  ///< whoever fails is measured anew before it is said
};

/// "quiet", "ordinary" or "noisy" by the spread of pairs.
std::string noise_class(const SpeedRule& rule, double spread);

/// What the pairs of one metric say.
struct MetricVerdict {
  std::string name;
  std::vector<double> baseline;  ///< each pair's, in order
  std::vector<double> candidate;
  double ratio = 1;  ///< candidate over baseline, Hodges-Lehmann
  Interval ratio_ci95{1, 1};
  double p_value = 1;       ///< one-sided: slower
  double p_adjusted = 1;    ///< Holm over the metrics
  double spread = 0;        ///< of the pairs' log ratios, robust standard deviation
  double threshold = 0.02;  ///< that applied
  bool slower = false;      ///< p_adjusted < alpha and ratio > 1 + threshold
};

/// One series of pairs.
struct SpeedSeries {
  std::vector<MetricVerdict> metrics;  ///< sorted by name
  int pairs = 0;
  const MetricVerdict* find(const std::string& name) const;
};

struct SpeedResult {
  SpeedSeries first;
  /// The rerun that only the metrics slower in `first` need; no metrics: there was no need.
  SpeedSeries confirmation;
  std::vector<std::string> failed;       ///< slower in both
  std::vector<std::string> unconfirmed;  ///< slower in the first series only
  double spread = 0;                     ///< the largest of the metrics
  std::string noise;                     ///< its class
  bool passed() const { return failed.empty(); }
};

/// Judges pairs that were measured in order: element i of both sides is pair i.
SpeedSeries judge_pairs(const SpeedRule& rule,
                        const std::map<std::string, std::vector<double>>& baseline,
                        const std::map<std::string, std::vector<double>>& candidate);

/// Measures and judges. Errors: `measure`'s own; runs with other metrics than the first; a metric
/// that is not positive.
Result<SpeedResult> run_speed_gate(const SpeedRule& rule, const MeasureOnce& measure);

}  // namespace assay
