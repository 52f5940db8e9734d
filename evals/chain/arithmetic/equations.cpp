#include "evals/chain/arithmetic/equations.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "evals/chain/arithmetic/wording.h"

namespace assay::chain {
namespace {

using Op = Expression::Op;
using Node = Expression::Node;

/// The points of identical(): rational ones beyond 1, some between 0 and 1 (for roots and inverse
/// functions), small integers (for exponents), and larger ones (for factorials).
constexpr int point_rounds = 9;

mpq_class coordinate(int variable, int round) {
  mpq_class value;
  if (round < 3) {
    value = mpq_class(7 * variable + 5 * round + 3, 4 * variable + 2 * round + 1);
  } else if (round < 5) {
    value = mpq_class(variable + 2 * round - 5, 3 * variable + 11 * round - 26);
  } else if (round < 7) {
    value = 2 * variable + round - 3;
  } else {
    value = 5 * variable + 3 * round;
  }
  value.canonicalize();
  return value;
}

/// Variables in alphabetical order get the values of that round.
void set_point(const std::set<std::string>& variables, int round, Values& values) {
  int i = 0;
  for (const std::string& name : variables) {
    values.variables[name] = Number::exact(coordinate(i++, round));
  }
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

bool is_sum(const Expression& expression, int index) {
  if (index < 0) return false;
  const Op op = expression.node(index).op;
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

/// Logarithms obey the same laws whatever the base, angles whatever the unit.
bool has_one_reading(const Expression& expression) {
  return (readings_of(expression) & ~(Reading::natural_log | Reading::radians)) == 0;
}

}  // namespace

std::optional<bool> identical(const Expression& left, const Expression& right,
                              const Values& values) {
  const std::set<std::string> variables = left.variables();
  if (variables.empty() || variables != right.variables()) return std::nullopt;
  if (has_special_letter(variables)) return std::nullopt;
  if (left.ambiguous || right.ambiguous) return std::nullopt;
  if (!has_one_reading(left) || !has_one_reading(right)) return std::nullopt;
  constexpr int enough = 3;
  int tried = 0;
  Values point = values;
  for (int round = 0; round < point_rounds && tried < enough; ++round) {
    set_point(variables, round, point);
    const auto a = evaluate(left, 0, point);
    if (!a) continue;
    const auto b = evaluate(right, 0, point);
    if (!b) continue;
    ++tried;
    if (!overlap(*a, *b)) return false;
  }
  return tried > 0 ? std::optional(true) : std::nullopt;
}

bool simplifies(const Expression& from, const Expression& to) {
  if (from.nodes.size() <= 3) return false;
  const bool counts = std::any_of(from.nodes.begin(), from.nodes.end(), [](const Node& n) {
    return n.op == Op::factorial || n.op == Op::binomial;
  });
  return counts || has_inner_sum(from) || terms(from) > terms(to);
}

bool expands_alike(const Expression& left, const Expression& right, std::size_t least,
                   const Values& values) {
  const auto a = polynomial_of(left, nullptr, left.variables(), values);
  const auto b = polynomial_of(right, nullptr, right.variables(), values);
  return a && b && a->degree() >= least && a->degree() == b->degree() &&
         a->coefficients.back() == b->coefficients.back();
}

std::optional<Derivations::Equation> Derivations::read(const Expression& left,
                                                       const Expression& right) const {
  std::set<std::string> variables = left.variables();
  variables.merge(right.variables());
  if (variables.empty() || has_special_letter(variables)) return std::nullopt;
  if (left.ambiguous || right.ambiguous) return std::nullopt;
  if (!left.applied().empty() || !right.applied().empty()) return std::nullopt;
  Equation out;
  auto polynomial = polynomial_of(left, &right, variables, values_);
  if (!polynomial || polynomial->degree() == 0) return std::nullopt;
  out.polynomial = std::move(*polynomial);
  out.variables = std::move(variables);
  // "x = 2" is a result, from which nothing else of x follows.
  out.ends = left.nodes.size() == 1 && right.variables().empty();
  out.bare_right = right.literal() != nullptr;
  if (out.ends && out.bare_right) out.decimals = right.literal()->decimals;
  return out;
}

std::optional<Derivations::Finding> Derivations::next(const Expression& left,
                                                      const Expression& right, ByteSpan span) {
  auto now = read(left, right);
  if (!now) {
    interrupt();
    return std::nullopt;
  }
  now->span = span;
  std::optional<Finding> finding;
  const bool near = before_ && before_->variables == now->variables &&
                    span.begin >= before_->span.end &&
                    span.begin - before_->span.end <= max_branch_bytes;
  // "2s = 200, 2s = 240": what 2s may be.
  const bool lists =
      near && before_->bare_right && now->bare_right && left_of(before_->span) == left_of(span);
  if (near && !lists && !before_->ends && !before_->ends_branch &&
      derives(before_->span.end, span.begin)) {
    finding = judge(*before_, *now);
    // "(x - 2)(x - 3) = 0, x - 2 = 0, x = 3": the second root.
    const bool other_root = finding && !finding->holds && source_ &&
                            source_->variables == now->variables &&
                            judge(*source_, *now).value_or(Finding{false, {}}).holds;
    if (other_root) finding.reset();
  } else if (near) {
    // "x - 8 = 12 or x - 8 = -12": what comes next may belong to either.
    now->ends_branch = true;
  }
  if (now->polynomial.degree() > 1) source_ = now;
  before_ = std::move(now);
  return finding;
}

std::optional<Derivations::Finding> Derivations::judge(const Equation& before,
                                                       const Equation& now) const {
  const std::size_t degree = before.polynomial.degree();
  const std::string& variable = *now.variables.begin();
  if (now.variables.size() > 1) {
    // Another equation between the same variables, unless the text says that it was transformed.
    const bool holds = before.polynomial.proportional(now.polynomial);
    if (holds) return Finding{};
    const std::size_t from = before.span.end;
    const std::string between = lower(text_.substr(from, now.span.begin - from));
    if (degree != now.polynomial.degree() || !mentions(between, transforming) ||
        mentions(between, combining)) {
      return std::nullopt;
    }
    return Finding{false, "it is not the equation before in another form"};
  }
  if (now.polynomial.degree() == 1) {
    const auto& c = now.polynomial.coefficients;
    const mpq_class x = -c[0] / c[1];
    if (degree > 1) {
      if (now.decimals > 0 || before.polynomial.at(x) == 0) return Finding{};
      return Finding{
          false, fmt::format("{} = {} does not solve the equation before", variable, x.get_str())};
    }
    const auto& b = before.polynomial.coefficients;
    const mpq_class expected = -b[0] / b[1];
    mpz_class scale;
    mpz_ui_pow_ui(scale.get_mpz_t(), 10, static_cast<unsigned long>(std::max(now.decimals, 0)));
    const bool rounded = now.decimals > 0 && abs(mpq_class((x - expected) * scale)) <= 1;
    if (x == expected || rounded) return Finding{};
    return Finding{false, fmt::format("{} = {} by the equation before, not {}", variable,
                                      expected.get_str(), x.get_str())};
  }
  if (degree != now.polynomial.degree() || is_list(before.span.end, now.span.begin))
    return std::nullopt;
  if (before.polynomial.proportional(now.polynomial)) return Finding{};
  return Finding{false, "it has not the solutions of the equation before"};
}

std::string_view Derivations::left_of(ByteSpan equation) const {
  const std::string_view text = slice(text_, equation);
  return text.substr(0, std::min(text.size(), text.find('=')));
}

/// "x^2 - 1 = 0, x^2 - 4 = 0"
bool Derivations::is_list(std::size_t from, std::size_t to) const {
  const std::string_view between = text_.substr(from, to - from);
  return between.find(',') != std::string_view::npos &&
         between.find_first_not_of(" ,;$\\()") == std::string_view::npos;
}

/// Whether what stands between two equations says that the second follows from the first alone.
bool Derivations::derives(std::size_t from, std::size_t to) const {
  if (to < from || to - from > max_derivation_bytes) return false;
  std::string between = " " + lower(text_.substr(from, to - from)) + " ";
  for (const std::string_view solving : {"solving for ", "solve for "}) {
    const std::size_t at = between.find(solving);
    if (at != std::string::npos) between.erase(at, solving.size());
  }
  // "for x we obtain", "for x gives": solved for it, not another case.
  for (const std::string& variable : before_->variables) {
    for (const std::string_view open : {"$", "\\( ", "\\(", ""}) {
      const std::string phrase = fmt::format(" for {}{}", open, variable);
      const std::size_t at = between.find(phrase);
      const std::size_t next =
          at == std::string::npos ? at : between.find_first_not_of(" $\\)", at + phrase.size());
      const bool letter = next != std::string::npos && between[next] >= 'a' && between[next] <= 'z';
      if (letter && next > at + phrase.size()) between.erase(at, phrase.size());
    }
  }
  return !mentions(between, new_starts);
}

}  // namespace assay::chain
