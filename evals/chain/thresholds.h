// Every threshold of the chain analysis, in one place. A change of any value is a new version.
#pragma once

#include <cstddef>
#include <cstdint>

namespace assay::chain {

/// Stands in every report beside the rates that rest on these numbers.
inline constexpr const char* thresholds_version = "chain/1";

// C3, a loop at the end: a suffix that repeats with a short period.
inline constexpr std::size_t loop_period_max_tokens = 512;
inline constexpr std::size_t loop_repeats_min = 4;
inline constexpr std::size_t loop_suffix_min_tokens = 128;

// C3, an approximate loop anywhere: one n-gram too often. Occurrences may overlap. The number
// allowed is 3 per 1,000 tokens of the chain, at least 3 and at most 20 (reached at 6,667 tokens;
// chains under budgets of 32k).
inline constexpr std::size_t ngram_tokens = 30;
inline constexpr std::size_t ngram_allowed_per_1000_tokens = 3;
inline constexpr std::size_t ngram_allowed_min = 3;
inline constexpr std::size_t ngram_allowed_max = 20;

// C3, an end that says little new: distinct n-grams over all n-grams of the last quarter.
inline constexpr std::size_t tail_divisor = 4;
inline constexpr double tail_distinct_ratio_min = 0.3;

}  // namespace assay::chain
