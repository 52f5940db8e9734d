// 16 lanes of fp32 in one AVX-512 register. isa/vec_scalar.h says what each operation means.
#pragma once

#include <immintrin.h>

#include <cstdint>

#include "backends/common/isa/inline.h"

#if !defined(__AVX512F__) || !defined(__AVX512BW__) || !defined(__AVX512VL__) || \
    !defined(__AVX512DQ__) || !defined(__AVX512VNNI__)
#error "compile with the flags of the avx512 level (backends/cpu/CMakeLists.txt)"
#endif

namespace assay::host {

struct Avx512 {
  using F = __m512;
  using I = __m512i;
  static constexpr int kTileRows = 4;
  static constexpr int kTileColumns = 6;

  static ASSAY_INLINE F zero() { return _mm512_setzero_ps(); }
  static ASSAY_INLINE F broadcast(float value) { return _mm512_set1_ps(value); }
  static ASSAY_INLINE F load(const void* from) { return _mm512_loadu_ps(from); }
  static ASSAY_INLINE F load_n(const void* from, int n) {
    return _mm512_maskz_loadu_ps(lanes(n), from);
  }
  static ASSAY_INLINE void store(float* to, F a) { _mm512_storeu_ps(to, a); }
  static ASSAY_INLINE void store_n(float* to, F a, int n) {
    _mm512_mask_storeu_ps(to, lanes(n), a);
  }

