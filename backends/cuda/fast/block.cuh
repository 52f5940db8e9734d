// Of the block that a thread belongs to.
#pragma once

namespace assay::cuda::fast {

__device__ __forceinline__ int block_threads() {
  return static_cast<int>(blockDim.x);
}

}  // namespace assay::cuda::fast
