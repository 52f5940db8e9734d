// gemv of each type: a translation unit each, for the sake of build times.
#pragma once

#include "backends/cuda/fast/gemv.h"

namespace assay::cuda::fast {

void gemv_bf16(GemvKind kind, const GemvArgs& args, int blocks, cudaStream_t stream);
void gemv_q8_0(GemvKind kind, const GemvArgs& args, int blocks, cudaStream_t stream);
void gemv_q4_k(GemvKind kind, const GemvArgs& args, int blocks, cudaStream_t stream);
void gemv_q6_k(GemvKind kind, const GemvArgs& args, int blocks, cudaStream_t stream);

}  // namespace assay::cuda::fast
