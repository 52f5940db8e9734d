// What the headers of numerics/ and quant/ need so that one source serves every instruction set,
// host and device. They use no standard containers and no libm.
//
// ASSAY_ISA names an inline namespace. A translation unit compiled with -march flags of its own
// defines it (-DASSAY_ISA=x86_64_v4), so that the linker never swaps its copy of an inline function
// for that of a unit whose instructions this CPU may lack. The bits are the same in every one.
#pragma once

#include <cstdint>

#ifdef __CUDACC__
#define ASSAY_HD __host__ __device__
#else
#define ASSAY_HD
#endif

/// This pointer's target is reached through no other pointer of the function: loops may vectorise.
#define ASSAY_RESTRICT __restrict

#ifndef ASSAY_ISA
#define ASSAY_ISA baseline
#endif

namespace assay::numerics {
inline namespace ASSAY_ISA {

/// a*b + c, rounded once. The compiler may contract nothing by itself (-ffp-contract=off): a fused
/// operation stands in the source as fma, any other a*b + c rounds twice.
ASSAY_HD inline float fma(float a, float b, float c) {
#ifdef __CUDA_ARCH__
  return __fmaf_rn(a, b, c);
#else
  return __builtin_fmaf(a, b, c);
#endif
}
ASSAY_HD inline double fma(double a, double b, double c) {
#ifdef __CUDA_ARCH__
  return __fma_rn(a, b, c);
#else
  return __builtin_fma(a, b, c);
#endif
}

/// IEEE square root, correctly rounded.
ASSAY_HD inline float sqrt(float x) {
#ifdef __CUDA_ARCH__
  return __fsqrt_rn(x);
#else
  return __builtin_sqrtf(x);
#endif
}

// Not std::bit_cast: an out-of-line copy of a standard template would escape ASSAY_ISA.
ASSAY_HD inline std::uint32_t bits_of(float x) {
  return __builtin_bit_cast(std::uint32_t, x);
}
ASSAY_HD inline std::uint64_t bits_of(double x) {
  return __builtin_bit_cast(std::uint64_t, x);
}
ASSAY_HD inline float float_of(std::uint32_t bits) {
  return __builtin_bit_cast(float, bits);
}
ASSAY_HD inline double double_of(std::uint64_t bits) {
  return __builtin_bit_cast(double, bits);
}

ASSAY_HD inline bool is_nan(float x) {
  return (bits_of(x) & 0x7fffffffU) > 0x7f800000U;
}
ASSAY_HD inline bool is_finite(float x) {
  return (bits_of(x) & 0x7f800000U) != 0x7f800000U;
}

}  // namespace ASSAY_ISA
}  // namespace assay::numerics
