// Values of expressions, exactly or as intervals.
#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "evals/chain/arithmetic/definitions.h"
#include "evals/chain/arithmetic/elementary.h"
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

/// Work of one evaluation, in operations; a rule that applies itself ends here at the latest.
constexpr int max_steps = 20'000;
constexpr int max_rule_depth = 40;
/// An elementary function costs as much as this many other operations.
constexpr int elementary_steps = 50;

bool is_trigonometric(std::string_view name) {
  constexpr std::array<std::string_view, 6> names = {"sin", "cos", "tan", "cot", "sec", "csc"};
  return std::find(names.begin(), names.end(), name) != names.end();
}
bool is_inverse(std::string_view name) {
  return name == "arcsin" || name == "arccos" || name == "arctan";
}

/// Whether a subtree consists of plain numbers: no degree mark, no pi, no variable.
bool is_plain_angle(const std::vector<Node>& nodes, int index) {
  if (index < 0) return true;
  const Node& node = nodes[static_cast<std::size_t>(index)];
  if (node.op == Op::degrees || node.op == Op::variable || node.op == Op::apply ||
      node.op == Op::function) {
    return false;
  }
  return is_plain_angle(nodes, node.a) && is_plain_angle(nodes, node.b);
}

/// -2^2 is read in two ways, -x^2 is not.
bool is_power_of_number(const std::vector<Node>& nodes, int index) {
  const Node& power = nodes[static_cast<std::size_t>(index)];
  return power.op == Op::power && nodes[static_cast<std::size_t>(power.a)].op == Op::number;
}

/// "180 - B": the number looks like degrees, though no mark says so.
bool may_be_degrees(const std::vector<Node>& nodes, int index) {
  if (index < 0) return false;
  const Node& node = nodes[static_cast<std::size_t>(index)];
  if (node.op == Op::degrees || (node.op == Op::variable && node.token->text == "pi")) return false;
  if (node.op == Op::number) return node.token->value >= 10;
  return may_be_degrees(nodes, node.a) || may_be_degrees(nodes, node.b);
}

std::optional<Number> in_radians(const Number& degrees) {
  const auto product = multiply(degrees, pi());
  return product ? divide(*product, Number::exact(180)) : std::nullopt;
}

/// The base of "log_2", "log_{10}".
std::optional<Number> base_of(std::string_view name) {
  std::string digits;
  for (const char c : name.substr(std::min(name.size(), name.find('_')))) {
    if (c >= '0' && c <= '9') digits += c;
    const bool mark = c == '_' || c == '{' || c == '}' || (c >= '0' && c <= '9');
    if (!mark) return std::nullopt;
  }
  if (digits.empty() || digits.size() > 9) return std::nullopt;
  return Number::exact(mpz_class(digits));
}

/// 33.33, 16.67, 66.7: thirds and sixths as people write them.
bool is_rounded_part(const MathToken& token) {
  const mpq_class scaled = token.value * (token.decimals == 2 ? 100 : 10);
  if (token.decimals < 1 || token.decimals > 2 || scaled.get_den() != 1) return false;
  if (!scaled.get_num().fits_slong_p()) return false;
  const long digits = scaled.get_num().get_si();
  constexpr std::array<long, 5> hundredths = {33, 66, 67, 17, 83};
  constexpr std::array<long, 5> tenths = {333, 666, 667, 167, 833};
  return token.decimals == 2
             ? std::find(hundredths.begin(), hundredths.end(), digits % 100) != hundredths.end()
             : std::find(tenths.begin(), tenths.end(), digits) != tenths.end();
}

class Evaluator {
 public:
  Evaluator(const Expression& expression, unsigned reading, const Values& values, int& steps,
            int depth = 0)
      : nodes_(expression.nodes),
        reading_(reading),
        values_(values),
        steps_(steps),
        depth_(depth) {}

  void bind(const std::string& name, const Number& value) { bound_.emplace_back(name, value); }

