// Recipe files: foreign bytes.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "harness/recipe.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  (void)assay::parse_recipe({reinterpret_cast<const char*>(data), size}, "fuzz");
  return 0;
}
