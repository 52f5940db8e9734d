// ARMv8.2 with SDOT (Cortex-A55, A76): four products a lane in one instruction.
#include "backends/neon/isa/make_neon_table.h"
#include "backends/neon/isa/tables.h"
#include "backends/neon/isa/vec_neon.h"

#if !defined(__ARM_FEATURE_DOTPROD)
#error "compile with the flags of the dotprod level (backends/neon/CMakeLists.txt)"
#endif

namespace assay::host {

struct NeonDotprod : Neon {
  static constexpr int kRows = kNeonRows;
  static constexpr bool kMatrices = false;
  template <class Unpacked>
  using Tile = DotTile<NeonDotprod, Unpacked>;

  template <int kLane>
  static ASSAY_INLINE int32x4_t dot(int32x4_t acc, int8x16_t quads, int8x16_t x) {
    return vdotq_laneq_s32(acc, quads, x, kLane);
  }
};

const KernelTable& neon_dotprod_kernels() {
  static constexpr KernelTable kTable = make_neon_table<NeonDotprod>("neon+dotprod");
  return kTable;
}

}  // namespace assay::host
