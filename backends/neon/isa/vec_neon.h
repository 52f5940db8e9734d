// 16 lanes of fp32 in four NEON registers, in what every ARMv8.0 CPU has.
// backends/common/isa/vec_scalar.h says what each operation means.
#pragma once

#include <arm_neon.h>

#include <cstdint>

#include "backends/common/isa/inline.h"

namespace assay::host {

struct Neon {
  struct F {
    float32x4_t q0, q1, q2, q3;
  };
  struct I {
    uint32x4_t q0, q1, q2, q3;
  };
  // Four registers a sum: 2 x 2 sums and what they are made of fill 28 of the 32 registers.
  static constexpr int kTileRows = 2;
  static constexpr int kTileColumns = 2;

  static ASSAY_INLINE F zero() { return broadcast(0); }
  static ASSAY_INLINE F broadcast(float value) {
    const float32x4_t q = vdupq_n_f32(value);
    return {q, q, q, q};
  }
  static ASSAY_INLINE F load(const void* from) {
    const auto* floats = static_cast<const float*>(from);
    return {vld1q_f32(floats), vld1q_f32(floats + 4), vld1q_f32(floats + 8),
            vld1q_f32(floats + 12)};
  }
  static ASSAY_INLINE F load_n(const void* from, int n) {
    alignas(16) float floats[16] = {};
    __builtin_memcpy(floats, from, static_cast<unsigned>(n) * 4U);
    return load(floats);
  }
  static ASSAY_INLINE void store(float* to, F a) {
    vst1q_f32(to, a.q0);
    vst1q_f32(to + 4, a.q1);
    vst1q_f32(to + 8, a.q2);
    vst1q_f32(to + 12, a.q3);
  }
  static ASSAY_INLINE void store_n(float* to, F a, int n) {
    alignas(16) float floats[16];
    store(floats, a);
    __builtin_memcpy(to, floats, static_cast<unsigned>(n) * 4U);
  }

  static ASSAY_INLINE F add(F a, F b) {
    return {vaddq_f32(a.q0, b.q0), vaddq_f32(a.q1, b.q1), vaddq_f32(a.q2, b.q2),
            vaddq_f32(a.q3, b.q3)};
  }
  static ASSAY_INLINE F sub(F a, F b) {
    return {vsubq_f32(a.q0, b.q0), vsubq_f32(a.q1, b.q1), vsubq_f32(a.q2, b.q2),
            vsubq_f32(a.q3, b.q3)};
  }
  static ASSAY_INLINE F mul(F a, F b) {
    return {vmulq_f32(a.q0, b.q0), vmulq_f32(a.q1, b.q1), vmulq_f32(a.q2, b.q2),
            vmulq_f32(a.q3, b.q3)};
  }
  static ASSAY_INLINE F div(F a, F b) {
    return {vdivq_f32(a.q0, b.q0), vdivq_f32(a.q1, b.q1), vdivq_f32(a.q2, b.q2),
            vdivq_f32(a.q3, b.q3)};
  }
  static ASSAY_INLINE F fma(F a, F b, F c) {
    return {vfmaq_f32(c.q0, a.q0, b.q0), vfmaq_f32(c.q1, a.q1, b.q1), vfmaq_f32(c.q2, a.q2, b.q2),
            vfmaq_f32(c.q3, a.q3, b.q3)};
  }
  // fmin and fmax treat NaN otherwise: compare and select.
  static ASSAY_INLINE F min(F a, F b) { return select_less(a, b, a, b); }
  static ASSAY_INLINE F max(F a, F b) { return select_less(b, a, a, b); }
  static ASSAY_INLINE F select_less(F a, F b, F yes, F no) {
    return {vbslq_f32(vcltq_f32(a.q0, b.q0), yes.q0, no.q0),
            vbslq_f32(vcltq_f32(a.q1, b.q1), yes.q1, no.q1),
            vbslq_f32(vcltq_f32(a.q2, b.q2), yes.q2, no.q2),
            vbslq_f32(vcltq_f32(a.q3, b.q3), yes.q3, no.q3)};
  }
  static ASSAY_INLINE F keep_nan(F a, F other) {
    return {vbslq_f32(vceqq_f32(a.q0, a.q0), other.q0, a.q0),
            vbslq_f32(vceqq_f32(a.q1, a.q1), other.q1, a.q1),
            vbslq_f32(vceqq_f32(a.q2, a.q2), other.q2, a.q2),
            vbslq_f32(vceqq_f32(a.q3, a.q3), other.q3, a.q3)};
  }
  static ASSAY_INLINE F first_n(F a, F other, int n) {
    return {vbslq_f32(lanes_below(n), a.q0, other.q0),
            vbslq_f32(lanes_below(n - 4), a.q1, other.q1),
            vbslq_f32(lanes_below(n - 8), a.q2, other.q2),
            vbslq_f32(lanes_below(n - 12), a.q3, other.q3)};
  }
  static ASSAY_INLINE void pin(F& a) { asm("" : "+w"(a.q0), "+w"(a.q1), "+w"(a.q2), "+w"(a.q3)); }

