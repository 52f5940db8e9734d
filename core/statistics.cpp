#include "core/statistics.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "core/error.h"
#include "core/random.h"

namespace assay {
namespace {

constexpr double kZ95 = 1.959963984540054;  // normal quantile of 0.975
constexpr int kResamplings = 10000;

/// Probability that at least `wanted` of k samples drawn without replacement from n are among the
/// `correct` ones (hypergeometric). Products of ratios: no binomial coefficient overflows.
double at_least(std::int64_t n, std::int64_t correct, std::int64_t k, std::int64_t wanted) {
  const std::int64_t fewest = std::max<std::int64_t>(0, k - (n - correct));
  const bool all_wrong_fit = fewest == 0;
  // P(fewest) is C(n - c, k) / C(n, k), or with C(m, j) = C(m, m - j) C(c, n - k) / C(n, n - k).
  const std::int64_t factors = all_wrong_fit ? k : n - k;
  const std::int64_t top = all_wrong_fit ? n - correct : correct;
  double probability = 1;
  for (std::int64_t j = 0; j < factors; ++j) {
    probability *= static_cast<double>(top - j) / static_cast<double>(n - j);
  }
  double sum = 0;
  for (std::int64_t i = fewest; i <= std::min(correct, k); ++i) {
    if (i >= wanted) sum += probability;
    const double next = static_cast<double>(correct - i) * static_cast<double>(k - i);
    probability *=
        next / (static_cast<double>(i + 1) * static_cast<double>(n - correct - k + i + 1));
  }
  return sum;
}

}  // namespace

Interval wilson_interval_of_rate(double rate, double trials) {
  const double z2 = kZ95 * kZ95;
  const double centre = (rate + z2 / (2 * trials)) / (1 + z2 / trials);
  const double half =
      kZ95 / (1 + z2 / trials) * std::sqrt(rate * (1 - rate) / trials + z2 / (4 * trials * trials));
  // At the ends the bound is the rate itself; rounding must not move it past.
  return {rate == 0 ? 0 : std::max(0.0, centre - half),
          rate == 1 ? 1 : std::min(1.0, centre + half)};
}

Interval wilson_interval(std::int64_t successes, std::int64_t n) {
  ASSAY_ASSERT(n >= 1 && successes >= 0 && successes <= n);
  const auto trials = static_cast<double>(n);
  return wilson_interval_of_rate(static_cast<double>(successes) / trials, trials);
}

std::optional<double> pass_at_k(std::int64_t n, std::int64_t correct, std::int64_t k) {
  ASSAY_ASSERT(correct >= 0 && correct <= n && k >= 1);
  if (n < k) return std::nullopt;
  double all_wrong = 1;
  for (std::int64_t i = 0; i < k; ++i) {
    const std::int64_t wrong_left = n - correct - i;
    if (wrong_left <= 0) return 1;
    all_wrong *= static_cast<double>(wrong_left) / static_cast<double>(n - i);
  }
  return 1 - all_wrong;
}

std::optional<double> g_pass_at_k(std::int64_t n, std::int64_t correct, std::int64_t k,
                                  double threshold) {
  ASSAY_ASSERT(correct >= 0 && correct <= n && k >= 1 && threshold >= 0 && threshold <= 1);
  if (n < k) return std::nullopt;
  const auto wanted = static_cast<std::int64_t>(std::ceil(threshold * static_cast<double>(k)));
  return at_least(n, correct, k, std::max<std::int64_t>(wanted, 1));
}

std::optional<double> mean_g_pass_at_k(std::int64_t n, std::int64_t correct, std::int64_t k) {
  ASSAY_ASSERT(correct >= 0 && correct <= n && k >= 1);
  if (n < k) return std::nullopt;
  double sum = 0;
  for (std::int64_t i = (k + 1) / 2 + 1; i <= k; ++i) sum += at_least(n, correct, k, i);
  return 2 * sum / static_cast<double>(k);
}

std::optional<double> average_at_k(const std::vector<bool>& correct, std::int64_t k) {
  ASSAY_ASSERT(k >= 1);
  if (static_cast<std::int64_t>(correct.size()) < k) return std::nullopt;
  const auto right = std::count(correct.begin(), correct.begin() + k, true);
  return static_cast<double>(right) / static_cast<double>(k);
}

bool majority_is_correct(std::span<const Vote> votes) {
  struct Class {
    std::int64_t size = 0;
    std::size_t first = 0;
    bool correct = false;
  };
  std::map<std::string, Class> classes;
  for (std::size_t i = 0; i < votes.size(); ++i) {
    const Vote& vote = votes[i];
    if (!vote.answer && !vote.correct) continue;
    // A prefix keeps the right class apart from any wrong text.
    const std::string name = vote.correct ? "right" : "wrong:" + *vote.answer;
    Class& it = classes.try_emplace(name, Class{0, i, vote.correct}).first->second;
    ++it.size;
  }
  const Class* best = nullptr;
  for (const auto& [name, it] : classes) {
    const bool wins = best == nullptr || it.size > best->size ||
                      (it.size == best->size && it.first < best->first);
    if (wins) best = &it;
  }
  return best != nullptr && best->correct;
}

std::optional<Interval> bootstrap_mean_interval(std::span<const double> problem_means) {
  const std::size_t n = problem_means.size();
  if (n < 2) return std::nullopt;
  const double first = problem_means.front();
  if (std::all_of(problem_means.begin(), problem_means.end(),
                  [first](double mean) { return mean == first; })) {
    return wilson_interval_of_rate(first, static_cast<double>(n));
  }
  return resampled_mean_interval(problem_means);
}

Interval resampled_mean_interval(std::span<const double> values) {
  ASSAY_ASSERT(!values.empty());
  const std::size_t n = values.size();
  std::uint64_t state = kStatisticsSeed;
  std::vector<double> means(kResamplings);
  for (double& mean : means) {
    double sum = 0;
    for (std::size_t i = 0; i < n; ++i) sum += values[random_index(&state, n)];
    mean = sum / static_cast<double>(n);
  }
  return {*quantile(means, 0.025), *quantile(means, 0.975)};
}

std::optional<double> quantile(std::vector<double> values, double p) {
  ASSAY_ASSERT(p >= 0 && p <= 1);
  if (values.empty()) return std::nullopt;
  const double place = p * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::size_t>(std::floor(place));
  const auto low = values.begin() + static_cast<std::ptrdiff_t>(below);
  std::nth_element(values.begin(), low, values.end());
  if (below + 1 == values.size()) return *low;
  const double next = *std::min_element(low + 1, values.end());
  return *low + (place - static_cast<double>(below)) * (next - *low);
}

}  // namespace assay
