// 16 lanes of fp32 in two AVX2 registers. isa/vec_scalar.h says what each operation means.
#pragma once

#include <immintrin.h>

#include <cstdint>

#include "backends/common/isa/inline.h"

#if !defined(__AVX2__) || !defined(__FMA__) || !defined(__F16C__)
#error "compile with the flags of the avx2 level (backends/cpu/CMakeLists.txt)"
#endif

namespace assay::host {

struct Avx2 {
  struct F {
    __m256 lo;
    __m256 hi;
  };
  struct I {
    __m256i lo;
    __m256i hi;
  };
  static constexpr int kTileRows = 2;
  static constexpr int kTileColumns = 3;

  static ASSAY_INLINE F zero() { return {_mm256_setzero_ps(), _mm256_setzero_ps()}; }
  static ASSAY_INLINE F broadcast(float value) {
    return {_mm256_set1_ps(value), _mm256_set1_ps(value)};
  }
  static ASSAY_INLINE F load(const void* from) {
    const auto* floats = static_cast<const float*>(from);
    return {_mm256_loadu_ps(floats), _mm256_loadu_ps(floats + 8)};
  }
  static ASSAY_INLINE F load_n(const void* from, int n) {
    const auto* floats = static_cast<const float*>(from);
    return {_mm256_maskload_ps(floats, mask(n)), _mm256_maskload_ps(floats + 8, mask(n - 8))};
  }
  static ASSAY_INLINE void store(float* to, F a) {
    _mm256_storeu_ps(to, a.lo);
    _mm256_storeu_ps(to + 8, a.hi);
  }
  static ASSAY_INLINE void store_n(float* to, F a, int n) {
    _mm256_maskstore_ps(to, mask(n), a.lo);
    _mm256_maskstore_ps(to + 8, mask(n - 8), a.hi);
  }

  static ASSAY_INLINE F add(F a, F b) {
    return {_mm256_add_ps(a.lo, b.lo), _mm256_add_ps(a.hi, b.hi)};
  }
  static ASSAY_INLINE F sub(F a, F b) {
    return {_mm256_sub_ps(a.lo, b.lo), _mm256_sub_ps(a.hi, b.hi)};
  }
  static ASSAY_INLINE F mul(F a, F b) {
    return {_mm256_mul_ps(a.lo, b.lo), _mm256_mul_ps(a.hi, b.hi)};
  }
  static ASSAY_INLINE F div(F a, F b) {
    return {_mm256_div_ps(a.lo, b.lo), _mm256_div_ps(a.hi, b.hi)};
  }
  static ASSAY_INLINE F fma(F a, F b, F c) {
    return {_mm256_fmadd_ps(a.lo, b.lo, c.lo), _mm256_fmadd_ps(a.hi, b.hi, c.hi)};
  }
  static ASSAY_INLINE F min(F a, F b) {
    return {_mm256_min_ps(a.lo, b.lo), _mm256_min_ps(a.hi, b.hi)};
  }
  static ASSAY_INLINE F max(F a, F b) {
    return {_mm256_max_ps(a.lo, b.lo), _mm256_max_ps(a.hi, b.hi)};
  }
  static ASSAY_INLINE F select_less(F a, F b, F yes, F no) {
    return {_mm256_blendv_ps(no.lo, yes.lo, _mm256_cmp_ps(a.lo, b.lo, _CMP_LT_OQ)),
            _mm256_blendv_ps(no.hi, yes.hi, _mm256_cmp_ps(a.hi, b.hi, _CMP_LT_OQ))};
  }
  static ASSAY_INLINE F keep_nan(F a, F other) {
    return {_mm256_blendv_ps(other.lo, a.lo, _mm256_cmp_ps(a.lo, a.lo, _CMP_UNORD_Q)),
            _mm256_blendv_ps(other.hi, a.hi, _mm256_cmp_ps(a.hi, a.hi, _CMP_UNORD_Q))};
  }
  static ASSAY_INLINE F first_n(F a, F other, int n) {
    return {_mm256_blendv_ps(other.lo, a.lo, _mm256_castsi256_ps(mask(n))),
            _mm256_blendv_ps(other.hi, a.hi, _mm256_castsi256_ps(mask(n - 8)))};
  }
  /// g++ 12 otherwise folds a reused load into every FMA.
  static ASSAY_INLINE void pin(F& a) { asm("" : "+x"(a.lo), "+x"(a.hi)); }

