// What assay_cuda_bench checks before it times anything.
#pragma once

#include <cuda_runtime_api.h>

namespace assay::cuda::bench {

/// Prints a line a case; whether all had the same bits as the host reference.
bool run_checks(int blocks, cudaStream_t stream);

}  // namespace assay::cuda::bench
