// Built where CMake found no oneDNN that it can use.
#include "backends/cpu/gemm/gemm_libraries.h"

namespace assay::host {

Result<std::unique_ptr<GemmLibrary>> open_onednn() {
  return env_failure(
      "cpu: gemm=onednn: this build has no oneDNN",
      "install libdnnl-dev (or set ASSAY_ONEDNN_ROOT) and build again, or use gemm=own");
}

std::string onednn_note() {
  return {};
}

}  // namespace assay::host
