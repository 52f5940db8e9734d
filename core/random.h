// Seeded draws for resampling and seeded points: the same on every machine.
#pragma once

#include <cstddef>
#include <cstdint>

namespace assay {

/// Of every interval in a report.
inline constexpr std::uint64_t kStatisticsSeed = 0x61737361792f31ULL;  // "assay/1"

/// SplitMix64 (Steele, Lea and Flood, 2014).
inline std::uint64_t next_random(std::uint64_t* state) {
  std::uint64_t z = (*state += 0x9E3779B97F4A7C15ULL);
  z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27U)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31U);
}

/// An index below n (< 2^32): the high half of a 32 x 32 bit product, biased by less than n / 2^32.
inline std::size_t random_index(std::uint64_t* state, std::size_t n) {
  return static_cast<std::size_t>(((next_random(state) >> 32U) * n) >> 32U);
}

}  // namespace assay
