// Text without token ids, cut into words and signs that stand in for tokens, so that loops are
// found there, too.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "core/types.h"
#include "evals/chain/loops.h"
#include "evals/chain/regions.h"

namespace assay::chain {

struct PseudoTokens {
  std::vector<TokenId> ids;     ///< equal pieces have equal ids
  std::vector<ByteSpan> spans;  ///< of each piece in the text
};

/// Runs of letters, single digits, LaTeX commands, every other visible character. Han, kana and
/// other letters beyond ASCII are one piece each. Blanks part and are no piece.
PseudoTokens pseudo_tokens(std::string_view text);

/// Only the words outside formulas and code, in lower case, without the sentences and lines that
/// enumerate: those with a number for every text_prose_words_per_number words.
PseudoTokens prose_words(std::string_view text);

struct TextLoop {
  Loop loop;  ///< in pseudo-tokens
  ByteSpan span;
};

/// The three rules of find_loop over pseudo-tokens, then a fourth for loops that change a little
/// from round to round: the prose says little new (thresholds.h, text_prose_*). Formulas do not
/// count there: a sound chain may repeat a calculation with other numbers many times.
std::optional<TextLoop> find_text_loop(std::string_view text);

}  // namespace assay::chain
