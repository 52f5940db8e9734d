// The names of mathematical notation: Unicode to LaTeX, and LaTeX's synonyms to one name each.
#pragma once

#include <string>
#include <string_view>

namespace assay::evals {

/// What a control word means to the lexer.
enum class CommandClass {
  unknown,
  symbol,         ///< stands as a token of its own
  dropped,        ///< spacing, size and style: no token
  blank,          ///< spacing wide enough to separate
  text,           ///< its argument is text: \text, \mathrm
  dropped_group,  ///< vanishes with its argument: \hspace{1cm}, \color{red}
};

struct Command {
  CommandClass kind = CommandClass::unknown;
  std::string_view name;  ///< its one name: "\frac" for \dfrac, "*" for \times, "<" for \lt
  int arguments = 0;      ///< how many follow, each written out in braces
};

/// `text` begins with a backslash: "\dfrac", "\,". Static storage.
Command find_command(std::string_view text);

/// The longest prefix of an unknown control word that is a known one ("\pi" of "\piG"), or "".
std::string_view known_prefix(std::string_view control_word);

/// UTF-8 mathematics as LaTeX in ASCII: x² is x^{2}, √12 is \sqrt{12}, ½ is \frac{1}{2}. Letters
/// that are no mathematics stay as they are. Markdown's ** around the whole, quotation marks and
/// doubled backslashes (a JSON text escaped twice) are taken off.
std::string plain_notation(std::string_view answer);

/// Whether a letter outside ASCII begins there that no notation of mathematics uses.
bool is_foreign_letter(std::string_view text);

}  // namespace assay::evals
