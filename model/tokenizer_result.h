// What reading a tokenizer from a sound model file can give.
#pragma once

#include <string>
#include <variant>

#include "model/tokenizer_spec.h"

namespace assay {

/// A tokenizer that assay does not compute, or none at all.
struct UnknownTokenizer {
  std::string problem;  ///< one line that says what is known or what to do
};

using TokenizerResult = std::variant<TokenizerSpec, UnknownTokenizer>;

/// Adds an id that ends a turn, once; negative ids and `spec.eos` itself are left out.
void add_end_token(TokenizerSpec& spec, TokenId id);

}  // namespace assay
