// Values of expressions, exactly or as intervals.
#include <algorithm>

#include "evals/chain/arithmetic/expression.h"

namespace assay::chain {
namespace {

using Op = Expression::Op;
using Node = Expression::Node;

mpq_class unit_in_last_place(const MathToken& token) {
  mpz_class power;
  mpz_ui_pow_ui(power.get_mpz_t(), 10, static_cast<unsigned long>(std::max(token.decimals, 0)));
  return {1, power};
}

/// Three digits behind the point are seldom all there were.
constexpr int rounded_decimals = 3;

class Evaluator {
 public:
  Evaluator(const Expression& expression, unsigned reading, const Values& values)
      : nodes_(expression.nodes), reading_(reading), values_(values) {}

  std::optional<Number> at(int index) const {
    const Node& node = nodes_[static_cast<std::size_t>(index)];
    if (node.op == Op::number) return literal(*node.token);
    if (node.op == Op::variable) {
      if (node.token->text == "pi") return pi();
      const auto value = values_.variables.find(node.token->text);
      return value == values_.variables.end() ? std::nullopt : std::optional(value->second);
    }
    if (node.op == Op::negate) return negated(node.a);
    const auto a = at(node.a);
    if (!a) return std::nullopt;
    if (node.b < 0) return unary(node.op, *a);
    const auto b = at(node.b);
    if (!b) return std::nullopt;
    return binary(node.op, *a, *b);
  }

 private:
  Number literal(const MathToken& token) const {
    const Number value = Number::exact(token.value);
    const bool rounded = token.cut || token.decimals >= rounded_decimals ||
                         values_.rounded.contains(literal_key(token));
    return rounded ? widened(value, unit_in_last_place(token)) : value;
  }

  std::optional<Number> negated(int index) const {
    const Node& inner = nodes_[static_cast<std::size_t>(index)];
    if (inner.op == Op::power && (reading_ & Reading::minus_binds) != 0) {
      const auto base = at(inner.a);
      const auto exponent = at(inner.b);
      if (!base || !exponent) return std::nullopt;
      return power(subtract(Number::exact(0), *base), *exponent);
    }
    const auto value = at(index);
    if (!value) return std::nullopt;
    return subtract(Number::exact(0), *value);
  }

  std::optional<Number> unary(Op op, const Number& a) const {
    switch (op) {
      case Op::root:
        return root(a, 2);
      case Op::factorial:
        return factorial(a);
      case Op::percent:
        if ((reading_ & Reading::percent_is_plain) != 0) return a;
        return divide(a, Number::exact(100));
      default:
        return std::nullopt;
    }
  }

  std::optional<Number> binary(Op op, const Number& a, const Number& b) const {
    switch (op) {
      case Op::add:
        return add(a, b);
      case Op::subtract:
        return subtract(a, b);
      case Op::multiply:
        return multiply(a, b);
      case Op::divide:
        return divide(a, b);
      case Op::power:
        return power(a, b);
      case Op::binomial:
        return binomial(a, b);
      case Op::modulo:
        return modulo(a, b);
      case Op::mixed:
        return (reading_ & Reading::mixed_is_product) != 0 ? multiply(a, b)
                                                           : std::optional(add(a, b));
      case Op::root:
        if (!b.is_exact() || b.low.get_den() != 1 || b.low < 2 || b.low > 16) return std::nullopt;
        return root(a, b.low.get_num().get_ui());
      default:
        return std::nullopt;
    }
  }

  const std::vector<Node>& nodes_;
  unsigned reading_;
  const Values& values_;
};

}  // namespace

unsigned readings_of(const Expression& expression) {
  unsigned bits = 0;
  for (const Node& node : expression.nodes) {
    if (node.op == Op::percent) bits |= Reading::percent_is_plain;
    if (node.op == Op::mixed) bits |= Reading::mixed_is_product;
    if (node.op == Op::negate &&
        expression.nodes[static_cast<std::size_t>(node.a)].op == Op::power) {
      bits |= Reading::minus_binds;
    }
  }
  return bits;
}

std::string literal_key(const MathToken& token) {
  return token.value.get_str() + "/" + std::to_string(token.decimals);
}

std::optional<Number> evaluate(const Expression& expression, unsigned reading,
                               const Values& values) {
  return Evaluator(expression, reading, values).at(expression.root);
}

}  // namespace assay::chain