  std::optional<Number> at(int index, bool angle = false) const {
    if (--steps_ < 0) return std::nullopt;
    const Node& node = nodes_[static_cast<std::size_t>(index)];
    switch (node.op) {
      case Op::number:
        return literal(*node.token);
      case Op::variable:
        return variable(node.token->text);
      case Op::negate:
        return negated(node.a, angle);
      case Op::function:
        return function(node);
      case Op::apply:
        return applied(node);
      case Op::degrees: {
        const auto value = at(node.a);
        return value && (angle || (reading_ & Reading::radians) != 0) ? in_radians(*value) : value;
      }
      default:
        break;
    }
    const auto a = at(node.a, angle);
    if (!a) return std::nullopt;
    if (node.op == Op::root || node.op == Op::factorial || node.op == Op::binomial)
      steps_ -= elementary_steps;
    if (node.b < 0) return unary(node.op, *a);
    const auto b = at(node.b, angle);
    if (!b) return std::nullopt;
    auto value = binary(node.op, *a, *b);
    if (value) steps_ -= cost_of(*value);
    return value;
  }

 private:
  /// Large numbers take longer.
  static int cost_of(const Number& value) {
    constexpr std::size_t limbs_per_step = 4;
    return static_cast<int>(
        (mpz_size(value.low.get_num_mpz_t()) + mpz_size(value.low.get_den_mpz_t())) /
        limbs_per_step);
  }

  Number literal(const MathToken& token) const {
    if (values_.points_group && token.decimals == 3) return Number::exact(token.value * 1000);
    const Number value = Number::exact(token.value);
    const bool rounded = token.cut || token.decimals >= rounded_decimals ||
                         (values_.decimals_are_rounded && token.decimals > 0) ||
                         values_.rounded.contains(literal_key(token)) ||
                         (values_.parts_are_rounded && is_rounded_part(token));
    return rounded ? widened(value, unit_in_last_place(token)) : value;
  }

  std::optional<Number> variable(const std::string& name) const {
    for (const auto& [bound, value] : bound_) {
      if (bound == name) return value;
    }
    if (name == "pi") return pi();
    const auto value = values_.variables.find(name);
    return value == values_.variables.end() ? std::nullopt : std::optional(value->second);
  }

  std::optional<Number> negated(int index, bool angle) const {
    const Node& inner = nodes_[static_cast<std::size_t>(index)];
    if (is_power_of_number(nodes_, index) && (reading_ & Reading::minus_binds) != 0) {
      const auto base = at(inner.a, angle);
      const auto exponent = at(inner.b);
      if (!base || !exponent) return std::nullopt;
      return power(subtract(Number::exact(0), *base), *exponent);
    }
    const auto value = at(index, angle);
    if (!value) return std::nullopt;
    return subtract(Number::exact(0), *value);
  }

  std::optional<Number> function(const Node& node) const {
    steps_ -= elementary_steps;
    const std::string& name = node.token->text;
    const bool degrees = (reading_ & Reading::in_degrees) != 0;
    auto a = at(node.a, is_trigonometric(name));
    if (!a) return std::nullopt;
    if (node.b >= 0) {
      const auto b = at(node.b);
      if (!b) return std::nullopt;
      return name == "gcd" ? common_divisor(*a, *b) : common_multiple(*a, *b);
    }
    if (is_trigonometric(name) && degrees && is_plain_angle(nodes_, node.a)) a = in_radians(*a);
    if (!a) return std::nullopt;
    if (name == "log") return elementary((reading_ & Reading::natural_log) != 0 ? "ln" : "lg", *a);
    if (name.starts_with("log_")) {
      const auto base = base_of(name);
      return base ? logarithm(*a, *base) : std::nullopt;
    }
    auto value = elementary(name, *a);
    if (!value || !is_inverse(name) || !degrees) return value;
    value = multiply(*value, Number::exact(180));
    return value ? divide(*value, pi()) : std::nullopt;
  }

