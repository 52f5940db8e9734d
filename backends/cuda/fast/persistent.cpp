#include "backends/cuda/fast/persistent.h"

#include "backends/cuda/fast/persistent_types.h"

namespace assay::cuda::fast {

void queue_step(StepTypes types, StepParams params, int blocks, cudaStream_t stream) {
  switch (types) {
    case StepTypes::bf16:
      return queue_step_bf16(params, blocks, stream);
    case StepTypes::q8_0:
      return queue_step_q8_0(params, blocks, stream);
    case StepTypes::q4_k_q6_k:
      return queue_step_q4_k_q6_k(params, blocks, stream);
  }
}

bool step_fits(StepTypes types, const StepParams& params, int blocks) {
  switch (types) {
    case StepTypes::bf16:
      return step_fits_bf16(params, blocks);
    case StepTypes::q8_0:
      return step_fits_q8_0(params, blocks);
    case StepTypes::q4_k_q6_k:
      return step_fits_q4_k_q6_k(params, blocks);
  }
  return false;
}

}  // namespace assay::cuda::fast
