// The table of one level: included by the files that are compiled with that level's flags.
#pragma once

#include "backends/cpu/isa/attention.h"
#include "backends/cpu/isa/elementwise.h"
#include "backends/cpu/isa/exact_linear.h"
#include "backends/cpu/isa/linear.h"

namespace assay::cpu {

template <class S>
ASSAY_INLINE constexpr KernelTable make_table(Isa isa) {
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

}  // namespace assay::cpu
