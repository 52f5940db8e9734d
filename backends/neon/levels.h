// The instruction-set levels of the neon backend.
#pragma once

#include "backends/common/host_backend.h"

namespace assay::host {

/// neon: ARMv8.0. neon+dotprod: and SDOT. neon+i8mm: and SMMLA. None on a machine that is no arm64.
const Levels& neon_levels();

}  // namespace assay::host
