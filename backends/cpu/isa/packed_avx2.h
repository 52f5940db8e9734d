// Eight rows in AVX2 registers. isa/exact_packed.h says what each operation means.
#pragma once

#include <immintrin.h>

#include <cstdint>

#include "backends/common/isa/exact_packed.h"

namespace assay::host {

struct PackedAvx2 {
  static constexpr int kRows = 8;
  /// vpmaddubsw saturates at 16 bits: 2 * 63 * 127 fits, 2 * 255 * 127 does not.
  static constexpr bool kSaturates = true;
  static constexpr int kGemmColumns = 3;
  using V = Lanes32<kRows>;

  static ASSAY_INLINE V::U broadcast(std::int32_t q) { return (V::U)_mm256_set1_epi32(q); }
  static ASSAY_INLINE V::I dot(V::I acc, V::U u, V::U q) {
    return add_products(acc, (__m256i)u, (__m256i)q);
  }
  /// |w| * sign(q, w): |-128| is 128 as an unsigned byte, and 2 * 128 * 127 fits.
  static ASSAY_INLINE V::I dot_signed(V::I acc, V::U w, V::U q) {
    const auto weights = (__m256i)w;
    return add_products(acc, _mm256_abs_epi8(weights), _mm256_sign_epi8((__m256i)q, weights));
  }
  static ASSAY_INLINE V::I pairs(V::I sums, V::U u, V::U q) {
    return now(_mm256_add_epi16((__m256i)sums, _mm256_maddubs_epi16((__m256i)u, (__m256i)q)));
  }
  static ASSAY_INLINE V::I widen(V::I acc, V::I sums) {
    return now(
        _mm256_add_epi32((__m256i)acc, _mm256_madd_epi16((__m256i)sums, _mm256_set1_epi16(1))));
  }
  static ASSAY_INLINE V::I dot_pairs(V::I acc, V::U w, V::U q) {
    return now(_mm256_add_epi32((__m256i)acc, _mm256_madd_epi16((__m256i)w, (__m256i)q)));
  }
  static ASSAY_INLINE void pin(V::U& u) { asm("" : "+x"(u)); }
  static ASSAY_INLINE V::I bytes(const std::byte* from) {
    return (V::I)_mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from)));
  }
  static ASSAY_INLINE V::I signed_bytes(const std::byte* from) {
    return (V::I)_mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from)));
  }
  static ASSAY_INLINE V::F halves(const std::byte* from) {
    return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
  }
  static ASSAY_INLINE V::F fma(V::F a, V::F b, V::F c) { return _mm256_fmadd_ps(a, b, c); }

 private:
  /// g++ would multiply for all columns first, store the products, and add them later.
  static ASSAY_INLINE V::I now(__m256i sum) {
    asm("" : "+x"(sum));
    return (V::I)sum;
  }
  static ASSAY_INLINE V::I add_products(V::I acc, __m256i u, __m256i q) {
    return widen(acc, (V::I)_mm256_maddubs_epi16(u, q));
  }
};

}  // namespace assay::host
