// The step kernel of each pair of types: a translation unit each, for the sake of build times.
#pragma once

#include "backends/cuda/fast/persistent.h"

namespace assay::cuda::fast {

void queue_step_bf16(const StepParams& params, int blocks, cudaStream_t stream);
bool step_fits_bf16(const StepParams& params, int blocks);
void queue_step_q8_0(const StepParams& params, int blocks, cudaStream_t stream);
bool step_fits_q8_0(const StepParams& params, int blocks);
void queue_step_q4_k_q6_k(const StepParams& params, int blocks, cudaStream_t stream);
bool step_fits_q4_k_q6_k(const StepParams& params, int blocks);

}  // namespace assay::cuda::fast
