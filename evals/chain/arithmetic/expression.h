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
    mixed,     ///< a number before a fraction: 2\frac{1}{2}
    function,  ///< `token` names it; of `a`; gcd and lcm also of `b`; log to the base `b`
    apply,     ///< f(a), f(a, b): a product or a value of a function named `token`
    absolute,  ///< |a|
    floor,
    ceiling,
    degrees,     ///< a with a degree mark
    plus_minus,  ///< a \pm b; without b: \pm a
  };
  struct Node {
    Op op = Op::number;
    int a = -1;
    int b = -1;
    const MathToken* token = nullptr;  ///< of a number, variable, function or application
  };
  std::vector<Node> nodes;
  int root = -1;
  std::size_t end = 0;             ///< index of the first token behind it
  bool ambiguous = false;          ///< written so that two readings are common: 6/2(1+2)
  std::vector<std::string> units;  ///< unit words that stood in it, "$", "%"

  const Node& node(int index) const { return nodes[static_cast<std::size_t>(index)]; }
  bool has_operation() const { return nodes.size() > 1 && literal() == nullptr; }
  /// The number, if it is nothing but one, perhaps with a sign, a unit or a percent sign.
  const MathToken* literal() const;
  std::set<std::string> variables() const;
  /// Names that are applied: "f" of f(3).
  std::set<std::string> applied() const;
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
  static constexpr unsigned in_degrees = 8;        ///< sin 30 is 1/2, arcsin(1/2) is 30
  static constexpr unsigned lower_sign = 16;       ///< \pm is minus
  static constexpr unsigned natural_log = 32;      ///< log is ln, not the decimal one
  static constexpr unsigned radians = 64;          ///< 30 degrees are pi/6
  static constexpr unsigned all = 127;
};
/// More bits than these in one expression: too many readings to say anything.
inline constexpr int max_reading_bits = 4;
/// Steps of evaluation for one text. A long chain of calculations takes about one for each of its
/// bytes.
inline constexpr long max_work = 3'000'000;
/// The bits that make a difference to this expression.
unsigned readings_of(const Expression& expression);

class Definitions;

struct Values {
  std::map<std::string, Number> variables;
  /// Literals that were rounded where they came from: they stand for an interval.
  std::set<std::string> rounded;
  /// All literals with decimals do: they stand beside something irrational.
  bool decimals_are_rounded = false;
  /// 33.33 and 66.7 are rounded thirds, wherever they came from.
  bool parts_are_rounded = false;
  /// 1.000 is a thousand, as many languages write it.
  bool points_group = false;
  /// Work that is left for the whole text, in steps; beyond it nothing is evaluated.
  long* work = nullptr;
  /// What applied names stand for; nothing: no application can be evaluated.
  const Definitions* definitions = nullptr;
  /// Applications that are taken as they are, f(1) in "f(3) = 4f(1) - 2": name, argument, value.
  struct Pinned {
    std::string name;
    mpq_class argument;
    mpq_class value;
  };
  std::vector<Pinned> pinned;
};
/// How a literal is told from others in Values::rounded.
std::string literal_key(const MathToken& token);

/// Nothing: a variable or application without a value, or a number or work outside the budget.
std::optional<Number> evaluate(const Expression& expression, unsigned reading,
                               const Values& values);

}  // namespace assay::chain
