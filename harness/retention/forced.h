// Forced retention: the reference's completions fed through a model by prefill, which is cheap
// where writing them would not be.
#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "harness/options.h"
#include "harness/progress.h"
#include "harness/retention/pairs.h"

namespace assay {

/// A model to feed. The run's plan says what its file must be.
struct ForcedModel {
  std::string model;
  BackendSpec backend;
  Numerics numerics = Numerics::exact;
  int threads = 0;
  std::string mirror;
};

struct ForcedOptions {
  ForcedModel x;                         ///< the run's
  std::optional<ForcedModel> reference;  ///< none: no agreement, divergence, loss or noise floor
  std::optional<std::int64_t> limit;     ///< samples to feed, the first ones; none: all
};

/// {samples, tokens, steps, step_share {value, ci95, n, samples}, token_share,
/// first [{problem, sample, token}] (the first token that is not kept), top1_agreement,
/// kl {mean, p99, positions}, self {step_share, token_share, top1_agreement, kl},
/// distillation_loss {value, kl, mse, alpha, beta, temperature, tokens, why}
/// (harness/distillation.h; the hidden states are those after the final norm), x, reference {model,
/// backend, options, numerics, isa}, tokens_beyond_context, why}. Only pairs are fed. A token is
/// kept if the model, given the reference's tokens before it, draws it under the reference's
/// sampler, filters and key; a step (evals/chain/steps.h) if all its tokens are. kl is KL(reference
/// || run) in nats a token. `self` is the reference's model in the run's place: its kl and top-1
/// compare its step-by-step decoding with its prefill, the noise floor; under exact it keeps all
/// and its kl is 0. Throws Error: {environment} for a model that is not the run's, prompts or
/// tokens that are not the reference's (another tokenizer), a context too small; {interrupted}.
nlohmann::json forced_retention(const TaskPair& pair, const ForcedOptions& options,
                                const Listener& listener);

/// The step of each token, counted from 0; nothing for tokens behind the chain. A step reaches to
/// where the next one begins; the last one includes the closing tag (plain: the end token).
/// `ends` is where each token's text ends in `text`, ascending.
std::vector<std::optional<std::size_t>> steps_of_tokens(std::string_view text, bool thinking,
                                                        std::span<const std::size_t> ends);

}  // namespace assay
