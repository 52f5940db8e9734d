#include "evals/chain/arithmetic/definitions.h"

#include <algorithm>
#include <utility>

namespace assay::chain {
namespace {

using Op = Expression::Op;
using Node = Expression::Node;

/// More values of one function than these are not remembered.
constexpr std::size_t max_values = 1000;

}  // namespace

const Definitions::Rule* Definitions::rule(const std::string& name) const {
  const auto found = rules_.find(name);
  return found == rules_.end() ? nullptr : &found->second;
}

std::optional<mpq_class> Definitions::value(const std::string& name,
                                            const mpq_class& argument) const {
  const auto function = values_.find(name);
  if (function == values_.end()) return std::nullopt;
  const auto found = function->second.find(argument);
  return found == function->second.end() ? std::nullopt : std::optional(found->second);
}

void Definitions::define(const std::string& name, Rule rule) {
  rules_.insert_or_assign(name, std::move(rule));
}

void Definitions::state(const std::string& name, const mpq_class& argument,
                        const mpq_class& value) {
  auto& known = values_[name];
  if (known.size() < max_values) known.insert_or_assign(argument, value);
}

void Definitions::forget(const std::string& name) {
  rules_.erase(name);
  values_.erase(name);
}

bool has_cases(const Expression& expression, const Definitions& definitions) {
  const auto tells_apart = [](const Node& n) {
    return n.op == Op::absolute || n.op == Op::floor || n.op == Op::ceiling;
  };
  return std::any_of(expression.nodes.begin(), expression.nodes.end(), [&](const Node& n) {
    if (n.op != Op::apply) return tells_apart(n);
    // One level: rules that are made of rules are rare.
    const Definitions::Rule* rule = definitions.rule(n.token->text);
    return rule != nullptr &&
           std::any_of(rule->body.nodes.begin(), rule->body.nodes.end(), tells_apart);
  });
}

bool uses_given_number(const Expression& left, const Expression& right,
                       const Definitions& definitions) {
  const auto has = [](const Expression& expression, const mpq_class& value) {
    return std::any_of(expression.nodes.begin(), expression.nodes.end(), [&](const Node& n) {
      return n.op == Op::number && n.token->value == value;
    });
  };
  return std::any_of(right.nodes.begin(), right.nodes.end(), [&](const Node& n) {
    return n.op == Op::number && definitions.is_given(n.token->value) && !has(left, n.token->value);
  });
}

std::optional<Definitions::Rule> rule_head(const Expression& left) {
  if (left.root < 0) return std::nullopt;
  const Node& head = left.node(left.root);
  if (head.op != Op::apply) return std::nullopt;
  Definitions::Rule rule;
  int first = head.a;
  const Node& argument = left.node(first);
  if ((argument.op == Op::add || argument.op == Op::subtract) && head.b < 0 &&
      left.node(argument.b).op == Op::number) {
    const mpq_class& shift = left.node(argument.b).token->value;
    rule.offset = argument.op == Op::add ? shift : mpq_class(-shift);
    first = argument.a;
  }
  for (const int parameter : {first, head.b}) {
    if (parameter < 0) continue;
    if (left.node(parameter).op != Op::variable) return std::nullopt;
    const std::string& name = left.node(parameter).token->text;
    if (name == "pi" || name == "e" || name == "i") return std::nullopt;
    rule.parameters.push_back(name);
  }
  if (rule.parameters.size() == 2 && rule.parameters[0] == rule.parameters[1]) return std::nullopt;
  return rule;
}

}  // namespace assay::chain
