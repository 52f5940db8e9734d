#include "backends/common/isa/make_table.h"
#include "backends/common/isa/packed_table.h"
#include "backends/cpu/isa/packed_avx2.h"
#include "backends/cpu/isa/tables.h"
#include "backends/cpu/isa/vec_avx2.h"

namespace assay::host {

const KernelTable& avx2_kernels() {
  static constexpr KernelTable kTable = with_packed<PackedAvx2>(make_table<Avx2>("avx2"));
  return kTable;
}

}  // namespace assay::host
