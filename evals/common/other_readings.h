// What an answer may mean beside its plainest reading, given the answer on the other side.
#pragma once

#include <vector>

#include "evals/common/answer_tokens.h"
#include "evals/common/answer_value.h"

namespace assay::evals {

/// Tried in order where the plain reading of `value` (which `tokens` say) is not equal to `other`:
///   sqrt(2) ~ 1.41          the exact value
///   12 = x                  the number
///   lim f(x) = 3            the last side, whatever could not be read before it
///   100,200             the list, beside a list or set of as many
///   5 m, 24 m/s             a quantity, beside an answer without variables
///   (B) 12, b               the choice, beside a choice
///   all real numbers        the set of real numbers, beside sets
///   70k, 12:30 pm           70000, beside a number; 12:30, beside a ratio
///   2k\pi, k \in \mathbb{Z}  the value, beside one value
///   (1,2) and (3,4)         the union, beside a union of intervals
///   3i + 4j, P(3, 4)        the tuple, beside a vector or point
std::vector<AnswerValue> other_readings(const AnswerValue& value, AnswerTokens tokens,
                                        const AnswerValue& other);

/// 0.333... and 1.2727... with their repeating digits under a line, other tokens as they are: the
/// last digits twice (a single digit three times) before the dots.
std::vector<AnswerToken> with_repeating_decimals(AnswerTokens tokens);

}  // namespace assay::evals
