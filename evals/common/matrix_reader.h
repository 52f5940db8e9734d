// Matrices: in environments, as nested lists, and with a scalar, sums and products around them.
#pragma once

#include <functional>
#include <optional>

#include "evals/common/answer_tokens.h"
#include "evals/common/answer_value.h"
#include "evals/common/expr_parser.h"

namespace assay::evals {

/// pmatrix, bmatrix, array, ...
bool is_matrix_environment(std::string_view name);

/// A matrix, a scalar times one, or a sum or product of matrices of scalars, carried out. `cell`
/// reads one element. Nothing if `tokens` are no matrix.
std::optional<AnswerValue> read_matrix(AnswerTokens tokens,
                                       const std::function<AnswerValue(AnswerTokens)>& cell,
                                       ExprNotation notation);

}  // namespace assay::evals
