#include "core/numerics/sampler.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <string>

#include "core/error.h"
#include "core/numerics/hash.h"
#include "core/sha256.h"

namespace assay::numerics {
namespace {

// 64-bit masses times a 53-bit probability.
__extension__ using Uint128 = unsigned __int128;

constexpr double kProbabilityUnits = 0x1p53;

/// Whether a comes after b in (z descending, id ascending): a max-heap's "less".
bool ranks_below(const Candidate& a, const Candidate& b) {
  return a.z != b.z ? a.z < b.z : a.id > b.id;
}

/// What one pass over logits tells.
struct Overview {
  float first;  ///< the largest
  float second;
  bool finite;
};

/// In lanes, which compilers turn into vectors: comparisons round nothing, so their order is free.
Overview look_over(std::span<const float> logits) {
  constexpr std::size_t kLanes = 16;
  constexpr float kLowest = -std::numeric_limits<float>::infinity();
  std::array<float, kLanes> first;
  std::array<float, kLanes> second;
  std::array<std::uint32_t, kLanes> broken{};
  first.fill(kLowest);
  second.fill(kLowest);
  const auto take = [&](std::size_t lane, float x) {
    constexpr std::uint32_t kExponent = 0x7f800000U;
    broken[lane] |= (std::bit_cast<std::uint32_t>(x) & kExponent) == kExponent ? 1U : 0U;
    const float lesser = x < first[lane] ? x : first[lane];
    second[lane] = lesser > second[lane] ? lesser : second[lane];
    first[lane] = x > first[lane] ? x : first[lane];
  };
  std::size_t i = 0;
  for (; i + kLanes <= logits.size(); i += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) take(lane, logits[i + lane]);
  }
  for (std::size_t lane = 0; i < logits.size(); ++i, ++lane) take(lane, logits[i]);
  Overview out{kLowest, kLowest, true};
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    out.finite = out.finite && broken[lane] == 0;
    out.second = std::max({std::min(out.first, first[lane]), out.second, second[lane]});
    out.first = std::max(out.first, first[lane]);
  }
  return out;
}

/// The first place of a value that is there.
TokenId place_of(std::span<const float> logits, float value) {
  constexpr std::size_t kBlock = 64;
  std::size_t at = 0;
  for (bool here = false; at + kBlock <= logits.size(); at += kBlock) {
    for (std::size_t i = 0; i < kBlock; ++i) here |= logits[at + i] == value;
    if (here) break;
  }
  while (logits[at] != value) ++at;
  return static_cast<TokenId>(at);
}

double penalised(double logit, double penalty) {
  return logit < 0 ? logit * penalty : logit / penalty;
}

}  // namespace

std::uint64_t probability_units(double probability) {
  return static_cast<std::uint64_t>(probability * kProbabilityUnits);
}

std::uint64_t request_seed(std::uint64_t run_seed, std::string_view problem_id,
                           std::int32_t sample) {
  // The id stands last: no choice of ids can make two different triples the same text.
  std::string text =
      "assay request seed 1\n" + std::to_string(run_seed) + "\n" + std::to_string(sample) + "\n";
  text += problem_id;
  return std::stoull(sha256_hex(text).substr(0, 16), nullptr, 16) >> 11;
}

std::optional<std::int64_t> find_non_finite(std::span<const float> logits) {
  for (std::size_t i = 0; i < logits.size(); ++i) {
    if (!is_finite(logits[i])) return static_cast<std::int64_t>(i);
  }
  return std::nullopt;
}

TokenId argmax(std::span<const float> logits) {
  ASSAY_ASSERT(!logits.empty());
  std::size_t best = 0;
  for (std::size_t i = 1; i < logits.size(); ++i) {
    if (logits[i] > logits[best]) best = i;
  }
  return static_cast<TokenId>(best);
}

float top2_margin(std::span<const float> logits) {
  float first = -std::numeric_limits<float>::infinity();
  float second = first;
  for (const float logit : logits) {
    if (logit > first) {
      second = first;
      first = logit;
    } else if (logit > second) {
      second = logit;
    }
  }
  return logits.size() < 2 ? std::numeric_limits<float>::infinity() : first - second;
}

