// Attention of one query head over one sequence, in exact/1.
//
// Positions are cut into splits of 64 absolute positions; a split is computed from nothing but its
// own keys and values, and the splits are merged in ascending order. So it does not matter which
// worker computes a split, nor whether the query came in a prefill or a decode step. Positions
// after the query are absent: they are skipped, never multiplied by 0.
//
// Within a split of n positions:
//   s[j] = (fma chain over d ascending of q[d] * k[j][d], from +0) * scale, rounded;
//   m = max s[j]; p[j] = exp(s[j] - m); l = sum p[j] by the 16-lane rule (dot.h);
//   o[d] = fma chain over j ascending of p[j] * v[j][d], from +0.
// The first split is taken as it is. To merge a next one (M, L, O the state so far):
//   M' = max(M, m); a = exp(M - M'); b = exp(m - M'); L = fma(L, a, l * b); O = fma(O, a, o * b).
// At the end out[d] = O[d] / L. scale = 1 / sqrt(head_dim) in fp32.
#pragma once

#include <cstdint>

#include "core/numerics/dot.h"
#include "core/numerics/functions.h"

namespace assay::numerics {
inline namespace ASSAY_ISA {

/// Positions of one split; the same as a page of the KV cache (kKvPageTokens of core/device.h).
inline constexpr int kSplitPositions = 64;

ASSAY_HD inline float attention_scale(std::int64_t head_dim) {
  return reciprocal_sqrt(static_cast<float>(head_dim));
}

/// Max and sum of a softmax; the outputs [head_dim] lie beside it.
struct SoftmaxState {
  float max = 0;
  float sum = 0;
};

/// One split. k_by_dim [head_dim][64] holds the keys transposed (so that a loop over positions runs
/// through memory in order; entries from n on are not read), v [n][head_dim]. Writes o [head_dim].
ASSAY_HD inline SoftmaxState attend_split(const float* q, const float* k_by_dim, const float* v,
                                          int n, int head_dim, float scale, float* o) {
  float p[kSplitPositions] = {};
  for (int d = 0; d < head_dim; ++d) {
    const float* k = k_by_dim + d * kSplitPositions;
    for (int j = 0; j < n; ++j) p[j] = fma(q[d], k[j], p[j]);
  }
  for (int j = 0; j < n; ++j) p[j] *= scale;

  SoftmaxState state;
  state.max = p[0];
  for (int j = 1; j < n; ++j) state.max = p[j] > state.max ? p[j] : state.max;
  for (int j = 0; j < n; ++j) p[j] = exp(p[j] - state.max);
  state.sum = sum(p, n);

  for (int d = 0; d < head_dim; ++d) o[d] = 0;
  for (int j = 0; j < n; ++j) {
    for (int d = 0; d < head_dim; ++d) o[d] = fma(p[j], v[j * head_dim + d], o[d]);
  }
  return state;
}

/// Merges the next split (ascending order) into the state so far.
ASSAY_HD inline void merge_split(SoftmaxState next, const float* next_o, int head_dim,
                                 SoftmaxState* state, float* o) {
  const float max = next.max > state->max ? next.max : state->max;
  const float keep = exp(state->max - max);
  const float take = exp(next.max - max);
  state->max = max;
  state->sum = fma(state->sum, keep, next.sum * take);
  for (int d = 0; d < head_dim; ++d) o[d] = fma(o[d], keep, next_o[d] * take);
}

/// out[d] = o[d] / sum. out may be o.
ASSAY_HD inline void finish_attention(SoftmaxState state, const float* o, int head_dim,
                                      float* out) {
  for (int d = 0; d < head_dim; ++d) out[d] = o[d] / state.sum;
}

}  // namespace ASSAY_ISA
}  // namespace assay::numerics
