// Words around an answer that say nothing about its value: "exactly 5", "it is 5", "5 times".
#pragma once

#include "evals/common/answer_tokens.h"

namespace assay::evals {

/// The tokens without such words at either end; all of them where nothing else would be left.
AnswerTokens without_frame(AnswerTokens tokens);

}  // namespace assay::evals
