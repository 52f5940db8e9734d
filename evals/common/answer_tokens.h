// LaTeX and plain-text answers as normalised tokens (docs/grading.md, G2 and G3). Normalisation
// works on tokens, never by replacing strings.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace assay::evals {

struct AnswerToken {
  enum class Kind {
    number,       ///< digits with at most one decimal point, perhaps an exponent ("4.5e33");
                  ///< thousands separators removed
    word,         ///< a run of letters, as written
    command,      ///< "\pi", "\frac"; synonyms have one name
    symbol,       ///< one character, or an escaped one ("\{")
    open,         ///< '{' of an argument
    close,        ///< its '}'
    group_open,   ///< '{' that only groups; no part of an answer's identity
    group_close,  ///< its '}'
    begin,        ///< \begin{text}
    end           ///< \end{text}
  };
  Kind kind = Kind::symbol;
  std::string text;
  bool in_text = false;       ///< inside \text{} and its kin
  bool blank_before = false;  ///< not part of the token's identity
  /// A number written with bare commas: "100,200" may be a list, too. No part of its identity.
  bool grouped = false;
};
using AnswerTokens = std::span<const AnswerToken>;

/// More tokens than this and an answer stays undecided: a budget of work, not of time.
inline constexpr std::size_t max_answer_tokens = 4096;
/// Groups, brackets and environments inside one another: more, and it stays undecided.
inline constexpr std::size_t max_answer_depth = 200;

/// The tokens of one answer. Dropped: blanks, \left and \right, spacing and style commands, math
/// delimiters, a final full stop. Made one: \dfrac and \tfrac with \frac; \frac12 with
/// \frac{1}{2}; x^2 and x² with x^{2}; 1,234 and 1{,}234 with 1234 (27,54,108 is a list: not all of
/// its later groups have three digits, or the first begins with 0 or has more); Unicode's signs
/// with their commands. An unknown command that begins with a known one is that one (\piG is \pi
/// G). Nothing if there are more than max_answer_tokens, or deeper ones than max_answer_depth.
/// Linear in the length of `answer`, no recursion.
std::optional<std::vector<AnswerToken>> answer_tokens(std::string_view answer);

/// One text per token sequence, grouping braces left out: equal for answers written alike.
std::string joined(AnswerTokens tokens);

/// Letters and digits alone, in lower case, a blank between two numbers: what two texts are
/// compared by.
std::string folded_text(AnswerTokens tokens);

}  // namespace assay::evals
