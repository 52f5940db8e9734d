#include "core/signed_rank.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>

#include "core/error.h"

namespace assay {
namespace {

/// P(sum >= i) for every i, when each of `ranks` counts with probability 1/2. Ranks are doubled, so
/// that a tie's mean rank is whole.
std::vector<double> upper_tails(std::span<const std::int64_t> ranks) {
  const std::int64_t total = std::accumulate(ranks.begin(), ranks.end(), std::int64_t{0});
  std::vector<double> out(static_cast<std::size_t>(total) + 1, 0.0);
  out[0] = 1;
  std::int64_t reached = 0;
  for (const std::int64_t rank : ranks) {
    reached += rank;
    for (std::int64_t sum = reached; sum >= 0; --sum) {
      const double without = out[static_cast<std::size_t>(sum)];
      const double with = sum >= rank ? out[static_cast<std::size_t>(sum - rank)] : 0;
      out[static_cast<std::size_t>(sum)] = (without + with) / 2;
    }
  }
  for (std::size_t sum = out.size() - 1; sum > 0; --sum) {
    out[sum - 1] = std::min(1.0, out[sum - 1] + out[sum]);
  }
  return out;
}

double median(std::vector<double> values) {
  return *quantile(std::move(values), 0.5);
}

/// All means of two, each with itself too, in order.
std::vector<double> walsh_averages(std::span<const double> values) {
  std::vector<double> out;
  out.reserve(values.size() * (values.size() + 1) / 2);
  for (std::size_t i = 0; i < values.size(); ++i) {
    for (std::size_t j = i; j < values.size(); ++j) out.push_back((values[i] + values[j]) / 2);
  }
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace

double signed_rank_p(std::span<const double> differences) {
  ASSAY_ASSERT(differences.size() <= kMaxSignedRanks);
  std::vector<double> kept;
  std::copy_if(differences.begin(), differences.end(), std::back_inserter(kept),
               [](double value) { return value != 0; });
  std::sort(kept.begin(), kept.end(),
            [](double a, double b) { return std::fabs(a) < std::fabs(b); });
  std::vector<std::int64_t> doubled_ranks;
  std::int64_t positive = 0;
  for (std::size_t begin = 0; begin < kept.size();) {
    std::size_t end = begin;
    while (end < kept.size() && std::fabs(kept[end]) == std::fabs(kept[begin])) ++end;
    const auto rank = static_cast<std::int64_t>(begin + 1 + end);  // first plus last of the tie
    for (; begin < end; ++begin) {
      doubled_ranks.push_back(rank);
      positive += kept[begin] > 0 ? rank : 0;
    }
  }
  return kept.empty() ? 1 : upper_tails(doubled_ranks)[static_cast<std::size_t>(positive)];
}

double hodges_lehmann(std::span<const double> differences) {
  ASSAY_ASSERT(!differences.empty());
  return median(walsh_averages(differences));
}

Interval hodges_lehmann_interval(std::span<const double> differences, double alpha) {
  ASSAY_ASSERT(!differences.empty() && differences.size() <= kMaxSignedRanks);
  std::vector<std::int64_t> doubled_ranks(differences.size());
  for (std::size_t i = 0; i < doubled_ranks.size(); ++i) {
    doubled_ranks[i] = 2 * static_cast<std::int64_t>(i + 1);
  }
  const std::vector<double> means = walsh_averages(differences);
  // The largest k with P(W <= k - 1) <= alpha / 2; by symmetry that is an upper tail.
  const std::vector<double> tails = upper_tails(doubled_ranks);
  std::size_t k = 0;
  while (k < means.size() / 2 && tails[2 * (means.size() - k)] <= alpha / 2) ++k;
  const std::size_t place = k == 0 ? 0 : k - 1;
  return {means[place], means[means.size() - 1 - place]};
}

double robust_spread(std::span<const double> values) {
  ASSAY_ASSERT(!values.empty());
  const double centre = median({values.begin(), values.end()});
  std::vector<double> distances;
  for (const double value : values) distances.push_back(std::fabs(value - centre));
  return 1.4826 * median(std::move(distances));
}

std::vector<double> holm_adjusted(std::span<const double> p_values) {
  std::vector<std::size_t> order(p_values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return p_values[a] < p_values[b]; });
  std::vector<double> out(p_values.size());
  double largest = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const auto left = static_cast<double>(order.size() - i);
    largest = std::max(largest, std::min(1.0, left * p_values[order[i]]));
    out[order[i]] = largest;
  }
  return out;
}

}  // namespace assay
