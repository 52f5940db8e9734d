#include "backends/cuda/fast/persistent_kernel.cuh"
#include "backends/cuda/fast/persistent_types.h"

namespace assay::cuda::fast {

using Setup = StepSetup<GemvQ4_K, GemvQ6_K, 8, 1, 2>;

void queue_step_q4_k_q6_k(const StepParams& params, int blocks, cudaStream_t stream) {
  queue_setup<Setup>(params, blocks, stream);
}
bool step_fits_q4_k_q6_k(const StepParams& params, int blocks) {
  return setup_fits<Setup>(params, blocks);
}

}  // namespace assay::cuda::fast
