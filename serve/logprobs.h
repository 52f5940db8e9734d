// Log probabilities of tokens, from the logits as the model gave them: whatever the temperature,
// the filters or a grammar make of them.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
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

/// Where a completion's tokens begin, in characters of its text. A token that begins inside a
/// character has that character's place.
class TextOffset {
 public:
  /// The place of the token whose text this is; goes on behind it.
  std::size_t take(std::string_view text);

 private:
  std::size_t characters_ = 0;  ///< begun by now
};

/// choices[].logprobs of a completion: tokens, token_logprobs, top_logprobs and text_offset, which
/// goes on from call to call. The first token of an echoed prompt has nothing before it: null. The
/// text shows control tokens among the first `n_control`.
Json completion_logprobs(const Tokenizer& tokenizer, std::span<const TokenLogprob> logprobs,
                         bool first_has_none, std::size_t n_control, TextOffset* offset);

}  // namespace assay::serve
