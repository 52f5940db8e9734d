// ARMv8.6 with SMMLA (Cortex-A710, Neoverse V1): matrices of 2 x 8 bytes. What has it has SDOT.
#include "backends/neon/isa/make_neon_table.h"
#include "backends/neon/isa/tables.h"
#include "backends/neon/isa/vec_neon.h"

#if !defined(__ARM_FEATURE_DOTPROD) || !defined(__ARM_FEATURE_MATMUL_INT8)
#error "compile with the flags of the i8mm level (backends/neon/CMakeLists.txt)"
#endif

namespace assay::host {

struct NeonI8mm : Neon {
  static constexpr int kRows = kNeonRows;
  static constexpr bool kMatrices = true;
  template <class Unpacked>
  using Tile = MatrixTile<NeonI8mm, Unpacked>;

  template <int kLane>
  static ASSAY_INLINE int32x4_t dot(int32x4_t acc, int8x16_t quads, int8x16_t x) {
    return vdotq_laneq_s32(acc, quads, x, kLane);
  }
  /// acc[r][c] += sum of 8 products of row r of `rows` with row c of `columns`.
  static ASSAY_INLINE int32x4_t multiply(int32x4_t acc, int8x16_t rows, int8x16_t columns) {
    return vmmlaq_s32(acc, rows, columns);
  }
};

const KernelTable& neon_i8mm_kernels() {
  static constexpr KernelTable kTable = make_neon_table<NeonI8mm>("neon+i8mm");
  return kTable;
}

}  // namespace assay::host
