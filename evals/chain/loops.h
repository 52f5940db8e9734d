// C3: does a chain of tokens run in circles? Exact counting, no hashing: no input can fool it.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "core/types.h"

namespace assay::chain {

/// Tokens [begin, end) of the chain.
struct TokenSpan {
  std::size_t begin = 0;
  std::size_t end = 0;
};

enum class LoopKind {
  periodic_suffix,  ///< it ends in a block repeated again and again
  repeated_ngram,   ///< one n-gram occurs more often than allowed
  stale_tail,       ///< few distinct n-grams in the last quarter
  stale_prose       ///< text without ids: the words of the prose say little new (pseudo_tokens.h)
};
const char* loop_kind_name(LoopKind kind);

struct Loop {
  LoopKind kind = LoopKind::periodic_suffix;
  TokenSpan where;            ///< suffix: all of it; n-gram: first to last; tail: the quarter
  std::size_t period = 0;     ///< of the suffix
  std::size_t count = 0;      ///< repeats of the suffix's period, or occurrences of the n-gram
  std::size_t allowed = 0;    ///< of the n-gram
  double distinct_ratio = 1;  ///< of the tail
};

/// The first rule of thresholds.h that finds one, in the order of LoopKind. `tokens` without the
/// end token. Time O(n log n), memory O(n).
std::optional<Loop> find_loop(std::span<const TokenId> tokens);

/// How often one n-gram may occur in a chain of `n_tokens`.
std::size_t ngram_allowed(std::size_t n_tokens);

}  // namespace assay::chain
