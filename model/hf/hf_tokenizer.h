// tokenizer.json and tokenizer_config.json -> TokenizerSpec and chat template.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "core/error.h"
#include "model/tokenizer_result.h"

namespace assay {

/// tokenizer.json of byte-level BPE. Refuses soundly described variants by name as
/// UnknownTokenizer; fails on damage. Ids must be below `vocab`; ids without a token become unused
/// ones. bos, eos and pad are not set; add_bos is whether the post-processor starts a text with a
/// special token, whose id goes to `bos`.
Result<TokenizerResult> hf_tokenizer(const nlohmann::json& tokenizer, std::int64_t vocab,
                                     const std::string& file);

/// bos, eos, pad and add_bos of tokenizer_config.json, which win over what `spec` holds.
Result<void> apply_tokenizer_config(const nlohmann::json& config, const std::string& file,
                                    TokenizerSpec& spec);

/// The template of tokenizer_config.json: a string, or the one named "default" of a list (or the
/// only one). Empty if there is none.
Result<std::string> hf_chat_template(const nlohmann::json& config, const std::string& file);

}  // namespace assay
