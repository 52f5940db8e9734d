// Every threshold of the chain analysis, in one place. A change of any value is a new version.
#pragma once

#include <cstddef>
#include <cstdint>

namespace assay::chain {

/// Stands in every report beside the rates that rest on these numbers.
inline constexpr const char* thresholds_version = "chain/3";

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

// C3 on text without token ids: the rules above run over words and signs (pseudo_tokens.h), and one
// more over the words of the prose alone, for loops that change a little from round to round. It
// loops when the last quarter and the last half both hold few distinct n-grams and much of the
// text lies in n-grams that recur. Tuned on one half of published chains, checked on the other
// (docs/grading.md).
inline constexpr std::size_t text_prose_ngram_words = 10;
inline constexpr std::size_t text_prose_words_min = 250;
inline constexpr std::size_t text_prose_words_per_number = 6;
inline constexpr std::size_t text_prose_repeats_min = 3;
inline constexpr double text_prose_distinct_min = 0.79;
inline constexpr double text_prose_repeated_share_min = 0.20;

// C6: a chain has steps.
inline constexpr std::size_t steps_min = 2;

// C8: the answer is looked for in the last fifth (20 %) of the chain's bytes.
inline constexpr std::size_t chain_end_divisor = 5;
inline constexpr std::size_t max_stated_values = 2000;
inline constexpr std::size_t max_stated_value_bytes = 2000;

// C9: the prompt's main script has at least this share of the letters outside formulas and code,
// and no stretch of letters in another script is as long as a sentence: this many letters, fewer in
// scripts that say much in few (han, kana, hangul, thai). A script with one letter in 20 of the
// prompt's is not foreign.
inline constexpr double dominant_script_share_min = 0.95;
inline constexpr std::size_t foreign_run_letters = 20;
inline constexpr std::size_t foreign_run_dense_letters = 6;
inline constexpr std::size_t prompt_script_share_divisor = 20;

}  // namespace assay::chain