  static ASSAY_INLINE F add(F a, F b) { return _mm512_add_ps(a, b); }
  static ASSAY_INLINE F sub(F a, F b) { return _mm512_sub_ps(a, b); }
  static ASSAY_INLINE F mul(F a, F b) { return _mm512_mul_ps(a, b); }
  static ASSAY_INLINE F div(F a, F b) { return _mm512_div_ps(a, b); }
  static ASSAY_INLINE F fma(F a, F b, F c) { return _mm512_fmadd_ps(a, b, c); }
  static ASSAY_INLINE F min(F a, F b) { return _mm512_min_ps(a, b); }
  static ASSAY_INLINE F max(F a, F b) { return _mm512_max_ps(a, b); }
  static ASSAY_INLINE F select_less(F a, F b, F yes, F no) {
    return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(a, b, _CMP_LT_OQ), no, yes);
  }
  static ASSAY_INLINE F keep_nan(F a, F other) {
    return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(a, a, _CMP_UNORD_Q), other, a);
  }
  static ASSAY_INLINE F first_n(F a, F other, int n) {
    return _mm512_mask_blend_ps(lanes(n), other, a);
  }
  /// g++ 12 otherwise folds a reused load into every FMA.
  static ASSAY_INLINE void pin(F& a) { asm("" : "+v"(a)); }

  static ASSAY_INLINE float first(F a) { return _mm512_cvtss_f32(a); }
  static ASSAY_INLINE float fold(F a) {
    const __m256 eight = _mm256_add_ps(_mm512_castps512_ps256(a), _mm512_extractf32x8_ps(a, 1));
    const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
    const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
  }

  static ASSAY_INLINE F fold_16(const float* from, std::int64_t stride) {
    // Each step folds pairs of vectors into one; the order of loading undoes its interleaving.
    F eight[8];
    unroll<8>([&](auto j) ASSAY_INLINE_LAMBDA {
      constexpr int kPair = 2 * decltype(j)::value;
      const F a = load(from + (kPair % 4 * 4 + kPair / 4) * stride);
      const F b = load(from + ((kPair + 1) % 4 * 4 + kPair / 4) * stride);
      eight[decltype(j)::value] =
          add(_mm512_shuffle_f32x4(a, b, 0x44), _mm512_shuffle_f32x4(a, b, 0xEE));
    });
    F four[4];
    unroll<4>([&](auto j) ASSAY_INLINE_LAMBDA {
      const F a = eight[2 * decltype(j)::value];
      const F b = eight[2 * decltype(j)::value + 1];
      four[decltype(j)::value] =
          add(_mm512_shuffle_f32x4(a, b, 0x88), _mm512_shuffle_f32x4(a, b, 0xDD));
    });
    F two[2];
    unroll<2>([&](auto j) ASSAY_INLINE_LAMBDA {
      const F a = four[2 * decltype(j)::value];
      const F b = four[2 * decltype(j)::value + 1];
      two[decltype(j)::value] = add(_mm512_shuffle_ps(a, b, 0x44), _mm512_shuffle_ps(a, b, 0xEE));
    });
    return add(_mm512_shuffle_ps(two[0], two[1], 0x88), _mm512_shuffle_ps(two[0], two[1], 0xDD));
  }
  static ASSAY_INLINE float fold_max(F a) {
    const __m256 eight = _mm256_max_ps(_mm512_castps512_ps256(a), _mm512_extractf32x8_ps(a, 1));
    const __m128 four = _mm_max_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
    const __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)));
  }

  static ASSAY_INLINE F load_f16(const void* from) {
    return _mm512_cvtph_ps(_mm256_loadu_si256(static_cast<const __m256i*>(from)));
  }
  static ASSAY_INLINE F load_f16_n(const void* from, int n) {
    return _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(lanes(n), from));
  }
  static ASSAY_INLINE void store_f16_n(void* to, F a, int n) {
    const __m256i halves = _mm512_cvtps_ph(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    _mm256_mask_storeu_epi16(to, lanes(n), halves);
  }
  static ASSAY_INLINE F load_bf16(const void* from) {
    return widen_bf16(_mm256_loadu_si256(static_cast<const __m256i*>(from)));
  }
  static ASSAY_INLINE F load_bf16_n(const void* from, int n) {
    return widen_bf16(_mm256_maskz_loadu_epi16(lanes(n), from));
  }
  static ASSAY_INLINE float f16(std::uint16_t bits) { return _cvtsh_ss(bits); }

  static ASSAY_INLINE I broadcast_i(std::int32_t value) { return _mm512_set1_epi32(value); }
  static ASSAY_INLINE I load_u8(const void* from) {
    return _mm512_cvtepu8_epi32(_mm_loadu_si128(static_cast<const __m128i*>(from)));
  }
  static ASSAY_INLINE I load_i8(const void* from) {
    return _mm512_cvtepi8_epi32(_mm_loadu_si128(static_cast<const __m128i*>(from)));
  }
  template <int kBits>
  static ASSAY_INLINE I shift_right(I a) {
    return _mm512_srli_epi32(a, kBits);
  }
  template <int kBits>
  static ASSAY_INLINE I shift_left(I a) {
    return _mm512_slli_epi32(a, kBits);
  }
  static ASSAY_INLINE I add_i(I a, I b) { return _mm512_add_epi32(a, b); }
  static ASSAY_INLINE I sub_i(I a, I b) { return _mm512_sub_epi32(a, b); }
  static ASSAY_INLINE I select_bits(I mask, I a, I b) {
    return _mm512_ternarylogic_epi32(mask, a, b, 0xCA);
  }
  template <int kBit>
  static ASSAY_INLINE I with_bit(I a, std::uint16_t lanes) {
    return select_bits(broadcast_i(1 << kBit), _mm512_maskz_set1_epi32(lanes, 1 << kBit), a);
  }
  static ASSAY_INLINE F to_float(I a) { return _mm512_cvtepi32_ps(a); }
  static ASSAY_INLINE I bits(F a) { return _mm512_castps_si512(a); }
  static ASSAY_INLINE F from_bits(I a) { return _mm512_castsi512_ps(a); }

  /// Few-bit codes have few values: a table of them is computed once a block and looked up.
  template <int kBits, int kBias, bool kAdd>
  class Affine {
   public:
    ASSAY_INLINE Affine(float scale, float add) : low_(value(0, scale, add)) {
      if constexpr (kBits == 5) high_ = value(16, scale, add);
    }
    ASSAY_INLINE F apply(I code) const {
      if constexpr (kBits == 5) return _mm512_permutex2var_ps(low_, code, high_);
      return _mm512_permutexvar_ps(code, low_);
    }

   private:
    static ASSAY_INLINE F value(int from, float scale, float add) {
      const I lane = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
      // Narrow codes repeat, so that a look-up by the low 4 bits sees only the low kBits.
      const I code = _mm512_add_epi32(_mm512_and_si512(lane, broadcast_i((1 << kBits) - 1)),
                                      broadcast_i(from - kBias));
      const F scaled = mul(to_float(code), broadcast(scale));
      return kAdd ? _mm512_add_ps(scaled, broadcast(add)) : scaled;
    }
    F low_;
    F high_ = _mm512_setzero_ps();
  };

 private:
  static ASSAY_INLINE __mmask16 lanes(int n) { return static_cast<__mmask16>((1U << n) - 1U); }
  static ASSAY_INLINE F widen_bf16(__m256i bits) {
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(bits), 16));
  }
};

}  // namespace assay::host