  std::optional<Number> applied(const Node& node) const {
    if (values_.definitions == nullptr || depth_ >= max_rule_depth) return std::nullopt;
    const auto a = at(node.a);
    const auto b = node.b < 0 ? a : at(node.b);
    if (!a || !b) return std::nullopt;
    const std::string& name = node.token->text;
    if (node.b < 0 && a->is_exact()) {
      for (const Values::Pinned& pinned : values_.pinned) {
        if (pinned.name == name && pinned.argument == a->low) return Number::exact(pinned.value);
      }
      if (const auto known = values_.definitions->value(name, a->low)) return Number::exact(*known);
    }
    const Definitions::Rule* rule = values_.definitions->rule(name);
    if (rule == nullptr || rule->parameters.size() != (node.b < 0 ? 1U : 2U)) return std::nullopt;
    Evaluator body(rule->body, 0, values_, steps_, depth_ + 1);
    body.bind(rule->parameters[0], subtract(*a, Number::exact(rule->offset)));
    if (node.b >= 0) body.bind(rule->parameters[1], *b);
    return body.at(rule->body.root);
  }

  std::optional<Number> unary(Op op, const Number& a) const {
    switch (op) {
      case Op::root:
        return root(a, 2);
      case Op::factorial:
        return factorial(a);
      case Op::absolute:
        return absolute_of(a);
      case Op::floor:
        return floor_of(a);
      case Op::ceiling:
        return ceiling_of(a);
      case Op::plus_minus:
        return (reading_ & Reading::lower_sign) != 0 ? subtract(Number::exact(0), a) : a;
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
      case Op::plus_minus:
        return (reading_ & Reading::lower_sign) != 0 ? subtract(a, b) : add(a, b);
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
  int& steps_;
  int depth_;
  std::vector<std::pair<std::string, Number>> bound_;  ///< parameters of the rule
};

}  // namespace

unsigned readings_of(const Expression& expression) {
  unsigned bits = 0;
  for (const Node& node : expression.nodes) {
    if (node.op == Op::percent) bits |= Reading::percent_is_plain;
    if (node.op == Op::mixed) bits |= Reading::mixed_is_product;
    if (node.op == Op::plus_minus) bits |= Reading::lower_sign;
    if (node.op == Op::degrees) bits |= Reading::radians;
    if (node.op == Op::negate && is_power_of_number(expression.nodes, node.a))
      bits |= Reading::minus_binds;
    if (node.op != Op::function) continue;
    const std::string& name = node.token->text;
    if (name == "log") bits |= Reading::natural_log;
    const bool unmarked =
        is_plain_angle(expression.nodes, node.a) || may_be_degrees(expression.nodes, node.a);
    if (is_inverse(name) || (is_trigonometric(name) && unmarked)) {
      bits |= Reading::in_degrees;
    }
  }
  return bits;
}

const MathToken* Expression::literal() const {
  int at = root;
  while (at >= 0) {
    const Node& node = nodes[static_cast<std::size_t>(at)];
    if (node.op == Op::number) return node.token;
    if (node.op != Op::negate && node.op != Op::percent && node.op != Op::degrees) return nullptr;
    at = node.a;
  }
  return nullptr;
}

std::set<std::string> Expression::variables() const {
  std::set<std::string> names;
  for (const Node& node : nodes) {
    if (node.op == Op::variable && node.token->text != "pi") names.insert(node.token->text);
  }
  return names;
}

std::set<std::string> Expression::applied() const {
  std::set<std::string> names;
  for (const Node& node : nodes) {
    if (node.op == Op::apply) names.insert(node.token->text);
  }
  return names;
}

std::string literal_key(const MathToken& token) {
  return token.value.get_str() + "/" + std::to_string(token.decimals);
}

std::optional<Number> evaluate(const Expression& expression, unsigned reading,
                               const Values& values) {
  if (values.work == nullptr) {
    int steps = max_steps;
    return Evaluator(expression, reading, values, steps).at(expression.root);
  }
  if (*values.work <= 0) return std::nullopt;
  const int allowed = static_cast<int>(std::min<long>(max_steps, *values.work));
  int steps = allowed;
  auto value = Evaluator(expression, reading, values, steps).at(expression.root);
  *values.work -= allowed - steps;
  return value;
}

}  // namespace assay::chain
