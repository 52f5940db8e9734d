// Is a reasoning chain complete? C1 to C10, pure functions of token ids and text.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/eval.h"
#include "core/types.h"
#include "evals/chain/arithmetic/claims.h"
#include "evals/chain/layout.h"
#include "evals/chain/loops.h"
#include "evals/chain/steps.h"

namespace assay::chain {

/// One component: held, broken, or (nothing) not applicable or not known.
struct Component {
  std::optional<bool> ok;
  /// Where the text shows it: C1 the closing tag, C2 the end, C3 the loop, C4 the answer segment,
  /// C5 the answer, C6 the steps, C7 the first contradiction, C8 the value, C9 the foreign stretch,
  /// C10 the value that differs. Absent where there is nothing to show.
  std::optional<ByteSpan> evidence;
  std::string why;        ///< one phrase when it is broken, unknown or inferred
  bool applies = true;    ///< false: this kind of chain has no such part; it breaks nothing
  bool inferred = false;  ///< judged from the text because no record said it (C2, C3, C9)
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
  /// The answer as a value that a chain can state; absent for programs.
  std::optional<std::string_view> answer_value;
  std::string_view prompt;  ///< the problem's text, for C9; may be empty
};

struct ChainAnalysis {
  Component c1_think_closed;
  Component c2_not_truncated;
  Component c3_no_loop;
  Component c4_answer_segment;
  Component c5_answer_extractable;
  Component c6_steps;
  Component c7_arithmetic;
  Component c8_answer_from_chain;
  Component c9_language;
  Component c10_answers_agree;
  Layout layout;
  std::optional<Loop> loop;  ///< C3's finding, in tokens (without ids: in pseudo-tokens)
  std::vector<Step> steps;
  ArithmeticReport arithmetic;
  /// C1..C5 that apply all hold; nothing when none is broken but one is not known.
  std::optional<bool> complete;
  /// Complete, and C6, C8, C9 and C10 hold where they apply; likewise.
  std::optional<bool> strictly_complete;
};

struct NamedComponent {
  const char* name;  ///< "C1"
  const Component* component;
};
/// C1 to C10, pointing into `analysis`.
std::array<NamedComponent, 10> components_of(const ChainAnalysis& analysis);

/// C1: with ids, <think> occurs once in prompt and completion together and </think> exactly once in
/// the completion; without ids the tags are counted in the text, where an opening tag may have
/// stood in the prompt. Does not apply in the plain profile.
/// C2: an EOS id or a stop string ended it, not the budget. Not recorded: judged by how the text
/// ends (an end token, or the end of a sentence or formula), marked `inferred`.
/// C3: find_loop over the ids; without ids find_text_loop over the text.
/// C4: something other than blanks stands after the last closing tag; plain: in the whole text.
/// C5: the eval says that the answer parses. Where the thinking part never closed, or the text was
/// cut off before an answer, C4 and C5 are unknown rather than broken: C1 and C2 say so already.
/// C6: at least steps_min steps in the chain (the thinking part; plain: the whole text).
/// C7: no equation of the text is contradicted by exact arithmetic; unknown when none could be
/// checked. Evidence only: never part of `complete` or `strictly_complete`.
/// C8: the answer equals a value stated at the chain's end. C9: one language. C10: the boxed values
/// of the answer segment agree. C8 and C10 do not apply to programs.
ChainAnalysis analyse(const ChainInput& input);

}  // namespace assay::chain
