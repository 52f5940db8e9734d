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

/// Where some are required, tests of whole models run no others: an emulator is slow.
inline bool isa_is_wanted(std::string_view isa) {
  return std::getenv("ASSAY_REQUIRE_ISA") == nullptr || isa_is_required(isa);
}

}  // namespace assay::testing
