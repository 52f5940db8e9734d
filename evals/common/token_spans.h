// Brackets in sequences of answer tokens.
#pragma once

#include <functional>
#include <vector>

#include "evals/common/answer_tokens.h"

namespace assay::evals {

bool is_opening(const AnswerToken& token);
bool is_closing(const AnswerToken& token);

/// Whether the first token opens a bracket that the last one closes.
bool encloses(AnswerTokens tokens);

/// The parts between the tokens that `separates` names outside brackets; at least one part.
/// It is asked about each token outside brackets once, in order.
std::vector<AnswerTokens> pieces(AnswerTokens tokens,
                                 const std::function<bool(const AnswerToken&)>& separates);

/// Whether what stands behind a choice's letter names another one: "(A) or (B)", "A, B".
bool names_another_choice(AnswerTokens behind);

}  // namespace assay::evals
