// Two runs over the same problems and samples: what one got right and the other did not. Pure
// functions; the same numbers give the same bits on every machine.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>

#include "core/statistics.h"

namespace assay {

/// Counts of pairs by a yes-or-no result in the first and in the second run.
struct PairedTable {
  std::int64_t both = 0;
  std::int64_t first_only = 0;
  std::int64_t second_only = 0;
  std::int64_t neither = 0;

  void add(bool first, bool second);
  std::int64_t pairs() const { return both + first_only + second_only + neither; }
  bool operator==(const PairedTable&) const = default;
};

/// McNemar's exact test, two-sided: the probability, if both runs are equally good, of a split of
/// the discordant pairs at least as uneven as this one: min(1, 2 P(X <= min(b, c))) for X binomial
/// of b + c trials at 1/2; 1 without discordant pairs. Counts up to 2^40; a value below the
/// smallest normal double is returned as that double, never as 0. The pairs must be independent:
/// with several samples a problem it is too small, and the interval below is what counts.
/// McNemar, "Note on the sampling error of the difference between correlated proportions", 1947.
double mcnemar_exact(std::int64_t first_only, std::int64_t second_only);

/// Interval of the mean over problems of `differences` (second minus first run, each problem's mean
/// over its pairs, in -1..1): the bootstrap over problems of bootstrap_mean_interval. Where all
/// problems agree, resampling shows no spread: the difference with as much room to either side as
/// Wilson's interval leaves for something never seen in that many problems. Nothing for fewer than
/// two problems.
std::optional<Interval> paired_difference_interval(std::span<const double> differences);

/// Pairs as they come, grouped by problem.
class PairedResults {
 public:
  void add(const std::string& problem, bool first, bool second);
  const PairedTable& table() const { return table_; }
  /// {both, a_only, b_only, neither, pairs, problems, difference {value, ci95}, p_value}: p_value
  /// is mcnemar_exact, null with more than one sample a problem. At least one pair (asserted).
  nlohmann::json to_json() const;

 private:
  PairedTable table_;
  std::map<std::string, PairedTable> by_problem_;
};

}  // namespace assay
