// The logits hash: says whether two runs computed the very same bits.
//
// Per generated position H = sum over i of mix64(bits of logit i, i) mod 2^64, under two seeds. The
// sum is associative, so a kernel may add it up in any order, in the epilogue that writes the
// logits.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/completer.h"
#include "core/numerics/portable.h"

namespace assay::numerics {
inline namespace ASSAY_ISA {

inline constexpr std::uint64_t kLogitsHashSeedA = 0x243f6a8885a308d3ULL;  // digits of pi
inline constexpr std::uint64_t kLogitsHashSeedB = 0x13198a2e03707344ULL;

/// The finaliser of SplitMix64 (Steele, Lea and Flood 2014): a bijection of 64 bits.
ASSAY_HD inline std::uint64_t scramble64(std::uint64_t x) {
  x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ x >> 27) * 0x94d049bb133111ebULL;
  return x ^ x >> 31;
}

/// What logit i with these bits adds to the hash of `seed`.
ASSAY_HD inline std::uint64_t mix64(std::uint32_t bits, std::uint32_t index, std::uint64_t seed) {
  return scramble64((static_cast<std::uint64_t>(index) << 32 | bits) + seed);
}

}  // namespace ASSAY_ISA

/// Hash of one position's logits.
LogitsHash hash_logits(std::span<const float> logits);

/// 32 lower-case hex digits.
std::string to_hex(const LogitsHash& hash);

/// Hash of a completion: SHA-256 over its positions in order (64 hex digits); empty for no
/// position.
std::string hash_completion(std::span<const LogitsHash> positions);

/// One completion of a task, as its journal record tells it.
struct CompletionHash {
  std::string_view problem_id;
  std::int32_t sample = 0;
  std::string_view hash;  ///< of hash_completion
};

/// Hash of a task: SHA-256 over the triples in the order of (problem, sample), whatever order they
/// come in, so shards and schedules agree (64 hex digits); empty for no completion.
std::string hash_task(std::span<const CompletionHash> completions);

}  // namespace assay::numerics