  static ASSAY_INLINE float first(F a) { return vgetq_lane_f32(a.q0, 0); }
  static ASSAY_INLINE float fold(F a) {
    const float32x4_t four = fold_to_4(a);
    const float32x2_t two = vadd_f32(vget_low_f32(four), vget_high_f32(four));
    return vpadds_f32(two);
  }
  static ASSAY_INLINE F fold_16(const float* from, std::int64_t stride) {
    return {fold_4(from, stride), fold_4(from + 4 * stride, stride),
            fold_4(from + 8 * stride, stride), fold_4(from + 12 * stride, stride)};
  }
  static ASSAY_INLINE float fold_max(F a) {
    const F most = max(a, F{a.q2, a.q3, a.q2, a.q3});
    return vmaxnmvq_f32(vbslq_f32(vcgtq_f32(most.q0, most.q1), most.q0, most.q1));
  }

  static ASSAY_INLINE F load_f16(const void* from) {
    const auto* halves = static_cast<const __fp16*>(from);
    const float16x8_t low = vld1q_f16(halves);
    const float16x8_t high = vld1q_f16(halves + 8);
    return {vcvt_f32_f16(vget_low_f16(low)), vcvt_high_f32_f16(low),
            vcvt_f32_f16(vget_low_f16(high)), vcvt_high_f32_f16(high)};
  }
  static ASSAY_INLINE F load_f16_n(const void* from, int n) {
    alignas(16) std::uint16_t halves[16] = {};
    __builtin_memcpy(halves, from, static_cast<unsigned>(n) * 2U);
    return load_f16(halves);
  }
  /// fcvtn: to nearest even, denormals kept.
  static ASSAY_INLINE void store_f16_n(void* to, F a, int n) {
    alignas(16) __fp16 halves[16];
    vst1q_f16(halves, vcvt_high_f16_f32(vcvt_f16_f32(a.q0), a.q1));
    vst1q_f16(halves + 8, vcvt_high_f16_f32(vcvt_f16_f32(a.q2), a.q3));
    __builtin_memcpy(to, halves, static_cast<unsigned>(n) * 2U);
  }
  /// A widening of bits; BFDOT and BFMMLA round otherwise and are never used.
  static ASSAY_INLINE F load_bf16(const void* from) {
    const auto* bits = static_cast<const std::uint16_t*>(from);
    const uint16x8_t low = vld1q_u16(bits);
    const uint16x8_t high = vld1q_u16(bits + 8);
    return {vreinterpretq_f32_u32(vshll_n_u16(vget_low_u16(low), 16)),
            vreinterpretq_f32_u32(vshll_high_n_u16(low, 16)),
            vreinterpretq_f32_u32(vshll_n_u16(vget_low_u16(high), 16)),
            vreinterpretq_f32_u32(vshll_high_n_u16(high, 16))};
  }
  static ASSAY_INLINE F load_bf16_n(const void* from, int n) {
    alignas(16) std::uint16_t halves[16] = {};
    __builtin_memcpy(halves, from, static_cast<unsigned>(n) * 2U);
    return load_bf16(halves);
  }
  static ASSAY_INLINE float f16(std::uint16_t bits) {
    __fp16 half;
    __builtin_memcpy(&half, &bits, sizeof half);
    return half;
  }

