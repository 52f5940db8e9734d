// The instruction-set levels of the cpu backend.
#pragma once

#include "backends/common/host_backend.h"

namespace assay::host {

/// scalar: what the compiler's baseline gives, the same source as the others. avx2: AVX2, FMA and
/// F16C. avx512: AVX-512 F, BW, VL, DQ and VNNI. All or nothing: one missing extension, and the
/// level is not run. On arm64 there are none: its kernels are those of the neon backend.
const Levels& cpu_levels();

}  // namespace assay::host
