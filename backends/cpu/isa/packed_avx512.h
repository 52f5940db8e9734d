// Sixteen rows in AVX-512 registers with VNNI. isa/exact_packed.h says what each operation means.
#pragma once

#include <immintrin.h>

#include <cstdint>

#include "backends/common/isa/exact_packed.h"

namespace assay::host {

struct PackedAvx512 {
  static constexpr int kRows = 16;
  static constexpr bool kSaturates = false;  // vpdpbusd widens before it adds; never vpdpbusds
  using V = Lanes32<kRows>;
  static constexpr int kGemmColumns = 6;

  static ASSAY_INLINE V::U broadcast(std::int32_t q) { return (V::U)_mm512_set1_epi32(q); }
  static ASSAY_INLINE V::I dot(V::I acc, V::U u, V::U q) {
    return (V::I)_mm512_dpbusd_epi32((__m512i)acc, (__m512i)u, (__m512i)q);
  }
  static ASSAY_INLINE V::I dot_pairs(V::I acc, V::U w, V::U q) {
    return (V::I)_mm512_dpwssd_epi32((__m512i)acc, (__m512i)w, (__m512i)q);
  }
  static ASSAY_INLINE void pin(V::U& u) { asm("" : "+v"(u)); }
  static ASSAY_INLINE V::I bytes(const std::byte* from) {
    return (V::I)_mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
  }
  static ASSAY_INLINE V::I signed_bytes(const std::byte* from) {
    return (V::I)_mm512_cvtepi8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
  }
  static ASSAY_INLINE V::F halves(const std::byte* from) {
    return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)));
  }
  static ASSAY_INLINE V::F fma(V::F a, V::F b, V::F c) { return _mm512_fmadd_ps(a, b, c); }
};

}  // namespace assay::host
