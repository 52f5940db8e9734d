// Pairs of measurements that drift together: Wilcoxon's signed-rank test, the Hodges-Lehmann
// estimate, and Holm's correction for several tests at once. Pure functions; the same numbers give
// the same bits on every machine.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "core/statistics.h"

namespace assay {

/// Most differences that the test takes: its exact distribution is computed.
inline constexpr std::size_t kMaxSignedRanks = 200;

/// The probability, if the differences are symmetric about zero, of a rank sum of the positive ones
/// at least as large as this one: one-sided, exact, ties get their mean rank, zeros are left out;
/// 1 without a difference. At most kMaxSignedRanks (asserted). Wilcoxon, "Individual comparisons by
/// ranking methods", Biometrics Bulletin 1945.
double signed_rank_p(std::span<const double> differences);

/// The median of all means of two differences (each with itself, too): a centre that a few wild
/// values do not move. Not empty (asserted). Hodges and Lehmann, "Estimates of location based on
/// rank tests", Annals of Mathematical Statistics 1963.
double hodges_lehmann(std::span<const double> differences);

/// The interval of those centres that the two-sided signed-rank test does not reject at `alpha`;
/// the smallest and largest mean where so few differences can reject nothing. Not empty.
Interval hodges_lehmann_interval(std::span<const double> differences, double alpha);

/// Standard deviation as 1.4826 times the median distance from the median: wild values do not move
/// it. Not empty.
double robust_spread(std::span<const double> values);

/// p-values adjusted for being many, in their order: the family-wise error rate is held. Holm, "A
/// simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 1979.
std::vector<double> holm_adjusted(std::span<const double> p_values);

}  // namespace assay
