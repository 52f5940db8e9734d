// The text of a chain as a stream of arithmetic: prose and LaTeX read alike.
#pragma once

#include <gmpxx.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "evals/chain/regions.h"

namespace assay::chain {

struct MathToken {
  enum class Kind {
    number,    ///< `value`, `decimals`
    variable,  ///< one letter, a Greek command, with its index: `text`
    word,      ///< two letters or more, in prose or in \text{}: `text`, lower case
    plus,
    minus,
    times,
    slash,  ///< division: / ÷ \div "divided by"
    caret,
    factorial,
    open,   ///< ( [ {
    close,  ///< ) ] }
    frac,   ///< \frac and its kin: two groups follow
    sqrt,
    binom,
    choose,      ///< "n choose k", \choose
    modulo,      ///< "mod", \bmod
    function,    ///< sin, log, gcd ...: `text`, with its base: "log_2"
    bar,         ///< | of a formula
    plus_minus,  ///< \pm, \mp
    comma,       ///< between the arguments of f(2, 3); other commas are barriers
    congruent,   ///< \equiv
    pmod,        ///< \pmod
    percent,
    degree,  ///< also ' and other marks that carry no number
    money,   ///< $ € £ before or after a number
    equals,
    approx,
    ellipsis,
    barrier  ///< what ends a statement: punctuation, other relations, line ends
  };
  Kind kind = Kind::barrier;
  ByteSpan span;
  std::string text;
  mpq_class value;
  int decimals = -1;        ///< digits shown behind the point; -1: written as an integer
  bool cut = false;         ///< a number with an ellipsis or a line over its digits: 0.333...
  bool based = false;       ///< a number written with its base: 1202_7
  bool space = false;       ///< blanks stand before it
  bool opens_math = false;  ///< the first one of a formula
  bool in_text = false;     ///< a word of \text{}: a label or a unit, no prose
};

/// Tokens of `text` without its code. Never fails; linear. A number of more than
/// max_number_digits digits is a barrier.
std::vector<MathToken> math_tokens(std::string_view text);

inline constexpr std::size_t max_number_digits = 400;

}  // namespace assay::chain
