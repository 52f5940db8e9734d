#include "backends/cpu/isa/make_table.h"
#include "backends/cpu/isa/vec_avx512.h"

namespace assay::cpu {

const KernelTable& avx512_kernels() {
  static constexpr KernelTable kTable = make_table<Avx512>(Isa::avx512);
  return kTable;
}

}  // namespace assay::cpu
