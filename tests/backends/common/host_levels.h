// The kernel tables of all host backends that this machine runs.
#pragma once

#include <algorithm>
#include <cctype>
#include <string>
#include <vector>

#include "backends/cpu/levels.h"
#include "backends/neon/levels.h"

namespace assay::testing {

/// The best last.
inline std::vector<const host::KernelTable*> usable_levels() {
  std::vector<const host::KernelTable*> usable;
  for (const host::Levels* levels : {&host::cpu_levels(), &host::neon_levels()}) {
    for (const host::Level& level : levels->all()) {
      if (level.kernels != nullptr) usable.push_back(level.kernels);
    }
  }
  return usable;
}

/// "neon+dotprod" as a test's name may have it.
inline std::string isa_name(std::string isa) {
  std::replace_if(
      isa.begin(), isa.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return isa;
}

}  // namespace assay::testing
