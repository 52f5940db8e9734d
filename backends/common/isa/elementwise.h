// exp, SwiGLU, RMSNorm, rotation and the small kernels: core/numerics operation by operation, 16
// elements at a time.
#pragma once

#include <cstdint>

#include "backends/common/isa/inline.h"
#include "core/numerics/functions.h"

namespace assay::host {

/// numerics::exp in every lane.
template <class S>
ASSAY_INLINE typename S::F exp(typename S::F x) {
  using F = typename S::F;
  const F rounder = S::broadcast(12582912.0F);
  const F lowest = S::broadcast(numerics::kExpLowest);
  const F bounded = S::max(lowest, S::min(S::broadcast(numerics::kExpHighest), x));
  const F shifted = S::fma(bounded, S::broadcast(0x1.715476p+0F), rounder);
  const F n = S::sub(shifted, rounder);
  F r = S::fma(n, S::broadcast(-0x1.62e4p-1F), bounded);
  r = S::fma(n, S::broadcast(-0x1.7f7d1cp-20F), r);

  F q = S::broadcast(0x1.a124f2p-13F);
  q = S::fma(q, r, S::broadcast(0x1.6d4324p-10F));
  q = S::fma(q, r, S::broadcast(0x1.1110e0p-7F));
  q = S::fma(q, r, S::broadcast(0x1.5554eap-5F));
  q = S::fma(q, r, S::broadcast(0x1.555556p-3F));
  q = S::fma(q, r, S::broadcast(0.5F));
  const F power = S::add(S::broadcast(1.0F), S::fma(S::mul(r, r), q, r));

  const auto exponent = S::add_i(S::sub_i(S::bits(shifted), S::bits(rounder)), S::broadcast_i(256));
  const auto half = S::template shift_right<1>(exponent);
  const auto scale = [](auto e) ASSAY_INLINE_LAMBDA {
    return S::from_bits(S::template shift_left<23>(S::sub_i(e, S::broadcast_i(1))));
  };
  const F result = S::mul(S::mul(power, scale(half)), scale(S::sub_i(exponent, half)));
  return S::select_less(x, lowest, S::zero(), S::keep_nan(x, result));
}

/// Calls body(offset, count) for each 16 of n elements; count is 16 but for the last.
template <class Body>
ASSAY_INLINE void for_each_16(std::int64_t n, Body&& body) {
  std::int64_t i = 0;
  for (; i + 16 <= n; i += 16) body(i, 16);
  if (i < n) body(i, static_cast<int>(n - i));
}

template <class S>
ASSAY_INLINE typename S::F load_up_to_16(const float* from, int count) {
  return count == 16 ? S::load(from) : S::load_n(from, count);
}
template <class S>
ASSAY_INLINE void store_up_to_16(float* to, typename S::F a, int count) {
  if (count == 16) {
    S::store(to, a);
  } else {
    S::store_n(to, a, count);
  }
}

template <class S>
void exp_array(const float* x, float* out, std::int64_t n) {
  for_each_16(n, [&](std::int64_t i, int count) ASSAY_INLINE_LAMBDA {
    store_up_to_16<S>(out + i, exp<S>(load_up_to_16<S>(x + i, count)), count);
  });
}

template <class S>
void swiglu(const float* gate, const float* up, float* out, std::int64_t n) {
  using F = typename S::F;
  for_each_16(n, [&](std::int64_t i, int count) ASSAY_INLINE_LAMBDA {
    const F g = load_up_to_16<S>(gate + i, count);
    const F negated = S::from_bits(S::add_i(S::bits(g), S::broadcast_i(INT32_MIN)));
    const F silu = S::div(g, S::add(S::broadcast(1.0F), exp<S>(negated)));
    store_up_to_16<S>(out + i, S::mul(silu, load_up_to_16<S>(up + i, count)), count);
  });
}

template <class S>
void add(const float* x, float* inout, std::int64_t n) {
  for_each_16(n, [&](std::int64_t i, int count) ASSAY_INLINE_LAMBDA {
    store_up_to_16<S>(inout + i,
                      S::add(load_up_to_16<S>(inout + i, count), load_up_to_16<S>(x + i, count)),
                      count);
  });
}

template <class S>
void to_half(const float* x, void* out, std::int64_t n) {
  for_each_16(n, [&](std::int64_t i, int count) ASSAY_INLINE_LAMBDA {
    S::store_f16_n(static_cast<std::uint16_t*>(out) + i, load_up_to_16<S>(x + i, count), count);
  });
}

/// sum x^2 by the rule of core/numerics/dot.h.
template <class S>
ASSAY_INLINE float sum_of_squares(const float* x, std::int64_t n) {
  using F = typename S::F;
  F total = S::zero();
  for (std::int64_t start = 0; start < n; start += 512) {
    F chunk = S::zero();
    for_each_16(n - start < 512 ? n - start : 512,
                [&](std::int64_t i, int count) ASSAY_INLINE_LAMBDA {
                  const F a = load_up_to_16<S>(x + start + i, count);
                  chunk = S::fma(a, a, chunk);
                });
    total = S::add(total, chunk);
  }
  return S::fold(total);
}

template <class S>
void rms_norm(const float* x, const float* gain, float eps, std::int64_t n, float* out) {
  const float mean = sum_of_squares<S>(x, n) / static_cast<float>(n);
  const auto scale = S::broadcast(numerics::reciprocal_sqrt(mean + eps));
  for_each_16(n, [&](std::int64_t i, int count) ASSAY_INLINE_LAMBDA {
    const auto scaled = S::mul(load_up_to_16<S>(x + i, count), scale);
    store_up_to_16<S>(out + i, S::mul(scaled, load_up_to_16<S>(gain + i, count)), count);
  });
}

/// a' = fma(a, cos, -rn(b * sin)); b' = fma(b, cos, rn(a * sin)).
template <class S>
ASSAY_INLINE void rotate_vectors(typename S::F& a, typename S::F& b, typename S::F cos,
                                 typename S::F sin) {
  const auto bs = S::mul(b, sin);
  const auto negated = S::from_bits(S::add_i(S::bits(bs), S::broadcast_i(INT32_MIN)));
  const auto turned = S::fma(a, cos, negated);
  b = S::fma(b, cos, S::mul(a, sin));
  a = turned;
}

template <class S>
void rotate(float* head, const float* cos, const float* sin, std::int64_t half_dim,
            bool interleaved) {
  for_each_16(half_dim, [&](std::int64_t i, int count) ASSAY_INLINE_LAMBDA {
    const auto c = load_up_to_16<S>(cos + i, count);
    const auto s = load_up_to_16<S>(sin + i, count);
    if (!interleaved) {
      auto a = load_up_to_16<S>(head + i, count);
      auto b = load_up_to_16<S>(head + half_dim + i, count);
      rotate_vectors<S>(a, b, c, s);
      store_up_to_16<S>(head + i, a, count);
      store_up_to_16<S>(head + half_dim + i, b, count);
      return;
    }
    float even[16] = {};
    float odd[16] = {};
    for (int j = 0; j < count; ++j) {
      even[j] = head[2 * (i + j)];
      odd[j] = head[2 * (i + j) + 1];
    }
    auto a = S::load(even);
    auto b = S::load(odd);
    rotate_vectors<S>(a, b, c, s);
    S::store(even, a);
    S::store(odd, b);
    for (int j = 0; j < count; ++j) {
      head[2 * (i + j)] = even[j];
      head[2 * (i + j) + 1] = odd[j];
    }
  });
}

}  // namespace assay::host
