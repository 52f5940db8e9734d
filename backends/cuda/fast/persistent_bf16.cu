#include "backends/cuda/fast/persistent_kernel.cuh"
#include "backends/cuda/fast/persistent_types.h"

namespace assay::cuda::fast {

using Setup = StepSetup<GemvBf16, GemvBf16, 12, 1, 1>;

void queue_step_bf16(const StepParams& params, int blocks, cudaStream_t stream) {
  queue_setup<Setup>(params, blocks, stream);
}
bool step_fits_bf16(const StepParams& params, int blocks) {
  return setup_fits<Setup>(params, blocks);
}

}  // namespace assay::cuda::fast
