// Built where CMake found no OpenBLAS.
#include "backends/cpu/gemm/gemm_library.h"

namespace assay::cpu {

Result<std::unique_ptr<GemmLibrary>> open_openblas() {
  return env_failure("cpu: gemm=openblas: this build has no OpenBLAS",
                     "install libopenblas-dev and build again, or use gemm=own");
}

std::string openblas_note() {
  return {};
}

}  // namespace assay::cpu
