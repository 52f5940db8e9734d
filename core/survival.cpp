#include "core/survival.h"

#include <algorithm>
#include <limits>

#include "core/error.h"
#include "core/random.h"

namespace assay {
namespace {

constexpr int kBandResamplings = 1000;
constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

/// An observation of problem `problem`; sorted by length, ended ones first.
struct Entry {
  std::int64_t tokens;
  bool ended;
  std::size_t problem;
};

std::vector<Entry> sorted_entries(const std::vector<std::vector<ObservedLength>>& by_problem) {
  std::vector<Entry> entries;
  for (std::size_t i = 0; i < by_problem.size(); ++i) {
    for (const ObservedLength& it : by_problem[i]) entries.push_back({it.tokens, it.ended, i});
  }
  std::stable_sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return a.tokens != b.tokens ? a.tokens < b.tokens : a.ended && !b.ended;
  });
  return entries;
}

/// Calls `step(tokens, share)` for each length at which something ended; a problem counts as often
/// as `weights` says. Stops when `step` returns false.
template <class Step>
void product_limit(const std::vector<Entry>& entries, const std::vector<std::int64_t>& weights,
                   const Step& step) {
  std::int64_t at_risk = 0;
  for (const Entry& entry : entries) at_risk += weights[entry.problem];
  double share = 1;
  for (std::size_t i = 0; i < entries.size();) {
    const std::int64_t tokens = entries[i].tokens;
    std::int64_t ended = 0;
    std::int64_t left = 0;
    for (; i < entries.size() && entries[i].tokens == tokens; ++i) {
      left += weights[entries[i].problem];
      if (entries[i].ended) ended += weights[entries[i].problem];
    }
    if (ended > 0) {
      share *= static_cast<double>(at_risk - ended) / static_cast<double>(at_risk);
      if (!step(tokens, share)) return;
    }
    at_risk -= left;
  }
}

std::int64_t weighted_median(const std::vector<Entry>& entries,
                             const std::vector<std::int64_t>& weights) {
  std::int64_t median = kNever;
  product_limit(entries, weights, [&median](std::int64_t tokens, double share) {
    if (share <= 0.5) median = tokens;
    return share > 0.5;
  });
  return median;
}

std::optional<std::int64_t> unless_never(std::int64_t tokens) {
  return tokens == kNever ? std::nullopt : std::optional(tokens);
}

}  // namespace

std::vector<SurvivalPoint> kaplan_meier(std::vector<ObservedLength> lengths) {
  std::vector<SurvivalPoint> points;
  product_limit(sorted_entries({std::move(lengths)}), {1},
                [&points](std::int64_t tokens, double share) {
                  points.push_back({tokens, share});
                  return true;
                });
  return points;
}

MedianLength median_length(const std::vector<std::vector<ObservedLength>>& lengths_by_problem) {
  const std::vector<Entry> entries = sorted_entries(lengths_by_problem);
  const std::size_t problems = lengths_by_problem.size();
  MedianLength out;
  if (entries.empty()) return out;
  out.tokens = unless_never(weighted_median(entries, std::vector<std::int64_t>(problems, 1)));
  if (problems < 2) return out;
  std::uint64_t state = kStatisticsSeed;
  std::vector<std::int64_t> medians;
  for (int i = 0; i < kBandResamplings; ++i) {
    std::vector<std::int64_t> weights(problems, 0);
    for (std::size_t draw = 0; draw < problems; ++draw) ++weights[random_index(&state, problems)];
    medians.push_back(weighted_median(entries, weights));
  }
  std::sort(medians.begin(), medians.end());
  // Whole lengths: the order statistics themselves, not a mixture of two.
  constexpr std::size_t kTail = kBandResamplings / 40;
  out.low = unless_never(medians[kTail]);
  out.high = unless_never(medians[medians.size() - 1 - kTail]);
  return out;
}

std::vector<std::int64_t> smaller_budgets(std::int64_t budget) {
  std::vector<std::int64_t> out;
  for (std::int64_t b = 128; b < budget; b *= 2) out.push_back(b);
  if (budget > 0) out.push_back(budget);
  return out;
}

}  // namespace assay
