// config.json and generation_config.json of a Hugging Face directory.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/completer.h"
#include "core/error.h"
#include "core/model_config.h"

namespace assay {

struct HfConfig {
  /// `tied_embeddings` is what the file says; without a word it is decided by lm_head's presence.
  ModelConfig model;
  std::optional<bool> tied;
  TokenId bos = -1;
  std::vector<TokenId> eos;  ///< config.json may name several
};

/// Both spellings: transformers 4 (rope_theta, rope_scaling) and 5 (rope_parameters). Refuses by
/// name what changes the computation: architectures, activations, RoPE types, sliding windows,
/// biases, quantisation. `file` is for messages.
Result<HfConfig> hf_config(const nlohmann::json& config, const std::string& file);

struct HfGeneration {
  /// Empty when the file recommends nothing. do_sample: false is greedy.
  std::optional<Sampling> sampling;
  std::string unserved;  ///< what else it states that changes the tokens, and assay does not do
  std::vector<TokenId> eos;
};

Result<HfGeneration> hf_generation(const nlohmann::json& config, const std::string& file);

}  // namespace assay
