// LaTeX and plain-text answers as normalised tokens (docs/grading.md, G2 and G3). Normalisation
// works on tokens, never by replacing strings.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace assay::evals {

struct AnswerToken {
  enum class Kind {
    number,   ///< digits with at most one decimal point; thousands separators removed
    word,     ///< letters: one in a formula, any run of two or more; runs are lower-cased
    command,  ///< "\pi", "\frac"
    symbol,   ///< one character, or an escaped one ("\{")
    open,     ///< '{' of an argument
    close     ///< its '}'
  };
  Kind kind = Kind::symbol;
  std::string text;
  bool in_text = false;       ///< inside \text{} and its kin
  bool blank_before = false;  ///< not part of the token's identity
  bool operator==(const AnswerToken& other) const {
    return kind == other.kind && text == other.text;
  }
};

/// More tokens than this and an answer stays undecided: a budget of work, not of time.
inline constexpr std::size_t max_answer_tokens = 4096;

/// The tokens of one answer. Dropped: blanks, \left and \right, spacing and style commands, math
/// delimiters, braces that only group, a final full stop. Made one: \dfrac and \tfrac with \frac;
/// \frac12 with \frac{1}{2}; x^2 with x^{2}; 1,234 and 1{,}234 with 1234; Unicode's minus, times,
/// pi, root, degree and infinity with their commands. Nothing if there are more than
/// max_answer_tokens. Linear in the length of `answer`, no recursion.
std::optional<std::vector<AnswerToken>> answer_tokens(std::string_view answer);

/// One text per token sequence: equal exactly when the sequences are.
std::string joined(const std::vector<AnswerToken>& tokens);

}  // namespace assay::evals
