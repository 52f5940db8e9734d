// Plain numbers among an answer's tokens, exactly (GMP).
#pragma once

#include <gmpxx.h>

#include <optional>
#include <span>
#include <string>

#include "evals/common/answer_tokens.h"

namespace assay::evals {

struct RationalLiteral {
  mpq_class value;
  std::string unit;         ///< "", "%", "\degree", "\$", or words: "cm ^ { 2 }"
  int decimals = -1;        ///< digits behind the point when written as a decimal, else -1
  bool is_integer = false;  ///< written in digits alone
};

/// More digits than this in one number and it is not read (a budget of work).
inline constexpr std::size_t max_literal_digits = 10'000;

/// 12  -3.50  .5  7/2  \frac{7}{2}  3\frac{1}{2}  3 1/2  \$5  5\%  90\degree  12 apples  x = 5
/// 7 + 5 = 12
/// Nothing for anything else, a zero denominator included.
std::optional<RationalLiteral> rational_literal(std::span<const AnswerToken> tokens);

}  // namespace assay::evals
