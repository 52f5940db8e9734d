// backends/cuda/fast/launch.cuh for the emulator: a launch runs the kernel to its end.
#pragma once

#include "tests/backends/cuda/emulated/emulator.h"

namespace assay::cuda::fast {

template <class... Parameters, class... Arguments>
void launch_with(bool /*beside*/, void (*kernel)(Parameters...), dim3 grid, int threads,
                 int shared_bytes, cudaStream_t /*stream*/, int cluster,
                 const Arguments&... arguments) {
  emulator::run(grid, threads, shared_bytes, cluster,
                [&] { kernel(static_cast<Parameters>(arguments)...); });
}
template <class... Parameters, class... Arguments>
void launch_kernel(void (*kernel)(Parameters...), dim3 grid, int threads, int shared_bytes,
                   cudaStream_t /*stream*/, int cluster, const Arguments&... arguments) {
  emulator::run(grid, threads, shared_bytes, cluster,
                [&] { kernel(static_cast<Parameters>(arguments)...); });
}

}  // namespace assay::cuda::fast
