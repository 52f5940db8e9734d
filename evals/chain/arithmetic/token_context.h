// What the tokens read so far say about the next one.
#pragma once

#include <cstddef>
#include <span>

#include "evals/chain/arithmetic/tokens.h"

namespace assay::chain {

/// Whether a bracket is open behind the last of `tokens`.
bool in_bracket(std::span<const MathToken> tokens);

/// Whether the innermost one stands right behind a name: f(2
bool in_call(std::span<const MathToken> tokens);

/// Whether such a token may end an operand.
bool is_operand_end(MathToken::Kind kind);

}  // namespace assay::chain
