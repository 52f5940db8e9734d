#include "backends/cuda/fast/gemv_kernel.cuh"
#include "backends/cuda/fast/gemv_types.h"

namespace assay::cuda::fast {

void gemv_q8_0(GemvKind kind, const GemvArgs& args, int blocks, cudaStream_t stream) {
  launch_gemv<GemvQ8_0>(kind, args, blocks, stream);
}

}  // namespace assay::cuda::fast
