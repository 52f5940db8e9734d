// English numerals: "one hundred and twenty", "twenty-one", "three fourths", "two and a half".
#pragma once

#include <gmpxx.h>

#include <cstddef>
#include <optional>

#include "evals/common/answer_tokens.h"

namespace assay::evals {

struct NumberInWords {
  mpq_class value;
  std::size_t used = 0;  ///< tokens of it
};

/// The numeral that `tokens` begin with, as long as it goes; nothing where they begin with none.
/// "and" belongs to it behind "hundred" and its kin and before a fraction ("one and a half").
std::optional<NumberInWords> number_in_words(AnswerTokens tokens);

}  // namespace assay::evals
