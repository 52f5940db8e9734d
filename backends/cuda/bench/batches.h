// Batches and prompts under `fast`: checked, then timed.
#pragma once

#include <cuda_runtime_api.h>

namespace assay::cuda::bench {

/// Rows in a batch against themselves alone (bits) and against exact/1 (closeness).
bool check_batch(int multiprocessors, cudaStream_t stream);
void time_batches(int multiprocessors, cudaStream_t stream);

/// A prompt in one chunk against the same in many (bits) and against exact/1 (closeness).
bool check_prompt(int multiprocessors, cudaStream_t stream);
void time_prompts(int multiprocessors, cudaStream_t stream);

}  // namespace assay::cuda::bench
