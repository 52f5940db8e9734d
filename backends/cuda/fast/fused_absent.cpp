// Of builds for GPUs before sm_90.
#include "backends/cuda/fast/fused.h"

namespace assay::cuda::fast {

std::shared_ptr<FusedForward> make_fused(const FusedParts& /*parts*/, const RopeOnDevice& /*rope*/,
                                         Numerics /*numerics*/, FusedMode /*mode*/,
                                         std::int64_t /*prompt_rows*/, const GpuInfo& /*gpu*/,
                                         const Stream& /*stream*/, MemoryMeter& /*meter*/) {
  return nullptr;
}

}  // namespace assay::cuda::fast
