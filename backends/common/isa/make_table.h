// The table of one level: included by the files that are compiled with that level's flags.
#pragma once

#include "backends/common/isa/attention.h"
#include "backends/common/isa/elementwise.h"
#include "backends/common/isa/exact_linear.h"
#include "backends/common/isa/linear.h"

namespace assay::host {

template <class S>
ASSAY_INLINE constexpr KernelTable make_table(const char* isa) {
  return {.isa = isa,
          .linear = linear<S>,
          .exact_linear = exact_linear<S>,
          .quantize = quantize<S>,
          .dequantize = dequantize<S>,
          .rms_norm = rms_norm<S>,
          .swiglu = swiglu<S>,
          .exp = exp_array<S>,
          .add = add<S>,
          .rotate = rotate<S>,
          .to_half = to_half<S>,
          .attention = attention<S>};
}

}  // namespace assay::host
