#include "evals/chain/arithmetic/equations.h"

#include <algorithm>
#include <array>

namespace assay::chain {
namespace {

using Op = Expression::Op;
using Node = Expression::Node;

/// Variables in alphabetical order get these values, shifted by the round.
Values point(const std::set<std::string>& variables, int round) {
  Values values;
  int i = 0;
  for (const std::string& name : variables) {
    mpq_class value(7 * i + 5 * round + 3, 4 * i + 2 * round + 1);
    value.canonicalize();
    values.variables[name] = Number::exact(value);
    ++i;
  }
  return values;
}

/// Letters that stand for numbers with laws of their own, which a rational point does not obey.
bool has_special_letter(const std::set<std::string>& variables) {
  constexpr std::array<const char*, 6> special = {"i", "omega", "zeta", "e", "d", "j"};
  return std::any_of(special.begin(), special.end(), [&](const char* name) {
    return std::any_of(variables.begin(), variables.end(), [&](const std::string& variable) {
      return variable == name || variable.starts_with(std::string(name) + "_");
    });
  });
}

const Node& node(const Expression& expression, int index) {
  return expression.nodes[static_cast<std::size_t>(index)];
}

bool is_sum(const Expression& expression, int index) {
  if (index < 0) return false;
  const Op op = node(expression, index).op;
  return op == Op::add || op == Op::subtract;
}

/// A product, quotient or power of a sum: brackets that can be multiplied out or cancelled.
bool has_inner_sum(const Expression& expression) {
  return std::any_of(expression.nodes.begin(), expression.nodes.end(), [&](const Node& n) {
    const bool scales = n.op == Op::multiply || n.op == Op::divide || n.op == Op::power;
    return scales && (is_sum(expression, n.a) || (n.op != Op::power && is_sum(expression, n.b)));
  });
}

std::size_t terms(const Expression& expression) {
  return 1 + static_cast<std::size_t>(std::count_if(
                 expression.nodes.begin(), expression.nodes.end(),
                 [](const Node& n) { return n.op == Op::add || n.op == Op::subtract; }));
}

/// left - right at variable = x.
std::optional<mpq_class> difference_at(const Expression& left, const Expression& right,
                                       const std::string& variable, const mpq_class& x) {
  Values values;
  values.variables[variable] = Number::exact(x);
  const auto a = evaluate(left, 0, values);
  const auto b = evaluate(right, 0, values);
  if (!a || !b || !a->is_exact() || !b->is_exact()) return std::nullopt;
  return a->low - b->low;
}

}  // namespace

std::optional<bool> identical(const Expression& left, const Expression& right) {
  const std::set<std::string> variables = left.variables();
  if (variables.empty() || variables != right.variables()) return std::nullopt;
  if (has_special_letter(variables)) return std::nullopt;
  if (left.ambiguous || right.ambiguous) return std::nullopt;
  if (readings_of(left) != 0 || readings_of(right) != 0) return std::nullopt;
  constexpr int rounds = 3;
  bool tried = false;
  for (int round = 0; round < rounds; ++round) {
    const Values values = point(variables, round);
    const auto a = evaluate(left, 0, values);
    const auto b = evaluate(right, 0, values);
    if (!a || !b) continue;
    tried = true;
    if (!overlap(*a, *b)) return false;
  }
  return tried ? std::optional(true) : std::nullopt;
}

bool simplifies(const Expression& from, const Expression& to) {
  if (from.nodes.size() <= 3) return false;
  return has_inner_sum(from) || terms(from) > terms(to);
}

std::optional<LinearEquation> linear_equation(const Expression& left, const Expression& right) {
  std::set<std::string> variables = left.variables();
  variables.merge(right.variables());
  if (variables.size() != 1 || has_special_letter(variables) || left.ambiguous || right.ambiguous)
    return std::nullopt;
  if (readings_of(left) != 0 || readings_of(right) != 0) return std::nullopt;
  const std::string& variable = *variables.begin();
  std::array<mpq_class, 4> at;
  const std::array<mpq_class, 4> points = {mpq_class(1), mpq_class(2), mpq_class(4), mpq_class(11)};
  for (std::size_t i = 0; i < points.size(); ++i) {
    const auto value = difference_at(left, right, variable, points[i]);
    if (!value) return std::nullopt;
    at[i] = *value;
  }
  const mpq_class slope = at[1] - at[0];
  for (std::size_t i = 2; i < points.size(); ++i) {
    if (at[i] != at[0] + slope * (points[i] - points[0])) return std::nullopt;
  }
  if (slope == 0) return std::nullopt;
  return LinearEquation{variable, points[0] - at[0] / slope};
}

}  // namespace assay::chain
