#include "evals/chain/loops.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include "evals/chain/thresholds.h"

namespace assay::chain {
namespace {

using TokenIds = std::span<const TokenId>;

/// The Z function of the reversed tokens: entry p is how many tokens at the end equal those p
/// places before them, so the suffix of length z[p] + p has period p. Gusfield 1997, section 1.4.
std::vector<std::size_t> suffix_matches(TokenIds tokens) {
  const std::size_t n = tokens.size();
  const auto at = [&](std::size_t i) { return tokens[n - 1 - i]; };
  std::vector<std::size_t> z(n, 0);
  std::size_t left = 0;
  std::size_t right = 0;
  for (std::size_t i = 1; i < n; ++i) {
    if (i < right) z[i] = std::min(right - i, z[i - left]);
    while (i + z[i] < n && at(z[i]) == at(i + z[i])) ++z[i];
    if (i + z[i] > right) {
      left = i;
      right = i + z[i];
    }
  }
  return z;
}

std::optional<Loop> periodic_suffix(TokenIds tokens) {
  if (tokens.size() < loop_suffix_min_tokens) return std::nullopt;
  // A longer suffix could not loop by a rule of at most loop_period_max_tokens without a shorter
  // one doing so too, but the evidence should show the whole of it.
  const std::vector<std::size_t> matches = suffix_matches(tokens);
  const std::size_t max_period = std::min(loop_period_max_tokens, tokens.size() - 1);
  for (std::size_t period = 1; period <= max_period; ++period) {
    const std::size_t length = matches[period] + period;
    if (length < loop_suffix_min_tokens || length < loop_repeats_min * period) continue;
    Loop loop;
    loop.kind = LoopKind::periodic_suffix;
    loop.where = {tokens.size() - length, tokens.size()};
    loop.period = period;
    loop.count = length / period;
    return loop;
  }
  return std::nullopt;
}

/// Starts of all n-grams, equal n-grams side by side and each group in ascending order.
std::vector<std::size_t> sorted_ngrams(TokenIds tokens) {
  if (tokens.size() < ngram_tokens) return {};
  std::vector<std::size_t> starts(tokens.size() - ngram_tokens + 1);
  std::iota(starts.begin(), starts.end(), std::size_t{0});
  std::sort(starts.begin(), starts.end(), [&](std::size_t a, std::size_t b) {
    const TokenIds x = tokens.subspan(a, ngram_tokens);
    const TokenIds y = tokens.subspan(b, ngram_tokens);
    const auto [i, j] = std::mismatch(x.begin(), x.end(), y.begin());
    return i == x.end() ? a < b : *i < *j;
  });
  return starts;
}

/// The end of the group of equal n-grams that begins at `first`.
std::size_t group_end(TokenIds tokens, const std::vector<std::size_t>& starts, std::size_t first) {
  const TokenIds ngram = tokens.subspan(starts[first], ngram_tokens);
  std::size_t end = first + 1;
  while (end < starts.size() &&
         std::ranges::equal(ngram, tokens.subspan(starts[end], ngram_tokens))) {
    ++end;
  }
  return end;
}

std::optional<Loop> repeated_ngram(TokenIds tokens) {
  const std::vector<std::size_t> starts = sorted_ngrams(tokens);
  const std::size_t allowed = ngram_allowed(tokens.size());
  Loop worst;
  for (std::size_t first = 0; first < starts.size();) {
    const std::size_t end = group_end(tokens, starts, first);
    if (end - first > std::max(worst.count, allowed)) {
      worst.kind = LoopKind::repeated_ngram;
      worst.where = {starts[first], starts[end - 1] + ngram_tokens};
      worst.count = end - first;
      worst.allowed = allowed;
    }
    first = end;
  }
  return worst.count > 0 ? std::optional(worst) : std::nullopt;
}

std::optional<Loop> stale_tail(TokenIds tokens) {
  const std::size_t length = tokens.size() / tail_divisor;
  const TokenIds tail = tokens.last(length);
  const std::vector<std::size_t> starts = sorted_ngrams(tail);
  if (starts.empty()) return std::nullopt;  // too short to say anything
  std::size_t distinct = 0;
  for (std::size_t first = 0; first < starts.size(); first = group_end(tail, starts, first)) {
    ++distinct;
  }
  Loop loop;
  loop.kind = LoopKind::stale_tail;
  loop.where = {tokens.size() - length, tokens.size()};
  loop.distinct_ratio = static_cast<double>(distinct) / static_cast<double>(starts.size());
  return loop.distinct_ratio < tail_distinct_ratio_min ? std::optional(loop) : std::nullopt;
}

}  // namespace

const char* loop_kind_name(LoopKind kind) {
  switch (kind) {
    case LoopKind::periodic_suffix:
      return "periodic suffix";
    case LoopKind::repeated_ngram:
      return "repeated n-gram";
    case LoopKind::stale_tail:
      return "stale tail";
    case LoopKind::stale_prose:
      return "stale prose";
  }
  return "stale tail";
}

std::size_t ngram_allowed(std::size_t n_tokens) {
  return std::clamp(n_tokens * ngram_allowed_per_1000_tokens / 1000, ngram_allowed_min,
                    ngram_allowed_max);
}

std::optional<Loop> find_loop(std::span<const TokenId> tokens) {
  if (auto loop = periodic_suffix(tokens)) return loop;
  if (auto loop = repeated_ngram(tokens)) return loop;
  return stale_tail(tokens);
}

}  // namespace assay::chain
