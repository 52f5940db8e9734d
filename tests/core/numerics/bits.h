// Hashes of the bits that core/numerics and core/quant compute, from one source (bits.cpp) that is
// compiled once per compiler, optimisation level and instruction set (CMakeLists.txt).
#pragma once

#include <cstdint>

namespace assay::testing {

/// One hash per function, in the order of kBitsNames.
struct BitsHashes {
  std::uint64_t value[16];
};
inline constexpr const char* kBitsNames[16] = {
    "exp",          "log",        "silu",     "reciprocal_sqrt", "half",      "bfloat16",
    "dot",          "rms_norm",   "sin_cos",  "rotate_head",     "attention", "gumbel",
    "token_weight", "dequantize", "quantize", "exact_dot"};

using BitsFunction = BitsHashes (*)();

}  // namespace assay::testing
