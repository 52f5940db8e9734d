// batch_gemm's products on the tensor cores of sm_90 as they are meant to be used: tiles come by
// the copy engine, and four warps multiply together (wgmma). For decode and for prompts.
#pragma once

#include <cuda_runtime_api.h>

#include "backends/cuda/fast/batch_gemm.h"
#include "core/device.h"

namespace assay::cuda::fast {

/// Whether the parts' rows and k are multiples of 64.
bool tile_gemm_serves(const GemmArgs& args);

/// The order of sums of a row depends on the parts' shape, the phase and `multiprocessors`, of a
/// prompt's also on whether it comes with more than 1,024 rows.
void tile_gemm(GemmKind kind, const GemmArgs& args, Phase phase, int multiprocessors,
               cudaStream_t stream);

}  // namespace assay::cuda::fast
