// Numbers with words and units behind them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "evals/common/answer_tokens.h"
#include "evals/common/answer_value.h"

namespace assay::evals {

/// "million" and its kin off the front of `rest`, into the number before it.
void take_magnitude(AnswerTokens& rest, MathExpr& expr);

/// The unit that all of `rest` names, or the modulus of a congruence ("mod 7").
std::optional<std::string> unit_behind(AnswerTokens rest);

/// 30^\circ and 5\% as an answer bear a unit; inside an expression they are factors.
void lift_unit(AnswerValue& value);

/// "2 hours 30 minutes", "5 feet and 6 inches": numbers with different units of the closed list,
/// part by part; empty where `tokens` say anything else.
std::vector<AnswerTokens> compound_parts(AnswerTokens tokens);

/// "24 m/s", "12 m^2", "5 \frac{m}{s}": a number without variables and a unit in which single
/// letters are units. Nothing where `tokens` are none, or no blank stands before a lone letter.
std::optional<AnswerValue> read_as_quantity(AnswerTokens tokens);

/// "70k", "$70K": thousands. Nothing where `tokens` are none.
std::optional<AnswerValue> read_as_thousands(AnswerTokens tokens);

}  // namespace assay::evals
