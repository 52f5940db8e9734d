// Checks of the fast kernels against the host reference.
#pragma once

#include <cuda_runtime_api.h>

namespace assay::cuda::bench {

/// Prints a line a case; whether all had the same bits as the host reference.
bool run_checks(int blocks, cudaStream_t stream);

}  // namespace assay::cuda::bench
