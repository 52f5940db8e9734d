#include "backends/cpu/levels.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include "backends/cpu/isa/tables.h"

namespace assay::host {
namespace {

#if defined(__x86_64__)
// __builtin_cpu_supports also asks the system (XGETBV) whether it saves the wide registers.
const KernelTable* avx2_if_runs() {
  // clang 14's builtin does not know "f16c".
  unsigned eax = 0;
  unsigned ebx = 0;
  unsigned ecx = 0;
  unsigned edx = 0;
  const bool f16c = __get_cpuid(1, &eax, &ebx, &ecx, &edx) != 0 && (ecx & bit_F16C) != 0;
  const bool runs = f16c && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  return runs ? &avx2_kernels() : nullptr;
}
const KernelTable* avx512_if_runs() {
  const bool runs = avx2_if_runs() != nullptr && __builtin_cpu_supports("avx512f") &&
                    __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
                    __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vnni");
  return runs ? &avx512_kernels() : nullptr;
}
#elif !defined(__aarch64__)
const KernelTable* avx2_if_runs() {
  return nullptr;
}
const KernelTable* avx512_if_runs() {
  return nullptr;
}
#endif

}  // namespace

const Levels& cpu_levels() {
#if defined(__aarch64__)
  static const Levels levels({{"scalar", nullptr}, {"avx2", nullptr}, {"avx512", nullptr}});
#else
  static const Levels levels(
      {{"scalar", &scalar_kernels()}, {"avx2", avx2_if_runs()}, {"avx512", avx512_if_runs()}});
#endif
  return levels;
}

}  // namespace assay::host
