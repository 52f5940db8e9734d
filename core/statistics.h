// Statistics of scores: estimators and intervals. Pure functions; all randomness is seeded, so the
// same numbers give the same bits on every run.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace assay {

/// A 95 % interval.
struct Interval {
  double low = 0;
  double high = 0;
};

/// Wilson's score interval for `successes` of `n` independent trials; n >= 1.
/// Wilson, "Probable inference, the law of succession, and statistical inference", JASA 1927.
Interval wilson_interval(std::int64_t successes, std::int64_t n);
/// The same for a rate that need not be a whole number of successes; rate is 0..1, trials above 0.
Interval wilson_interval_of_rate(double rate, double trials);

/// Probability that at least one of k samples drawn without replacement from `n`, of which
/// `correct` are right, is right: 1 - C(n - c, k) / C(n, k). Nothing when n < k: a set of k cannot
/// be drawn. Chen et al., "Evaluating large language models trained on code", 2021, section 2.1.
std::optional<double> pass_at_k(std::int64_t n, std::int64_t correct, std::int64_t k);

/// Probability that at least ceil(threshold * k), and at least one, of k samples drawn without
/// replacement are right: G-Pass@k. threshold is 0..1; nothing when n < k. Liu et al., "Are your
/// LLMs capable of stable reasoning?", 2024, section 2.
std::optional<double> g_pass_at_k(std::int64_t n, std::int64_t correct, std::int64_t k,
                                  double threshold);

/// mG-Pass@k: the mean of G-Pass@k over the thresholds above one half, 2/k times its sum over
/// i/k for i from ceil(k/2) + 1 to k (0 for k = 1). Nothing when n < k.
std::optional<double> mean_g_pass_at_k(std::int64_t n, std::int64_t correct, std::int64_t k);

/// avg@k: the share of right answers among the first k; nothing when there are fewer.
std::optional<double> average_at_k(const std::vector<bool>& correct, std::int64_t k);

/// One sample's vote: its normalised answer (nothing: none was found) and whether it is right.
struct Vote {
  std::optional<std::string> answer;
  bool correct = false;
};

/// Whether the most frequent answer is right. All right answers are one class, however they are
/// written; among equally frequent answers the one that was given first wins. No answer: wrong.
bool majority_is_correct(std::span<const Vote> votes);

/// Interval of the mean over problems of `problem_means` (each problem's mean over its samples):
/// percentile bootstrap with 10,000 resamplings of whole problems, fixed seed. Samples of one
/// problem depend on one another, so problems, not samples, are drawn. Nothing for fewer than two
/// problems. When all means are equal, resampling shows no spread at all; Wilson's interval over
/// the problems is given instead.
std::optional<Interval> bootstrap_mean_interval(std::span<const double> problem_means);

/// The bootstrap itself, for values of any range; no spread for values that all agree. Not empty.
Interval resampled_mean_interval(std::span<const double> values);

/// The p-quantile (0..1) by linear interpolation between order statistics (Hyndman and Fan's type
/// 7, as numpy's default); nothing when empty.
std::optional<double> quantile(std::vector<double> values, double p);

}  // namespace assay
