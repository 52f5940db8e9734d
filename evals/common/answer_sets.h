// Answers that are sets of real numbers, as intervals and points.
#pragma once

#include <optional>
#include <vector>

#include "evals/common/answer_value.h"

namespace assay::evals {

/// Written as such a set: an interval, a union, an inequality in one unknown, x \in S, R without
/// some points, a list of inequalities.
bool is_real_set(const AnswerValue& value);

/// Its pieces, left to right where that is known; of (a, b), a set and a number too. Nothing if it
/// is no set of real numbers that can be written so.
std::optional<std::vector<AnswerValue>> real_pieces(const AnswerValue& value);

/// The same set with pieces that overlap or touch made one, left to right; as it was where an end
/// cannot be put in order.
std::vector<AnswerValue> merged_pieces(std::vector<AnswerValue> pieces);

}  // namespace assay::evals
