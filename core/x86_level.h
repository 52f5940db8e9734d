// Whether this CPU and system run code compiled with -march=x86-64-v3 or -v4 (the psABI's levels).
#pragma once

#if defined(__x86_64__)

#include <cpuid.h>

namespace assay {

/// AVX2, FMA, BMI1, BMI2, F16C, LZCNT and MOVBE, with the system saving the registers.
inline bool cpu_runs_x86_64_v3() {
  unsigned a = 0;
  unsigned b = 0;
  unsigned basic = 0;
  unsigned extended = 0;
  unsigned d = 0;
  if (__get_cpuid(1, &a, &b, &basic, &d) == 0) return false;
  if (__get_cpuid(0x80000001, &a, &b, &extended, &d) == 0) return false;
  // Not all compilers know these three to __builtin_cpu_supports.
  const bool rest =
      (basic & bit_F16C) != 0 && (basic & bit_MOVBE) != 0 && (extended & bit_LZCNT) != 0;
  return rest && __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0 &&
         __builtin_cpu_supports("bmi") != 0 && __builtin_cpu_supports("bmi2") != 0;
}

/// The third level and AVX-512 F, BW, CD, DQ and VL.
inline bool cpu_runs_x86_64_v4() {
  return cpu_runs_x86_64_v3() && __builtin_cpu_supports("avx512f") != 0 &&
         __builtin_cpu_supports("avx512bw") != 0 && __builtin_cpu_supports("avx512cd") != 0 &&
         __builtin_cpu_supports("avx512dq") != 0 && __builtin_cpu_supports("avx512vl") != 0;
}

}  // namespace assay

#endif
