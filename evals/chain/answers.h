// C8 and C10: does the final answer come from the chain, and is there only one?
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "evals/chain/regions.h"

namespace assay::chain {

/// Three-valued: what the answer grader could not decide stays unknown.
struct AnswerFinding {
  std::optional<bool> ok;
  std::optional<ByteSpan> evidence;
};

/// The arguments of every balanced, non-empty \boxed{} and \fbox{} in `part`, in order. Linear.
std::vector<ByteSpan> boxed_values(std::string_view text, ByteSpan part);

/// C8: whether `answer` equals a value stated in the last part of `chain` (chain_end_share of its
/// bytes, from the start of the line or sentence in which that begins). Values are formulas, their
/// sides and list items, boxed values, numbers in prose, and for an answer in words the words
/// themselves. Evidence: the last such value. At most max_stated_values are compared, the last
/// ones; equal means what the answer grader means by it.
/// `until` (0: the chain's end): values up to there count, though the part is measured on the
/// chain.
AnswerFinding answer_from_chain(std::string_view text, ByteSpan chain, std::string_view answer,
                                std::size_t until = 0);

/// C10: whether all boxed values of `part` are equal to the last one; trivially so for one or none.
/// Values on one line with nothing but a connective between them ("\boxed{2} and \boxed{3}") are
/// one answer in parts. Evidence: the last value that differs.
AnswerFinding boxed_values_agree(std::string_view text, ByteSpan part);

}  // namespace assay::chain
