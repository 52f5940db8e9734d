// Arithmetic expressions among the tokens of a text: parsed, and evaluated exactly.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "evals/chain/arithmetic/number.h"
#include "evals/chain/arithmetic/tokens.h"

namespace assay::chain {

/// A tree in one array: children stand before their parent. Bounded in size and depth.
struct Expression {
  enum class Op {
    number,
    variable,
    add,
    subtract,
    multiply,
    divide,
    negate,
    power,
    root,  ///< of `a`, degree `b` (-1: 2)
    factorial,
    binomial,
    modulo,
    percent,
    mixed  ///< a number before a fraction: 2\frac{1}{2}
  };
  struct Node {
    Op op = Op::number;
    int a = -1;
    int b = -1;
    const MathToken* token = nullptr;  ///< of a number or variable
  };
  std::vector<Node> nodes;
  int root = -1;
  std::size_t end = 0;             ///< index of the first token behind it
  bool ambiguous = false;          ///< written so that two readings are common: 6/2(1+2)
  std::vector<std::string> units;  ///< unit words that stood in it, "$", "%"

  bool has_operation() const { return nodes.size() > 1 && literal() == nullptr; }
  /// The number, if it is nothing but one, perhaps with a sign, a unit or a percent sign.
  const MathToken* literal() const;
  std::set<std::string> variables() const;
};

inline constexpr std::size_t max_expression_nodes = 512;
inline constexpr int max_expression_depth = 48;

/// The longest expression that begins at tokens[begin]; nothing when none does.
std::optional<Expression> parse_expression(std::span<const MathToken> tokens, std::size_t begin);

/// Readings of one notation: each set bit chooses the second one.
struct Reading {
  static constexpr unsigned percent_is_plain = 1;  ///< 40% is 40, not 2/5
  static constexpr unsigned mixed_is_product = 2;  ///< 2\frac12 is 1
  static constexpr unsigned minus_binds = 4;       ///< -2^2 is 4
  static constexpr unsigned all = 7;
};
/// The bits that make a difference to this expression.
unsigned readings_of(const Expression& expression);

struct Values {
  std::map<std::string, Number> variables;
  /// Literals that were rounded where they came from: they stand for an interval.
  std::set<std::string> rounded;
};
/// How a literal is told from others in Values::rounded.
std::string literal_key(const MathToken& token);

/// Nothing: a variable without a value, or a number outside the budget.
std::optional<Number> evaluate(const Expression& expression, unsigned reading,
                               const Values& values);

}  // namespace assay::chain
