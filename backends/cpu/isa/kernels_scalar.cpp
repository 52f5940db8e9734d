#include "backends/cpu/isa/make_table.h"
#include "backends/cpu/isa/vec_scalar.h"

namespace assay::cpu {

const KernelTable& scalar_kernels() {
  static constexpr KernelTable kTable = make_table<Scalar>(Isa::scalar);
  return kTable;
}

}  // namespace assay::cpu
