// The tables of the neon backend's levels, each defined in a file compiled with its level's flags.
#pragma once

#include "backends/common/kernel_table.h"

namespace assay::host {

const KernelTable& neon_baseline_kernels();
const KernelTable& neon_dotprod_kernels();
const KernelTable& neon_i8mm_kernels();

}  // namespace assay::host
