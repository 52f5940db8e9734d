#include "backends/cuda/fast/gemv_kernel.cuh"
#include "backends/cuda/fast/gemv_types.h"

namespace assay::cuda::fast {

void gemv_bf16(GemvKind kind, const GemvArgs& args, int blocks, cudaStream_t stream) {
  launch_gemv<GemvBf16>(kind, args, blocks, stream);
}

}  // namespace assay::cuda::fast
