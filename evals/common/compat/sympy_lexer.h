// The tokens of sympy's LaTeX grammar.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace assay::evals::compat {

struct SympyToken {
  enum class Kind {
    op,            ///< `text`: + - * / ( ) { } [ ] \{ \} | _ ^ , . ! = < <= > >= !=
    letter,        ///< one ASCII letter
    digit,         ///< one ASCII digit
    command,       ///< a name of the grammar without its backslash: "frac", "sin"
    symbol,        ///< any other name: "pi", "text", "cup"
    differential,  ///< 'd' and a letter or a name: "dx"
    quotes,        ///< one or more '
    error,         ///< no token: reading this far is an exception in sympy
    end
  };
  Kind kind = Kind::end;
  std::string text;
};

/// All tokens, ended by one of kind `end` or `error`. Blanks, spacing commands, \left and \right
/// are dropped; \times and \cdot are "*", \div and ':' "/", \le and its kin "<=".
std::vector<SympyToken> sympy_tokens(std::string_view text);

}  // namespace assay::evals::compat
