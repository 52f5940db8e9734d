// Philox4x32-10, a counter-based generator: Salmon, Moraes, Dror and Shaw, "Parallel random
// numbers: as easy as 1, 2, 3" (SC11). A draw depends on nothing but its key and counter.
#pragma once

#include <cstdint>

#include "core/numerics/portable.h"

namespace assay::numerics {
inline namespace ASSAY_ISA {

struct PhiloxBlock {
  std::uint32_t word[4];
};

/// The 128 random bits of (counter, key).
ASSAY_HD inline PhiloxBlock philox4x32(PhiloxBlock counter, std::uint32_t key0,
                                       std::uint32_t key1) {
  constexpr std::uint64_t kMultiplier0 = 0xd2511f53;
  constexpr std::uint64_t kMultiplier1 = 0xcd9e8d57;
  constexpr std::uint32_t kWeyl0 = 0x9e3779b9;  // golden ratio
  constexpr std::uint32_t kWeyl1 = 0xbb67ae85;  // sqrt(3) - 1
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t product0 = kMultiplier0 * counter.word[0];
    const std::uint64_t product1 = kMultiplier1 * counter.word[2];
    counter = {{static_cast<std::uint32_t>(product1 >> 32) ^ counter.word[1] ^ key0,
                static_cast<std::uint32_t>(product1),
                static_cast<std::uint32_t>(product0 >> 32) ^ counter.word[3] ^ key1,
                static_cast<std::uint32_t>(product0)}};
    key0 += kWeyl0;
    key1 += kWeyl1;
  }
  return counter;
}

}  // namespace ASSAY_ISA
}  // namespace assay::numerics
