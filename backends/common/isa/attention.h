// Attention of a block of queries over the pages of one sequence (core/numerics/attention.h). Keys
// lie transposed, so that a vector holds 16 positions; values lie by position, so that one holds 16
// elements. A page is converted to fp32 once and serves every row and head of the block.
#pragma once

#include <cstddef>
#include <cstdint>

#include "backends/common/isa/elementwise.h"
#include "backends/common/kernel_table.h"
#include "core/numerics/attention.h"

namespace assay::host {

/// One page in fp32: keys [head_dim][64], values [positions][value_stride].
struct PageView {
  const float* keys;
  const float* values;
  std::int64_t value_stride;
};

/// n elements of the cache's type at `from` to fp32; writes whole vectors, zero beyond n.
template <class S>
ASSAY_INLINE void cache_to_float(KvType type, const std::byte* from, float* to, std::int64_t n) {
  for_each_16(n, [&](std::int64_t i, int count) ASSAY_INLINE_LAMBDA {
    if (type == KvType::f16) {
      S::store(to + i,
               count == 16 ? S::load_f16(from + 2 * i) : S::load_f16_n(from + 2 * i, count));
    } else {
      S::store(to + i, load_up_to_16<S>(reinterpret_cast<const float*>(from) + i, count));
    }
  });
}

/// The first n positions of a page; what lies beyond them is never read as a value.
template <class S>
PageView view_page(const AttentionTask& task, std::int32_t page, int n) {
  const AttentionScratch layout(task.head_dim);
  const std::byte* keys = task.keys + page * task.page_stride;
  const std::byte* values = task.values + page * task.page_stride;
  if (task.kv_type == KvType::f32 && task.head_dim == layout.padded_dim) {
    return {reinterpret_cast<const float*>(keys), reinterpret_cast<const float*>(values),
            task.head_dim};
  }
  const std::int64_t element_bytes = task.kv_type == KvType::f16 ? 2 : 4;
  float* k = task.scratch;
  float* v = task.scratch + layout.page_floats();
  const int whole = (n + 15) / 16 * 16;
  for (std::int64_t d = 0; d < task.head_dim; ++d) {
    cache_to_float<S>(task.kv_type, keys + d * kKvPageTokens * element_bytes, k + d * kKvPageTokens,
                      whole);
  }
  for (int j = 0; j < n; ++j) {
    cache_to_float<S>(task.kv_type, values + j * task.head_dim * element_bytes,
                      v + j * layout.padded_dim, task.head_dim);
  }
  return {k, v, layout.padded_dim};
}

/// p[j] = exp(s[j] - max) for the first n positions, 0 beyond; kVectors = ceil(n / 16).
template <class S, int kVectors>
numerics::SoftmaxState split_weights(const float* q, const float* keys, int n,
                                     std::int64_t head_dim, float scale, float* p) {
  using F = typename S::F;
  F score[kVectors];
  for (int v = 0; v < kVectors; ++v) score[v] = S::zero();
  for (std::int64_t d = 0; d < head_dim; ++d) {
    const F element = S::broadcast(q[d]);
    for (int v = 0; v < kVectors; ++v) {
      score[v] = S::fma(element, S::load(keys + d * kKvPageTokens + 16 * v), score[v]);
    }
  }
  constexpr int kLast = kVectors - 1;
  for (int v = 0; v < kVectors; ++v) score[v] = S::mul(score[v], S::broadcast(scale));
  // Absent positions take the place of the first, which changes no maximum.
  score[kLast] = S::first_n(score[kLast], S::broadcast(S::first(score[0])), n - 16 * kLast);
  F most = score[0];
  for (int v = 1; v < kVectors; ++v) most = S::max(score[v], most);
  const float max = S::fold_max(most);
  F sum = S::zero();
  for (int v = 0; v < kVectors; ++v) {
    F weight = exp<S>(S::sub(score[v], S::broadcast(max)));
    if (v == kLast) weight = S::first_n(weight, S::zero(), n - 16 * kLast);
    S::store(p + 16 * v, weight);
    sum = S::add(sum, weight);
  }
  return {max, S::fold(S::add(S::zero(), sum))};
}

/// o[d] = chain over j of p[j] * v[j][d], for kVectors vectors of d.
template <class S, int kVectors>
void split_output(const float* p, const float* values, std::int64_t value_stride, int n, float* o) {
  using F = typename S::F;
  F sum[kVectors];
  for (int v = 0; v < kVectors; ++v) sum[v] = S::zero();
  for (int j = 0; j < n; ++j) {
    const F weight = S::broadcast(p[j]);
    for (int v = 0; v < kVectors; ++v) {
      sum[v] = S::fma(weight, S::load(values + j * value_stride + 16 * v), sum[v]);
    }
  }
  for (int v = 0; v < kVectors; ++v) S::store(o + 16 * v, sum[v]);
}

template <class S>
numerics::SoftmaxState attend_split(const AttentionTask& task, const float* q, const PageView& page,
                                    int n, float scale, float* o) {
  alignas(64) float p[kKvPageTokens];
  numerics::SoftmaxState state;
  const auto weights = [&](auto vectors) ASSAY_INLINE_LAMBDA {
    state = split_weights<S, decltype(vectors)::value>(q, page.keys, n, task.head_dim, scale, p);
  };
  if (n > 48) {
    weights(Index<4>{});
  } else if (n > 32) {
    weights(Index<3>{});
  } else if (n > 16) {
    weights(Index<2>{});
  } else {
    weights(Index<1>{});
  }
  std::int64_t d = 0;
  for (; d + 64 <= page.value_stride; d += 64) {
    split_output<S, 4>(p, page.values + d, page.value_stride, n, o + d);
  }
  for (; d < page.value_stride; d += 16) {
    split_output<S, 1>(p, page.values + d, page.value_stride, n, o + d);
  }
  return state;
}

/// numerics::merge_split on padded vectors.
template <class S>
void merge_split(numerics::SoftmaxState next, const float* next_o, std::int64_t padded_dim,
                 numerics::SoftmaxState* state, float* o) {
  const float max = next.max > state->max ? next.max : state->max;
  const float keep = numerics::exp(state->max - max);
  const float take = numerics::exp(next.max - max);
  state->max = max;
  state->sum = numerics::fma(state->sum, keep, next.sum * take);
  for (std::int64_t d = 0; d < padded_dim; d += 16) {
    const auto taken = S::mul(S::load(next_o + d), S::broadcast(take));
    S::store(o + d, S::fma(S::load(o + d), S::broadcast(keep), taken));
  }
}

template <class S>
void attend_page(const AttentionTask& task, std::int32_t split, float scale, float* states) {
  const AttentionScratch layout(task.head_dim);
  const std::int32_t start = split * kKvPageTokens;
  const auto positions = [&](std::int32_t row) ASSAY_INLINE_LAMBDA {
    const std::int32_t n = task.first_position + row + 1 - start;
    return n < kKvPageTokens ? n : kKvPageTokens;
  };
  const PageView page = view_page<S>(task, task.pages[split], positions(task.n_rows - 1));
  float* next_o = states + kAttentionRows * task.n_heads * layout.state_floats();
  for (std::int32_t row = 0; row < task.n_rows; ++row) {
    const int n = positions(row);
    if (n <= 0) continue;
    for (std::int32_t head = 0; head < task.n_heads; ++head) {
      float* o = states + (row * task.n_heads + head) * layout.state_floats();
      float* saved = o + layout.padded_dim;
      const float* q = task.q + row * task.q_stride + head * task.head_dim;
      if (split == 0) {
        const auto first = attend_split<S>(task, q, page, n, scale, o);
        saved[0] = first.max;
        saved[1] = first.sum;
        continue;
      }
      const auto next = attend_split<S>(task, q, page, n, scale, next_o);
      numerics::SoftmaxState state{saved[0], saved[1]};
      merge_split<S>(next, next_o, layout.padded_dim, &state, o);
      saved[0] = state.max;
      saved[1] = state.sum;
    }
  }
}

template <class S>
void attention(const AttentionTask& task) {
  const AttentionScratch layout(task.head_dim);
  const float scale = numerics::attention_scale(task.head_dim);
  float* states = task.scratch + 2 * layout.page_floats();
  const std::int32_t n_splits = (task.first_position + task.n_rows - 1) / kKvPageTokens + 1;
  for (std::int32_t split = 0; split < n_splits; ++split) {
    attend_page<S>(task, split, scale, states);
  }
  for (std::int32_t row = 0; row < task.n_rows; ++row) {
    for (std::int32_t head = 0; head < task.n_heads; ++head) {
      const float* o = states + (row * task.n_heads + head) * layout.state_floats();
      const auto sum = S::broadcast(o[layout.padded_dim + 1]);
      float* out = task.out + row * task.q_stride + head * task.head_dim;
      for_each_16(task.head_dim, [&](std::int64_t d, int count) ASSAY_INLINE_LAMBDA {
        store_up_to_16<S>(out + d, S::div(S::load(o + d), sum), count);
      });
    }
  }
}

}  // namespace assay::host
