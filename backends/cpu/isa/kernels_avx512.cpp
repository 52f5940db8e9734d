#include "backends/common/isa/make_table.h"
#include "backends/common/isa/packed_table.h"
#include "backends/cpu/isa/packed_avx512.h"
#include "backends/cpu/isa/tables.h"
#include "backends/cpu/isa/vec_avx512.h"

namespace assay::host {

const KernelTable& avx512_kernels() {
  static constexpr KernelTable kTable = with_packed<PackedAvx512>(make_table<Avx512>("avx512"));
  return kTable;
}

}  // namespace assay::host
