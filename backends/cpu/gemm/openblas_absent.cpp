// Built where CMake found no OpenBLAS.
#include "backends/cpu/gemm/gemm_libraries.h"

namespace assay::host {

Result<std::unique_ptr<GemmLibrary>> open_openblas() {
  return env_failure("cpu: gemm=openblas: this build has no OpenBLAS",
                     "install libopenblas-dev and build again, or use gemm=own");
}

std::string openblas_note() {
  return {};
}

}  // namespace assay::host