/// Moves the best candidates to kept_, in order, until top-k or top-p says enough. A heap: only the
/// survivors are ever sorted, and they are few.
void Sampler::keep_best(std::int64_t top_k, double top_p) {
  std::make_heap(candidates_.begin(), candidates_.end(), ranks_below);
  const auto take_best = [this] {
    std::pop_heap(candidates_.begin(), candidates_.end(), ranks_below);
    kept_.push_back(candidates_.back());
    candidates_.pop_back();
  };
  if (top_k > 0) {
    while (!candidates_.empty() && static_cast<std::int64_t>(kept_.size()) < top_k) take_best();
    candidates_.swap(kept_);  // already in order, and an ordered range is a heap
    kept_.clear();
  }
  Uint128 total = 0;
  for (const Candidate& candidate : candidates_) total += candidate.weight;
  const bool all = top_p >= 1;
  const Uint128 limit = std::max<std::uint64_t>(probability_units(top_p), 1) * total;
  Uint128 before = 0;
  while (!candidates_.empty() && (all || (before << 53) < limit)) {
    take_best();
    before += kept_.back().weight;
  }
}

/// Leaves the survivors in kept_: in order if top-k or top-p was asked for, otherwise in any.
void Sampler::select(std::span<const float> logits, const FilterOptions& options,
                     std::span<const TokenId> context) {
  ASSAY_ASSERT(!logits.empty() && options.temperature >= kMinTemperature && options.top_p > 0);
  ASSAY_ASSERT(options.min_p >= 0 && options.min_p <= 1 && options.top_k >= 0);
  ASSAY_ASSERT(options.repetition_penalty > 0);
  candidates_.clear();
  kept_.clear();
  for (std::size_t i = 0; i < logits.size(); ++i) {
    candidates_.push_back({static_cast<TokenId>(i), static_cast<double>(logits[i]), 0});
  }
  if (options.repetition_penalty != 1) {
    for (const TokenId id : context) {  // once a token, however often the context holds it
      Candidate& candidate = candidates_.at(static_cast<std::size_t>(id));
      const auto logit = static_cast<double>(logits[static_cast<std::size_t>(id)]);
      candidate.z = penalised(logit, options.repetition_penalty);
    }
  }
  double z_max = -std::numeric_limits<double>::infinity();
  for (Candidate& candidate : candidates_) {
    candidate.z /= options.temperature;
    z_max = std::max(z_max, candidate.z);
  }
  for (Candidate& candidate : candidates_) candidate.weight = token_weight(candidate.z - z_max);

  if (options.top_k == 0 && options.top_p >= 1) {
    candidates_.swap(kept_);
  } else {
    keep_best(options.top_k, options.top_p);
  }
  const Uint128 floor = static_cast<Uint128>(probability_units(options.min_p)) << 40;
  std::erase_if(kept_, [&](const Candidate& candidate) {
    return (static_cast<Uint128>(candidate.weight) << 53) < floor;
  });
}

std::span<const Candidate> Sampler::filter(std::span<const float> logits,
                                           const FilterOptions& options,
                                           std::span<const TokenId> context) {
  select(logits, options, context);
  if (options.top_k == 0 && options.top_p >= 1) {
    std::sort(kept_.begin(), kept_.end(),
              [](const Candidate& a, const Candidate& b) { return ranks_below(b, a); });
  }
  return kept_;
}

TokenId Sampler::draw(std::span<const float> logits, const Sampling& sampling,
                      std::uint64_t request_seed, std::int64_t generated_index) {
  if (sampling.greedy()) return argmax(logits);
  select(logits,
         {.temperature = sampling.temperature,
          .top_p = sampling.top_p,
          .min_p = sampling.min_p,
          .top_k = sampling.top_k},
         {});
  const auto index = static_cast<std::uint32_t>(generated_index);
  TokenId best_id = 0;
  double best = -std::numeric_limits<double>::infinity();
  for (const Candidate& candidate : kept_) {  // the largest score does not depend on their order
    if (candidate.z + kGumbelBound < best) continue;  // no noise can make up for it
    const double score =
        candidate.z + gumbel_noise(request_seed, index, static_cast<std::uint32_t>(candidate.id));
    if (score > best || (score == best && candidate.id < best_id)) {
      best = score;
      best_id = candidate.id;
    }
  }
  return best_id;
}

Drawn Sampler::draw(std::span<const float> logits, const DrawRequest& request) {
  Drawn drawn;
  const Overview seen = look_over(logits);
  if (!seen.finite) {
    drawn.non_finite = find_non_finite(logits);
    return drawn;
  }
  if (request.hash_logits) drawn.hash = hash_logits(logits);
  // Of zeros of both signs, their places decide the sign of the difference.
  const bool zeros = seen.first == 0 && seen.second == 0;
  drawn.top2_margin =
      zeros || logits.size() < 2 ? numerics::top2_margin(logits) : seen.first - seen.second;
  drawn.token = request.sampling.greedy()
                    ? place_of(logits, seen.first)
                    : draw(logits, request.sampling, request.seed, request.index);
  return drawn;
}

}  // namespace assay::numerics