  static ASSAY_INLINE float first(F a) { return _mm256_cvtss_f32(a.lo); }
  static ASSAY_INLINE float fold(F a) {
    const __m256 eight = _mm256_add_ps(a.lo, a.hi);
    const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
    const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
  }

  static ASSAY_INLINE F fold_16(const float* from, std::int64_t stride) {
    return {fold_8(from, stride), fold_8(from + 8 * stride, stride)};
  }
  static ASSAY_INLINE float fold_max(F a) {
    const __m256 eight = _mm256_max_ps(a.lo, a.hi);
    const __m128 four = _mm_max_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
    const __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)));
  }

  static ASSAY_INLINE F load_f16(const void* from) {
    const auto* eight = static_cast<const __m128i*>(from);
    return {_mm256_cvtph_ps(_mm_loadu_si128(eight)), _mm256_cvtph_ps(_mm_loadu_si128(eight + 1))};
  }
  static ASSAY_INLINE F load_f16_n(const void* from, int n) {
    alignas(32) std::uint16_t halves[16] = {};
    __builtin_memcpy(halves, from, static_cast<unsigned>(n) * 2U);
    return load_f16(halves);
  }
  static ASSAY_INLINE void store_f16_n(void* to, F a, int n) {
    constexpr int kNearest = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC;
    alignas(32) std::uint16_t halves[16];
    auto* eight = reinterpret_cast<__m128i*>(halves);
    _mm_store_si128(eight, _mm256_cvtps_ph(a.lo, kNearest));
    _mm_store_si128(eight + 1, _mm256_cvtps_ph(a.hi, kNearest));
    __builtin_memcpy(to, halves, static_cast<unsigned>(n) * 2U);
  }
  static ASSAY_INLINE F load_bf16(const void* from) {
    const auto* eight = static_cast<const __m128i*>(from);
    return {widen_bf16(_mm_loadu_si128(eight)), widen_bf16(_mm_loadu_si128(eight + 1))};
  }
  static ASSAY_INLINE F load_bf16_n(const void* from, int n) {
    alignas(32) std::uint16_t halves[16] = {};
    __builtin_memcpy(halves, from, static_cast<unsigned>(n) * 2U);
    return load_bf16(halves);
  }
  static ASSAY_INLINE float f16(std::uint16_t bits) { return _cvtsh_ss(bits); }

  static ASSAY_INLINE I broadcast_i(std::int32_t value) {
    return {_mm256_set1_epi32(value), _mm256_set1_epi32(value)};
  }
  static ASSAY_INLINE I load_u8(const void* from) {
    const __m128i bytes = _mm_loadu_si128(static_cast<const __m128i*>(from));
    return {_mm256_cvtepu8_epi32(bytes), _mm256_cvtepu8_epi32(_mm_srli_si128(bytes, 8))};
  }
  static ASSAY_INLINE I load_i8(const void* from) {
    const __m128i bytes = _mm_loadu_si128(static_cast<const __m128i*>(from));
    return {_mm256_cvtepi8_epi32(bytes), _mm256_cvtepi8_epi32(_mm_srli_si128(bytes, 8))};
  }
  template <int kBits>
  static ASSAY_INLINE I shift_right(I a) {
    return {_mm256_srli_epi32(a.lo, kBits), _mm256_srli_epi32(a.hi, kBits)};
  }
  template <int kBits>
  static ASSAY_INLINE I shift_left(I a) {
    return {_mm256_slli_epi32(a.lo, kBits), _mm256_slli_epi32(a.hi, kBits)};
  }
  static ASSAY_INLINE I add_i(I a, I b) {
    return {_mm256_add_epi32(a.lo, b.lo), _mm256_add_epi32(a.hi, b.hi)};
  }
  static ASSAY_INLINE I sub_i(I a, I b) {
    return {_mm256_sub_epi32(a.lo, b.lo), _mm256_sub_epi32(a.hi, b.hi)};
  }
  static ASSAY_INLINE I select_bits(I mask, I a, I b) {
    return {select_bits(mask.lo, a.lo, b.lo), select_bits(mask.hi, a.hi, b.hi)};
  }
  template <int kBit>
  static ASSAY_INLINE I with_bit(I a, std::uint16_t lanes) {
    const __m256i all = _mm256_set1_epi32(lanes);
    const I one = broadcast_i(1 << kBit);
    const __m256i low = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
    const __m256i high = _mm256_slli_epi32(low, 8);
    const I set = {_mm256_cmpeq_epi32(_mm256_and_si256(all, low), low),
                   _mm256_cmpeq_epi32(_mm256_and_si256(all, high), high)};
    return select_bits(one, set, a);
  }
  static ASSAY_INLINE F to_float(I a) {
    return {_mm256_cvtepi32_ps(a.lo), _mm256_cvtepi32_ps(a.hi)};
  }

  static ASSAY_INLINE I bits(F a) { return {_mm256_castps_si256(a.lo), _mm256_castps_si256(a.hi)}; }
  static ASSAY_INLINE F from_bits(I a) {
    return {_mm256_castsi256_ps(a.lo), _mm256_castsi256_ps(a.hi)};
  }

  template <int kBits, int kBias, bool kAdd>
  class Affine {
   public:
    ASSAY_INLINE Affine(float scale, float add)
        : scale_(_mm256_set1_ps(scale)), add_(_mm256_set1_ps(add)) {}
    ASSAY_INLINE F apply(I code) const { return {apply(code.lo), apply(code.hi)}; }

   private:
    ASSAY_INLINE __m256 apply(__m256i code) const {
      const __m256i low = _mm256_and_si256(code, _mm256_set1_epi32((1 << kBits) - 1));
      const __m256i centred = kBias == 0 ? low : _mm256_sub_epi32(low, _mm256_set1_epi32(kBias));
      const __m256 scaled = _mm256_mul_ps(_mm256_cvtepi32_ps(centred), scale_);
      return kAdd ? _mm256_add_ps(scaled, add_) : scaled;
    }
    __m256 scale_;
    __m256 add_;
  };

 private:
  /// Each step folds pairs of vectors into one; the order of loading undoes its interleaving.
  static ASSAY_INLINE __m256 fold_8(const float* from, std::int64_t stride) {
    __m256 four[4];
    unroll<4>([&](auto j) ASSAY_INLINE_LAMBDA {
      constexpr int kFirst = decltype(j)::value;  // and its partner 4 rows on
      const F low = load(from + kFirst * stride);
      const F high = load(from + (kFirst + 4) * stride);
      const __m256 a = _mm256_add_ps(low.lo, low.hi);
      const __m256 b = _mm256_add_ps(high.lo, high.hi);
      four[kFirst] =
          _mm256_add_ps(_mm256_permute2f128_ps(a, b, 0x20), _mm256_permute2f128_ps(a, b, 0x31));
    });
    __m256 two[2];
    unroll<2>([&](auto j) ASSAY_INLINE_LAMBDA {
      const __m256 a = four[2 * decltype(j)::value];
      const __m256 b = four[2 * decltype(j)::value + 1];
      two[decltype(j)::value] =
          _mm256_add_ps(_mm256_shuffle_ps(a, b, 0x44), _mm256_shuffle_ps(a, b, 0xEE));
    });
    return _mm256_add_ps(_mm256_shuffle_ps(two[0], two[1], 0x88),
                         _mm256_shuffle_ps(two[0], two[1], 0xDD));
  }
  /// Lanes [0, n) of eight; n may be negative or beyond.
  static ASSAY_INLINE __m256i mask(int n) {
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
  }
  static ASSAY_INLINE __m256i select_bits(__m256i mask, __m256i a, __m256i b) {
    return _mm256_or_si256(_mm256_and_si256(mask, a), _mm256_andnot_si256(mask, b));
  }
  static ASSAY_INLINE __m256 widen_bf16(__m128i bits) {
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(bits), 16));
  }
};

}  // namespace assay::host
