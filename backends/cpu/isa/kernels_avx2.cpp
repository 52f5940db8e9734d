#include "backends/cpu/isa/make_table.h"
#include "backends/cpu/isa/packed_avx2.h"
#include "backends/cpu/isa/packed_table.h"
#include "backends/cpu/isa/vec_avx2.h"

namespace assay::cpu {

const KernelTable& avx2_kernels() {
  static constexpr KernelTable kTable = with_packed<PackedAvx2>(make_table<Avx2>(Isa::avx2));
  return kTable;
}

}  // namespace assay::cpu
