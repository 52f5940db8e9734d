#include "backends/cuda/fast/gemv_kernel.cuh"
#include "backends/cuda/fast/gemv_types.h"

namespace assay::cuda::fast {

void gemv_q4_k(GemvKind kind, const GemvArgs& args, int blocks, cudaStream_t stream) {
  launch_gemv<GemvQ4_K>(kind, args, blocks, stream);
}

}  // namespace assay::cuda::fast