  static ASSAY_INLINE I broadcast_i(std::int32_t value) {
    const uint32x4_t q = vdupq_n_u32(static_cast<std::uint32_t>(value));
    return {q, q, q, q};
  }
  static ASSAY_INLINE I load_u8(const void* from) {
    const uint8x16_t bytes = vld1q_u8(static_cast<const std::uint8_t*>(from));
    const uint16x8_t low = vmovl_u8(vget_low_u8(bytes));
    const uint16x8_t high = vmovl_high_u8(bytes);
    return {vmovl_u16(vget_low_u16(low)), vmovl_high_u16(low), vmovl_u16(vget_low_u16(high)),
            vmovl_high_u16(high)};
  }
  static ASSAY_INLINE I load_i8(const void* from) {
    const int8x16_t bytes = vld1q_s8(static_cast<const std::int8_t*>(from));
    const int16x8_t low = vmovl_s8(vget_low_s8(bytes));
    const int16x8_t high = vmovl_high_s8(bytes);
    return {vreinterpretq_u32_s32(vmovl_s16(vget_low_s16(low))),
            vreinterpretq_u32_s32(vmovl_high_s16(low)),
            vreinterpretq_u32_s32(vmovl_s16(vget_low_s16(high))),
            vreinterpretq_u32_s32(vmovl_high_s16(high))};
  }
  template <int kBits>
  static ASSAY_INLINE I shift_right(I a) {
    if constexpr (kBits == 0) return a;
    // ARM has no right shift by 0.
    constexpr int kShift = kBits == 0 ? 1 : kBits;
    return {vshrq_n_u32(a.q0, kShift), vshrq_n_u32(a.q1, kShift), vshrq_n_u32(a.q2, kShift),
            vshrq_n_u32(a.q3, kShift)};
  }
  template <int kBits>
  static ASSAY_INLINE I shift_left(I a) {
    return {vshlq_n_u32(a.q0, kBits), vshlq_n_u32(a.q1, kBits), vshlq_n_u32(a.q2, kBits),
            vshlq_n_u32(a.q3, kBits)};
  }
  static ASSAY_INLINE I add_i(I a, I b) {
    return {vaddq_u32(a.q0, b.q0), vaddq_u32(a.q1, b.q1), vaddq_u32(a.q2, b.q2),
            vaddq_u32(a.q3, b.q3)};
  }
  static ASSAY_INLINE I sub_i(I a, I b) {
    return {vsubq_u32(a.q0, b.q0), vsubq_u32(a.q1, b.q1), vsubq_u32(a.q2, b.q2),
            vsubq_u32(a.q3, b.q3)};
  }
  static ASSAY_INLINE I select_bits(I mask, I a, I b) {
    return {vbslq_u32(mask.q0, a.q0, b.q0), vbslq_u32(mask.q1, a.q1, b.q1),
            vbslq_u32(mask.q2, a.q2, b.q2), vbslq_u32(mask.q3, a.q3, b.q3)};
  }
  template <int kBit>
  static ASSAY_INLINE I with_bit(I a, std::uint16_t lanes) {
    const uint32x4_t all = vdupq_n_u32(lanes);
    const uint32x4_t bit = {1, 2, 4, 8};
    const I set = {vtstq_u32(all, bit), vtstq_u32(all, vshlq_n_u32(bit, 4)),
                   vtstq_u32(all, vshlq_n_u32(bit, 8)), vtstq_u32(all, vshlq_n_u32(bit, 12))};
    return select_bits(broadcast_i(1 << kBit), set, a);
  }
  static ASSAY_INLINE F to_float(I a) {
    return {to_float(a.q0), to_float(a.q1), to_float(a.q2), to_float(a.q3)};
  }
  static ASSAY_INLINE I bits(F a) {
    return {vreinterpretq_u32_f32(a.q0), vreinterpretq_u32_f32(a.q1), vreinterpretq_u32_f32(a.q2),
            vreinterpretq_u32_f32(a.q3)};
  }
  static ASSAY_INLINE F from_bits(I a) {
    return {vreinterpretq_f32_u32(a.q0), vreinterpretq_f32_u32(a.q1), vreinterpretq_f32_u32(a.q2),
            vreinterpretq_f32_u32(a.q3)};
  }

  template <int kBits, int kBias, bool kAdd>
  class Affine {
   public:
    ASSAY_INLINE Affine(float scale, float add)
        : scale_(vdupq_n_f32(scale)), add_(vdupq_n_f32(add)) {}
    ASSAY_INLINE F apply(I code) const {
      return {apply(code.q0), apply(code.q1), apply(code.q2), apply(code.q3)};
    }

   private:
    ASSAY_INLINE float32x4_t apply(uint32x4_t code) const {
      const uint32x4_t low = vandq_u32(code, vdupq_n_u32((1U << kBits) - 1U));
      const float32x4_t scaled = vmulq_f32(to_float(vsubq_u32(low, vdupq_n_u32(kBias))), scale_);
      return kAdd ? vaddq_f32(scaled, add_) : scaled;
    }
    float32x4_t scale_;
    float32x4_t add_;
  };

 private:
  static ASSAY_INLINE float32x4_t to_float(uint32x4_t a) {
    return vcvtq_f32_s32(vreinterpretq_s32_u32(a));
  }
  /// Lanes [0, n) of four; n may be negative or beyond.
  static ASSAY_INLINE uint32x4_t lanes_below(int n) {
    return vcltq_s32(int32x4_t{0, 1, 2, 3}, vdupq_n_s32(n));
  }
  static ASSAY_INLINE float32x4_t fold_to_4(F a) {
    return vaddq_f32(vaddq_f32(a.q0, a.q2), vaddq_f32(a.q1, a.q3));
  }
  /// The folds of four vectors, side by side.
  static ASSAY_INLINE float32x4_t fold_4(const float* from, std::int64_t stride) {
    const float32x4_t a = fold_to_4(load(from));
    const float32x4_t b = fold_to_4(load(from + stride));
    const float32x4_t c = fold_to_4(load(from + 2 * stride));
    const float32x4_t d = fold_to_4(load(from + 3 * stride));
    return vpaddq_f32(fold_pair(a, b), fold_pair(c, d));
  }
  /// Lanes 0 + 2 and 1 + 3 of each.
  static ASSAY_INLINE float32x4_t fold_pair(float32x4_t a, float32x4_t b) {
    return vaddq_f32(vcombine_f32(vget_low_f32(a), vget_low_f32(b)),
                     vcombine_f32(vget_high_f32(a), vget_high_f32(b)));
  }
};

}  // namespace assay::host
