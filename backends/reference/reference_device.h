// `reference`: the oracle that the other backends are compared with, readable as prose.
//
// Semantics (docs/numerics.md): under `exact` it computes exact/1, under `fast` `f32`: dequantised
// rows, fp32 activations, the same order of sums. For float weights the two are one. Phases make no
// difference. One thread. Weights are borrowed from the file, nothing is repacked.
#pragma once

#include <memory>

#include "backends/reference/kernels.h"
#include "core/device.h"
#include "core/plugins.h"

namespace assay::reference {

/// A device that runs on `kernels`, one of this machine's levels.
std::unique_ptr<Device> make_device(Numerics numerics, const Kernels& kernels);

}  // namespace assay::reference
