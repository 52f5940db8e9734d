#include "backends/neon/levels.h"

#if defined(__aarch64__)
#include <asm/hwcap.h>
#include <sys/auxv.h>

#include "backends/neon/isa/tables.h"
#endif

namespace assay::host {
namespace {

#if defined(__aarch64__)
// What the kernel says, not what the CPU's registers say: it also answers for a mix of cores.
Levels find_levels() {
  const bool neon = (getauxval(AT_HWCAP) & HWCAP_ASIMD) != 0;
  const bool dotprod = neon && (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0;
  const bool i8mm = dotprod && (getauxval(AT_HWCAP2) & HWCAP2_I8MM) != 0;
  return Levels({{"neon", neon ? &neon_baseline_kernels() : nullptr},
                 {"neon+dotprod", dotprod ? &neon_dotprod_kernels() : nullptr},
                 {"neon+i8mm", i8mm ? &neon_i8mm_kernels() : nullptr}});
}
#else
Levels find_levels() {
  return Levels({{"neon", nullptr}, {"neon+dotprod", nullptr}, {"neon+i8mm", nullptr}});
}
#endif

}  // namespace

const Levels& neon_levels() {
  static const Levels levels = find_levels();
  return levels;
}

}  // namespace assay::host
