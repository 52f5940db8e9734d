#include "backends/cuda/fast/persistent_kernel.cuh"
#include "backends/cuda/fast/persistent_types.h"

namespace assay::cuda::fast {

using Setup = StepSetup<GemvQ8_0, GemvQ8_0, 8, 1, 1>;

void queue_step_q8_0(const StepParams& params, int blocks, cudaStream_t stream) {
  queue_setup<Setup>(params, blocks, stream);
}
bool step_fits_q8_0(const StepParams& params, int blocks) {
  return setup_fits<Setup>(params, blocks);
}

}  // namespace assay::cuda::fast
