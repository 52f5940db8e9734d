// Where a machine is known to have an instruction set (CI under qemu), its kernels must run: a test
// that would skip them fails instead.
#pragma once

#include <cstdlib>
#include <string>
#include <string_view>

namespace assay::testing {

/// Whether ASSAY_REQUIRE_ISA, names separated by commas, has this one.
inline bool isa_is_required(std::string_view isa) {
  const char* names = std::getenv("ASSAY_REQUIRE_ISA");
  if (names == nullptr || isa.empty()) return false;
  return ("," + std::string(names) + ",").find("," + std::string(isa) + ",") != std::string::npos;
}

}  // namespace assay::testing
