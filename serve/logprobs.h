// Log probabilities of tokens, from the logits as the model gave them: whatever the temperature,
// the filters or a grammar make of them.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "model/tokenizer.h"
#include "serve/fields.h"

namespace assay::serve {

struct TokenLogprob {
  TokenId id = 0;
  double logprob = 0;
  std::vector<std::pair<TokenId, double>> top;  ///< best first; ties to the lowest id
};

TokenLogprob logprob_of(std::span<const float> logits, TokenId token, std::int64_t n_top);

/// The token's text where it is whole characters, else "bytes:\xe2\x82", so that names stay apart.
std::string token_name(const Tokenizer& tokenizer, TokenId id);

/// One entry of choices[].logprobs.content of a chat.
Json chat_logprob(const Tokenizer& tokenizer, const TokenLogprob& logprob);

/// choices[].logprobs of a completion: tokens, token_logprobs, top_logprobs and text_offset. The
/// first token of an echoed prompt has nothing before it: null.
Json completion_logprobs(const Tokenizer& tokenizer, std::span<const TokenLogprob> logprobs,
                         bool first_has_none, std::size_t text_offset);

}  // namespace assay::serve
