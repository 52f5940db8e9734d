// How a token is drawn from logits: one specification for every backend, host and device.
//
// Order: repetition penalty, temperature, top-k, top-p, min-p, then Gumbel-max over the survivors.
// All comparisons are made on these values, so no step depends on an order of summation:
//   z_i = logit_i / temperature, in double;
//   w_i = trunc(exp(fp32(z_i - z_max)) * 2^40), an integer, with exp of functions.h;
//   candidates are ordered by (z descending, id ascending).
// top-k keeps the first k. top-p keeps a candidate while the weight before it is below p times the
// weight of all (p in units of 2^-53, 128-bit integers); 1 keeps all. min-p keeps
// w_i * 2^53 >= p * w_max. The draw is the candidate with the largest z_i + g_i, ties to the lowest
// id, where g_i = -log(-log(u_i)), u_i = (r_i + 0.5) * 2^-32, and r_i is the first word of Philox
// with counter (id, generated index, 0, 0) and key request_seed. So a draw depends on nothing but
// its key: two backends whose logits differ a little still draw the same token nearly always.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "core/completer.h"
#include "core/numerics/functions.h"
#include "core/numerics/philox.h"
#include "core/types.h"

namespace assay::numerics {
inline namespace ASSAY_ISA {

/// The largest Gumbel noise there is: u < 1 - 2^-34 gives g < 23.6.
inline constexpr double kGumbelBound = 24.0;

/// Standard Gumbel noise of one token at one generated position.
ASSAY_HD inline double gumbel_noise(std::uint64_t request_seed, std::uint32_t generated_index,
                                    std::uint32_t token) {
  const PhiloxBlock block =
      philox4x32({{token, generated_index, 0, 0}}, static_cast<std::uint32_t>(request_seed),
                 static_cast<std::uint32_t>(request_seed >> 32));
  const double u = (static_cast<double>(block.word[0]) + 0.5) * 0x1p-32;
  return -log(-log(u));
}

/// The weight of a token `below` (<= 0, in nats) the best one; 2^40 for the best itself.
ASSAY_HD inline std::uint64_t token_weight(double below) {
  return static_cast<std::uint64_t>(exp(static_cast<float>(below)) * 0x1p40F);
}

}  // namespace ASSAY_ISA

/// The seed of one request: 53 bits (exact in any JSON reader, sent as `seed` over HTTP) of SHA-256
/// over the run's seed, the problem's stable id and the sample's number.
std::uint64_t request_seed(std::uint64_t run_seed, std::string_view problem_id,
                           std::int32_t sample);

/// Index of the first NaN or infinity, if there is one.
std::optional<std::int64_t> find_non_finite(std::span<const float> logits);

/// The largest logit; ties go to the lowest id. Logits must not be empty.
TokenId argmax(std::span<const float> logits);

/// Difference between the two largest logits: 0 when they tie, infinity for a single logit.
float top2_margin(std::span<const float> logits);

/// A probability in units of 2^-53, truncated: what top-p and min-p compare with.
std::uint64_t probability_units(double probability);

/// What survives the filters.
struct Candidate {
  TokenId id = 0;
  double z = 0;              ///< logit over temperature
  std::uint64_t weight = 0;  ///< proportional to the probability; the best one's is 2^40
};

/// Below it z could overflow; such a draw is greedy in all but name.
inline constexpr double kMinTemperature = 1e-6;

struct FilterOptions {
  double temperature = 1;  ///< at least kMinTemperature
  double top_p = 1;        ///< in (0, 1]
  double min_p = 0;        ///< in [0, 1]
  std::int64_t top_k = 0;  ///< 0: all
  /// Divides positive and multiplies negative logits of the tokens in `context` (Keskar et al.
  /// 2019, arXiv 1909.05858); 1: none.
  double repetition_penalty = 1;
};

/// How one position's token is drawn.
struct DrawRequest {
  Sampling sampling;
  std::uint64_t seed = 0;   ///< of the request: request_seed()
  std::int64_t index = 0;   ///< generated tokens before it
  bool hash_logits = true;  ///< fill Drawn::hash
};

/// What a position's logits gave.
struct Drawn {
  TokenId token = 0;
  LogitsHash hash;
  float top2_margin = 0;
  std::optional<std::int64_t> non_finite;  ///< the first NaN or infinity: nothing was drawn
};

/// Draws tokens. Holds scratch of the vocabulary's size: make one a thread and keep it.
class Sampler {
 public:
  /// The survivors, in order. Logits must be finite and not empty, options in their ranges
  /// (asserted). The span is valid until the next call.
  std::span<const Candidate> filter(std::span<const float> logits, const FilterOptions& options,
                                    std::span<const TokenId> context = {});

  /// The next token: argmax when `sampling` is greedy, otherwise a keyed draw over the survivors.
  TokenId draw(std::span<const float> logits, const Sampling& sampling, std::uint64_t request_seed,
               std::int64_t generated_index);

  /// The token with its hash and margin: what a decoding step wants to know of a position.
  Drawn draw(std::span<const float> logits, const DrawRequest& request);

 private:
  void select(std::span<const float> logits, const FilterOptions& options,
              std::span<const TokenId> context);
  void keep_best(std::int64_t top_k, double top_p);

  std::vector<Candidate> candidates_;
  std::vector<Candidate> kept_;
};

}  // namespace assay::numerics
