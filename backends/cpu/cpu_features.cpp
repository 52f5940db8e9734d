#include "backends/cpu/cpu_features.h"

#include "core/error.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace assay::cpu {
namespace {

#if defined(__x86_64__)
// __builtin_cpu_supports also asks the system (XGETBV) whether it saves the wide registers.
bool runs_avx2() {
  // clang 14's builtin does not know "f16c".
  unsigned eax = 0;
  unsigned ebx = 0;
  unsigned ecx = 0;
  unsigned edx = 0;
  const bool f16c = __get_cpuid(1, &eax, &ebx, &ecx, &edx) != 0 && (ecx & bit_F16C) != 0;
  return f16c && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}
bool runs_avx512() {
  return runs_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512vnni");
}
#else
bool runs_avx2() {
  return false;
}
bool runs_avx512() {
  return false;
}
#endif

}  // namespace

std::string_view isa_name(Isa isa) {
  switch (isa) {
    case Isa::scalar:
      return "scalar";
    case Isa::avx2:
      return "avx2";
    case Isa::avx512:
      return "avx512";
  }
  ASSAY_ASSERT(false);
  return {};
}

const std::vector<Isa>& usable_isas() {
  static const std::vector<Isa> usable = [] {
    std::vector<Isa> isas = {Isa::scalar};
    if (runs_avx2()) isas.push_back(Isa::avx2);
    if (runs_avx512()) isas.push_back(Isa::avx512);
    return isas;
  }();
  return usable;
}

}  // namespace assay::cpu
