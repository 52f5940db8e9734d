// Vectors that are written without coordinates in brackets: 3i + 4j, P(3, 4).
#pragma once

#include <optional>

#include "evals/common/answer_value.h"

namespace assay::evals {

/// 3i - 2j + k as the tuple (3, -2, 1): a sum of terms with one of the letters i, j, k each, of as
/// many coordinates as `other` has. Nothing where `value` is no such sum or `other` no vector.
std::optional<AnswerValue> unit_vectors_as_tuple(const AnswerValue& value,
                                                 const AnswerValue& other);

/// P(3, 4) as (3, 4): a point with its capital letter, beside a tuple.
std::optional<AnswerValue> named_point_as_tuple(const AnswerValue& value, const AnswerValue& other);

/// (\pm 2, 1) as the list of its two tuples; nothing without one such sign.
std::optional<AnswerValue> signed_tuple_as_list(const AnswerValue& value);

/// [2, -1], which reads as an interval, as the tuple beside a matrix.
std::optional<AnswerValue> bracketed_pair_as_tuple(const AnswerValue& value,
                                                   const AnswerValue& other);

/// Coordinates with names, "y = 2, x = 3" or "(y, x) = (2, 3)", beside others or a tuple without
/// names: both as tuples in one order. Beside a tuple that is the order of their names where these
/// are neighbours in the alphabet (x and y, x_1 and x_2), else as written (m and b, r and theta).
/// Nothing where no side names distinct variables, or both are lists.
struct AlignedTuples {
  AnswerValue gold;
  AnswerValue prediction;
};
std::optional<AlignedTuples> aligned_by_name(const AnswerValue& gold,
                                             const AnswerValue& prediction);

/// x = 2, x = 3: one variable with several values, so no point.
bool repeats_a_name(const AnswerValue& value);

}  // namespace assay::evals
