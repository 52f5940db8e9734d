// How long completions are when some were cut off by their token budget, and what one run says
// about smaller budgets. Pure functions; all randomness is seeded.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/statistics.h"

namespace assay {

/// One completion's length. One that did not end by itself is censored: its true length is at
/// least this.
struct ObservedLength {
  std::int64_t tokens = 0;
  bool ended = false;
};

/// A step of a survival function: the share still going after `tokens`.
struct SurvivalPoint {
  std::int64_t tokens = 0;
  double share = 1;
};

/// Kaplan and Meier's product-limit estimate: a point for each length at which at least one ended,
/// ascending. Of equal lengths the ended ones come before the censored ones.
/// Kaplan and Meier, "Nonparametric estimation from incomplete observations", JASA 1958.
std::vector<SurvivalPoint> kaplan_meier(std::vector<ObservedLength> lengths);

/// Median length with its interval; absent: the estimate never falls to one half, so the median
/// lies beyond the budget.
struct MedianLength {
  std::optional<std::int64_t> tokens;
  /// Bounds of the 95 % interval; an absent high one lies beyond the budget. Both absent: fewer
  /// than two problems.
  std::optional<std::int64_t> low;
  std::optional<std::int64_t> high;
};

/// The least length at which kaplan_meier falls to one half or below. The interval is a percentile
/// bootstrap with 1,000 resamplings of whole problems and a fixed seed.
MedianLength median_length(const std::vector<std::vector<ObservedLength>>& lengths_by_problem);

/// Budgets at which a run of `budget` is also read: powers of two from 128 below it, then itself.
std::vector<std::int64_t> smaller_budgets(std::int64_t budget);

}  // namespace assay
