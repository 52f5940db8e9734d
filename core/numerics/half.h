// fp16 and bf16 <-> fp32, in integer arithmetic: the same bits as F16C, fcvtn and
// __float2half_rn, whatever the rounding mode or the flush-to-zero flags are.
#pragma once

#include <cstdint>

#include "core/numerics/portable.h"

namespace assay::numerics {
inline namespace ASSAY_ISA {

/// All bits set where the condition holds. Selecting with it, not with ?:, keeps compilers from
/// putting branches into loops that should vectorise.
ASSAY_HD inline std::uint32_t mask_if(bool condition) {
  return 0U - static_cast<std::uint32_t>(condition);
}

/// Exact. A NaN becomes quiet and keeps its payload.
ASSAY_HD inline float half_to_float(std::uint16_t half) {
#ifdef __CUDA_ARCH__
  float out;
  asm("cvt.f32.f16 %0, %1;" : "=f"(out) : "h"(half));  // a NaN's payload is lost
  return out;
#endif
  const std::uint32_t sign = static_cast<std::uint32_t>(half & 0x8000U) << 16;
  const std::uint32_t magnitude = half & 0x7fffU;
  const std::uint32_t rebias = 112U << 23;  // 127 - 15
  const std::uint32_t normal = (magnitude << 13) + rebias;
  // A subnormal is mantissa * 2^-24: an exact product of normal numbers.
  const std::uint32_t subnormal =
      bits_of(static_cast<float>(static_cast<std::int32_t>(magnitude)) * 0x1p-24F);
  const std::uint32_t is_subnormal = mask_if(magnitude < 0x0400U);
  const std::uint32_t finite = (subnormal & is_subnormal) | (normal & ~is_subnormal);
  const std::uint32_t infinite = rebias & mask_if(magnitude >= 0x7c00U);  // 31 becomes 255
  const std::uint32_t quiet = 0x00400000U & mask_if(magnitude > 0x7c00U);
  return float_of(sign | (finite + infinite) | quiet);
}

/// To nearest even; from 65520 on infinity. A NaN becomes quiet and keeps the top of its payload.
ASSAY_HD inline std::uint16_t float_to_half(float x) {
#ifdef __CUDA_ARCH__
  std::uint16_t out;
  asm("cvt.rn.f16.f32 %0, %1;" : "=h"(out) : "f"(x));  // likewise
  return out;
#endif
  const std::uint32_t sign = bits_of(x) >> 16 & 0x8000U;
  const std::uint32_t magnitude = bits_of(x) & 0x7fffffffU;
  if (magnitude > 0x7f800000U) {
    return static_cast<std::uint16_t>(sign | 0x7e00U | (magnitude >> 13 & 0x03ffU));
  }
  if (magnitude >= 0x477ff000U) return static_cast<std::uint16_t>(sign | 0x7c00U);
  std::uint32_t shift = 13;
  std::uint32_t significand = magnitude - (112U << 23);
  if (magnitude < 0x38800000U) {  // below 2^-14: a subnormal half, in units of 2^-24
    const std::uint32_t exponent = magnitude >> 23;
    if (exponent < 102U) return static_cast<std::uint16_t>(sign);  // below 2^-25
    significand = (magnitude & 0x007fffffU) | 0x00800000U;
    shift = 126U - exponent;
  }
  const std::uint32_t kept = significand >> shift;
  const std::uint32_t rest = significand & ((1U << shift) - 1U);
  const std::uint32_t middle = 1U << (shift - 1U);
  const std::uint32_t up = rest > middle || (rest == middle && (kept & 1U) != 0) ? 1U : 0U;
  return static_cast<std::uint16_t>(sign | (kept + up));  // a carry moves into the exponent
}

/// Exact.
ASSAY_HD inline float bfloat16_to_float(std::uint16_t value) {
  return float_of(static_cast<std::uint32_t>(value) << 16);
}

/// To nearest even; subnormals are kept. A NaN becomes quiet.
ASSAY_HD inline std::uint16_t float_to_bfloat16(float x) {
  const std::uint32_t bits = bits_of(x);
  if (is_nan(x)) return static_cast<std::uint16_t>(bits >> 16 | 0x0040U);
  return static_cast<std::uint16_t>((bits + 0x7fffU + (bits >> 16 & 1U)) >> 16);
}

}  // namespace ASSAY_ISA
}  // namespace assay::numerics
