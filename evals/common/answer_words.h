// What the words of an answer mean: functions, constants, numerals, units, plain words.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "evals/common/answer_tokens.h"

namespace assay::evals {

/// The function that a word or command names ("\sin", "asin", "Abs"), by its name in MathExpr, or
/// "". "sqrt", "cbrt" and "root" are among them.
std::string_view function_named(std::string_view word);

/// "pi", "e", "infinity" for \infty, oo, inf, ...; "" for anything else. Single letters are not
/// looked up: e and i depend on their surroundings.
std::string_view constant_named(std::string_view word);

/// The command of a Greek letter spelt out: "\theta" for "theta", or "".
std::string_view greek_named(std::string_view word);

/// 12 for "twelve"; nothing for other words.
std::optional<int> numeral_named(std::string_view lower_word);

/// Whether a run of letters is a word of a language rather than a product of variables.
bool is_plain_word(std::string_view word);

/// The one name of a unit on the closed list ("cm" for centimeters, "$" for dollars), or "".
std::string_view unit_named(std::string_view word);

/// The name of the unit that is all of `tokens`: "%", "degree", "$", "cm^2", "km/h"; any words in
/// \text{} or behind a blank are a unit too ("apple" for apples). Nothing if it is none. Numerals
/// and words that change a number (million, squared, or) are none. `letters`: single letters may be
/// units, too, as in 24 m/s and 12 m^2; else they are variables.
std::optional<std::string> unit_of(AnswerTokens tokens, bool letters = false);

/// Whether two units are one: the same name; "units" beside any unit of its power (square units for
/// cm^2), and degrees beside those of a scale.
bool units_agree(const std::string& a, const std::string& b);

/// In lower case, ASCII.
std::string lower_case(std::string_view text);

/// Whether the token is this word, which is given in lower case.
bool is_word(const AnswerToken& token, std::string_view lower);

}  // namespace assay::evals
