// The kernel tables of all host backends that this machine runs.
#pragma once

#include <vector>

#include "backends/cpu/levels.h"

namespace assay::testing {

/// The best last.
inline std::vector<const host::KernelTable*> usable_levels() {
  std::vector<const host::KernelTable*> usable;
  for (const host::Level& level : host::cpu_levels().all()) {
    if (level.kernels != nullptr) usable.push_back(level.kernels);
  }
  return usable;
}

}  // namespace assay::testing
