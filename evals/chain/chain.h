// Is a reasoning chain complete? C1 to C5, pure functions of token ids and text.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/eval.h"
#include "core/types.h"
#include "evals/chain/loops.h"

namespace assay::chain {

/// Bytes [begin, end) of the completion's text.
struct ByteSpan {
  std::size_t begin = 0;
  std::size_t end = 0;
};

/// One component: held, broken, or (nothing) not applicable or not known.
struct Component {
  std::optional<bool> ok;
  /// Where the text shows it: C1 the closing tag, C3 the loop, C4 the answer segment, C5 the
  /// answer. Absent where there is nothing to show or no token offsets were given (C3).
  std::optional<ByteSpan> evidence;
  std::string why;  ///< one phrase when it is broken or unknown
};

/// What is analysed. Only `text` is always there; text from a file has no ids.
struct ChainInput {
  bool thinking = false;  ///< the profile
  std::string_view text;  ///< the completion, without the prompt
  /// Generated ids, an EOS id that ended it included; empty when there are none.
  std::span<const TokenId> tokens;
  std::span<const TokenId> prompt_tokens;
  std::span<const TokenId> eos_ids;
  std::optional<TokenId> think_open;   ///< the id of <think>, when it is one token
  std::optional<TokenId> think_close;  ///< the id of </think>, likewise
  /// End of each generated token's text, in bytes; empty when not known. Same length as `tokens`.
  std::span<const std::size_t> token_ends;
  std::optional<StopReason> stop;  ///< absent when not recorded
  bool answer_parses = false;      ///< Grade::answer_parses
  std::optional<ByteSpan> answer;  ///< Grade::details["span"]
};

struct ChainAnalysis {
  Component c1_think_closed;
  Component c2_not_truncated;
  Component c3_no_loop;
  Component c4_answer_segment;
  Component c5_answer_extractable;
  std::optional<Loop> loop;  ///< C3's finding, in tokens
  /// C1..C5 (plain profile: C2..C5) all hold; nothing when none is broken but one is not known.
  std::optional<bool> complete;
};

/// C1: with ids, <think> occurs once in prompt and completion together and </think> exactly once in
/// the completion; without ids the tags are counted in the text, where an opening tag may have
/// stood in the prompt. null in the plain profile. C2: an EOS id or a stop string ended it, not the
/// budget. null when not recorded. C3: find_loop over the ids; null without ids. C4: something
/// other than blanks stands after the last </think>; plain: in the whole text. C5: the eval says
/// that the answer parses.
ChainAnalysis analyse(const ChainInput& input);

}  // namespace assay::chain
