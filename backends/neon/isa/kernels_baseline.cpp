// What every ARMv8.0 CPU runs (Cortex-A53, A72): no product of four bytes in one instruction.
#include "backends/neon/isa/make_neon_table.h"
#include "backends/neon/isa/tables.h"
#include "backends/neon/isa/vec_neon.h"

namespace assay::host {

struct NeonBaseline : Neon {
  static constexpr int kRows = kNeonRows;
  static constexpr bool kMatrices = false;
  template <class Unpacked>
  using Tile = DotTile<NeonBaseline, Unpacked>;

  /// Two products fit 16 bits: 2 * 128 * 127.
  template <int kLane>
  static ASSAY_INLINE int32x4_t dot(int32x4_t acc, int8x16_t quads, int8x16_t x) {
    const int8x16_t q = vreinterpretq_s8_s32(vdupq_laneq_s32(vreinterpretq_s32_s8(x), kLane));
    const int16x8_t low = vmull_s8(vget_low_s8(quads), vget_low_s8(q));
    const int16x8_t high = vmull_high_s8(quads, q);
    return vpadalq_s16(acc, vpaddq_s16(low, high));
  }
};

const KernelTable& neon_baseline_kernels() {
  static constexpr KernelTable kTable = make_neon_table<NeonBaseline>("neon");
  return kTable;
}

}  // namespace assay::host
