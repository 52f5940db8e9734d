#include "backends/common/isa/make_table.h"
#include "backends/common/isa/vec_scalar.h"
#include "backends/cpu/isa/tables.h"

namespace assay::host {

const KernelTable& scalar_kernels() {
  static constexpr KernelTable kTable = make_table<Scalar>("scalar");
  return kTable;
}

}  // namespace assay::host
