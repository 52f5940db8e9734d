// The tables of the cpu backend's levels, each defined in a file compiled with its level's flags.
// A level that is not built has none.
#pragma once

#include "backends/common/kernel_table.h"

namespace assay::host {

const KernelTable& scalar_kernels();
const KernelTable& avx2_kernels();
const KernelTable& avx512_kernels();

}  // namespace assay::host
