#include "core/numerics/hash.h"

#include <fmt/core.h>

#include <algorithm>
#include <tuple>
#include <vector>

#include "core/sha256.h"

namespace assay::numerics {

LogitsHash hash_logits(std::span<const float> logits) {
  LogitsHash hash;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    const std::uint32_t bits = bits_of(logits[i]);
    hash.a += mix64(bits, static_cast<std::uint32_t>(i), kLogitsHashSeedA);
    hash.b += mix64(bits, static_cast<std::uint32_t>(i), kLogitsHashSeedB);
  }
  return hash;
}

std::string to_hex(const LogitsHash& hash) {
  return fmt::format("{:016x}{:016x}", hash.a, hash.b);
}

std::string hash_completion(std::span<const LogitsHash> positions) {
  if (positions.empty()) return {};
  Sha256 digest;
  for (const LogitsHash& position : positions) digest.update(to_hex(position));
  return digest.hex();
}

std::string hash_task(std::span<const CompletionHash> completions) {
  if (completions.empty()) return {};
  std::vector<CompletionHash> sorted(completions.begin(), completions.end());
  std::sort(sorted.begin(), sorted.end(), [](const CompletionHash& a, const CompletionHash& b) {
    return std::tie(a.problem_id, a.sample, a.hash) < std::tie(b.problem_id, b.sample, b.hash);
  });
  Sha256 digest;
  for (const CompletionHash& completion : sorted) {
    // Lengths first, so that no id can be read as part of its neighbour.
    digest.update(fmt::format("{} {} {} {} {}\n", completion.problem_id.size(),
                              completion.problem_id, completion.sample, completion.hash.size(),
                              completion.hash));
  }
  return digest.hex();
}

}  // namespace assay::numerics
