// Launches, with programmatic dependent launch where the caller says so: a kernel may be put beside
// its predecessor, and waits for it by itself (wait_for_previous_kernel) once it has asked for its
// weights.
#pragma once

#include <cuda_runtime.h>

#include <cstddef>

namespace assay::cuda::fast {

template <class... Parameters, class... Arguments>
void launch_with(bool beside, void (*kernel)(Parameters...), dim3 grid, int threads,
                 int shared_bytes, cudaStream_t stream, int cluster,
                 const Arguments&... arguments) {
  constexpr int kWithoutAsking = 48 * 1024;
  if (shared_bytes > kWithoutAsking) {
    cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, shared_bytes);
  }
  // One division of the caches for all: a multiprocessor must be empty before it changes.
  cudaFuncSetAttribute(kernel, cudaFuncAttributePreferredSharedMemoryCarveout,
                       cudaSharedmemCarveoutMaxShared);
  cudaLaunchAttribute attributes[2]{};
  unsigned n = 0;
  if (beside) {
    attributes[n].id = cudaLaunchAttributeProgrammaticStreamSerialization;
    attributes[n++].val.programmaticStreamSerializationAllowed = 1;
  }
  if (cluster > 1) {
    attributes[n].id = cudaLaunchAttributeClusterDimension;
    attributes[n++].val.clusterDim = {static_cast<unsigned>(cluster), 1, 1};
  }
  cudaLaunchConfig_t config{};
  config.gridDim = grid;
  config.blockDim = dim3(static_cast<unsigned>(threads));
  config.dynamicSmemBytes = static_cast<std::size_t>(shared_bytes);
  config.stream = stream;
  config.attrs = attributes;
  config.numAttrs = n;
  cudaLaunchKernelEx(&config, kernel, Parameters(arguments)...);
}

/// May start before its predecessor's end.
template <class... Parameters, class... Arguments>
void launch_kernel(void (*kernel)(Parameters...), dim3 grid, int threads, int shared_bytes,
                   cudaStream_t stream, int cluster, const Arguments&... arguments) {
  launch_with(true, kernel, grid, threads, shared_bytes, stream, cluster, arguments...);
}

}  // namespace assay::cuda::fast
