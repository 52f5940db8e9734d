#include "backends/cpu/kernel_table.h"

#include "core/error.h"

namespace assay::cpu {

const KernelTable& kernels_for(Isa isa) {
#if defined(__x86_64__)
  if (isa == Isa::avx512) return avx512_kernels();
  if (isa == Isa::avx2) return avx2_kernels();
#endif
  ASSAY_ASSERT(isa == Isa::scalar);
  return scalar_kernels();
}

}  // namespace assay::cpu
