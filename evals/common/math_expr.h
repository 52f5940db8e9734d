// One mathematical expression as a tree: what the parser of answers makes and every rung of the
// comparison reads.
//
// A tree is a value: it owns its children. The parser bounds its size and its depth
// (max_expr_nodes, max_expr_depth), so recursive functions over it are safe on any input.
#pragma once

#include <gmpxx.h>

#include <cstddef>
#include <string>
#include <vector>

namespace assay::evals {

/// Budgets of work, not of time: beyond them an answer is undecided, on every machine alike.
inline constexpr std::size_t max_expr_nodes = 4096;
inline constexpr int max_expr_depth = 200;
/// More digits than this in one number and it is not read.
inline constexpr std::size_t max_literal_digits = 10'000;

struct MathExpr {
  enum class Op {
    number,      ///< `value`; `decimals` as written
    symbol,      ///< a variable, `name`: "x", "a_{n}", "\theta", "f'", "AB"
    constant,    ///< `name`: "pi", "e", "i", "infinity"
    add,         ///< of two or more
    multiply,    ///< of two or more
    negate,      ///< of one
    divide,      ///< numerator, denominator
    power,       ///< base, exponent
    root,        ///< radicand, index (the index is 2 where none was written)
    function,    ///< `name` of known_functions, its arguments ("log": argument[, base])
    apply,       ///< `name`, a function the answer does not define, and its arguments: f(2)
    factorial,   ///< of one
    plus_minus,  ///< of one: both signs
    minus_plus,  ///< of one: the sign opposite to plus_minus
    degrees,     ///< of one: times pi/180
    percent,     ///< of one: divided by 100
    hole         ///< nothing stood where an operand belongs (\frac{}{2})
  };
  Op op = Op::hole;
  mpq_class value;  ///< of a number, exact
  int decimals =
      -1;  ///< digits behind the point of a number written with one (3.50: 2), else -1;
           ///< for 4.5e33 and 1.2\times10^{-3} those of the value (-32, 4), see scientific
  bool scientific = false;  ///< a number written with a power of ten
  std::string name;
  std::vector<MathExpr> args;
};

/// Functions of Op::function: sin cos tan cot sec csc, arc..., ...h, ar...h, exp ln log abs floor
/// ceil binomial gcd lcm min max factorial2 re im conj arg sgn.
bool is_known_function(const std::string& name);

MathExpr make_number(mpq_class value);
MathExpr make_symbol(std::string name);
MathExpr make_constant(std::string name);
MathExpr make_expr(MathExpr::Op op, std::vector<MathExpr> args);
MathExpr make_function(std::string name, std::vector<MathExpr> args);

/// A form that can be read again: "2*x^(1/2)+sin(pi/3)". Equal trees have equal texts.
std::string expr_text(const MathExpr& expr);

/// Whether `op` occurs anywhere.
bool has_op(const MathExpr& expr, MathExpr::Op op);

/// The names of its symbols, sorted, each once (functions of Op::apply included, as "f()").
std::vector<std::string> symbols_of(const MathExpr& expr);

}  // namespace assay::evals
