// The libraries that the cpu backend can use for prefill, as far as this build has them.
#pragma once

#include <memory>
#include <string>

#include "backends/common/gemm_library.h"
#include "core/error.h"

namespace assay::host {

/// Each: the library, or Error{environment} with the remedy when this build or machine lacks it.
Result<std::unique_ptr<GemmLibrary>> open_openblas();
Result<std::unique_ptr<GemmLibrary>> open_onednn();

/// What availability() says of it ("openblas 0.3.21"), or an empty text when this build lacks it.
std::string openblas_note();
std::string onednn_note();

}  // namespace assay::host
