#include "backends/cuda/fast/gemv.h"

#include "backends/cuda/fast/gemv_types.h"

namespace assay::cuda::fast {

bool gemv_serves(const WeightPlanes& w) {
  if (w.rows % 8 != 0) return false;
  switch (w.type) {
    case TensorType::BF16:
      return w.cols % kPermutedElements == 0;
    case TensorType::Q8_0:
      return w.cols % 128 == 0;
    case TensorType::Q4_K:
    case TensorType::Q6_K:
      return w.cols % 256 == 0;
    default:
      return false;
  }
}

void gemv(GemvKind kind, const GemvArgs& args, int blocks, cudaStream_t stream) {
  switch (args.part[0].w.type) {
    case TensorType::BF16:
      return gemv_bf16(kind, args, blocks, stream);
    case TensorType::Q8_0:
      return gemv_q8_0(kind, args, blocks, stream);
    case TensorType::Q4_K:
      return gemv_q4_k(kind, args, blocks, stream);
    case TensorType::Q6_K:
      return gemv_q6_k(kind, args, blocks, stream);
    default:
      return;
  }
}

}  // namespace assay::cuda::fast
