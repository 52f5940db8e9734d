#include "evals/common/vector_readings.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include "evals/common/compare_expressions.h"

namespace assay::evals {
namespace {

using Kind = AnswerValue::Kind;
using Op = MathExpr::Op;

constexpr std::array<std::string_view, 3> letters = {"i", "j", "k"};

/// Which of i, j, k this leaf is; 3: none.
std::size_t axis_of(const MathExpr& expr) {
  const bool named = expr.op == Op::symbol || (expr.op == Op::constant && expr.name == "i");
  std::size_t axis = 0;
  while (axis < letters.size() && !(named && expr.name == letters[axis])) ++axis;
  return axis;
}

int count_axes(const MathExpr& expr) {
  int count = axis_of(expr) < letters.size() ? 1 : 0;
  for (const MathExpr& arg : expr.args) count += count_axes(arg);
  return count;
}

/// The coefficient of the one axis in a term, its letter replaced by 1; nothing where it stands
/// anywhere but as a factor.
std::optional<std::pair<std::size_t, MathExpr>> term(MathExpr expr) {
  if (const std::size_t axis = axis_of(expr); axis < letters.size()) {
    return std::pair(axis, make_number(1));
  }
  const bool product = expr.op == Op::multiply || expr.op == Op::negate || expr.op == Op::divide;
  if (!product || count_axes(expr) != 1) return std::nullopt;
  if (expr.op == Op::divide && count_axes(expr.args[0]) != 1) return std::nullopt;
  for (MathExpr& arg : expr.args) {
    if (count_axes(arg) == 0) continue;
    auto inner = term(std::move(arg));
    if (!inner) return std::nullopt;
    arg = std::move(inner->second);
    return std::pair(inner->first, std::move(expr));
  }
  return std::nullopt;
}

/// How many coordinates a vector has; 0: it is none.
std::size_t dimension(const AnswerValue& value) {
  const bool tuple = value.kind == Kind::tuple || value.kind == Kind::interval;
  const bool column =
      value.kind == Kind::matrix && (value.columns == 1 || value.columns == value.items.size());
  return tuple || column ? value.items.size() : 0;
}

AnswerValue scalar(MathExpr expr) {
  AnswerValue value;
  value.kind = Kind::expression;
  value.expr = std::move(expr);
  return value;
}

}  // namespace

std::optional<AnswerValue> unit_vectors_as_tuple(const AnswerValue& value,
                                                 const AnswerValue& other) {
  const std::size_t n = dimension(other);
  if (value.kind != Kind::expression || value.incomplete || n < 2 || n > letters.size()) {
    return std::nullopt;
  }
  const std::vector<MathExpr> terms =
      value.expr.op == Op::add ? value.expr.args : std::vector{value.expr};
  std::vector<std::vector<MathExpr>> sums(n);
  for (const MathExpr& expr : terms) {
    auto found = term(expr);
    if (!found || found->first >= n) return std::nullopt;
    sums[found->first].push_back(std::move(found->second));
  }
  AnswerValue tuple;
  tuple.kind = Kind::tuple;
  for (std::vector<MathExpr>& sum : sums) {
    if (sum.empty()) sum.push_back(make_number(0));
    tuple.items.push_back(
        scalar(sum.size() == 1 ? std::move(sum[0]) : make_expr(Op::add, std::move(sum))));
  }
  return tuple;
}

std::optional<AnswerValue> named_point_as_tuple(const AnswerValue& value,
                                                const AnswerValue& other) {
  const MathExpr& call = value.expr;
  const bool point = value.kind == Kind::expression && call.op == Op::apply &&
                     call.name.size() == 1 && call.name[0] >= 'A' && call.name[0] <= 'Z' &&
                     call.args.size() > 1 && dimension(other) == call.args.size();
  if (!point) return std::nullopt;
  AnswerValue tuple;
  tuple.kind = Kind::tuple;
  for (const MathExpr& arg : call.args) tuple.items.push_back(scalar(arg));
  return tuple;
}

std::optional<AnswerValue> signed_tuple_as_list(const AnswerValue& value) {
  if (value.kind != Kind::tuple || value.incomplete) return std::nullopt;
  const auto is_signed = [](const AnswerValue& item) {
    return item.kind == Kind::expression && has_op(item.expr, Op::plus_minus);
  };
  if (std::count_if(value.items.begin(), value.items.end(), is_signed) != 1) return std::nullopt;
  const auto at = std::find_if(value.items.begin(), value.items.end(), is_signed);
  AnswerValue list;
  list.kind = Kind::list;
  for (MathExpr& variant : expand_signs(at->expr)) {
    list.items.push_back(value);
    list.items.back().items[static_cast<std::size_t>(at - value.items.begin())].expr =
        std::move(variant);
  }
  return list;
}

std::optional<AnswerValue> bracketed_pair_as_tuple(const AnswerValue& value,
                                                   const AnswerValue& other) {
  const bool closed = value.kind == Kind::interval && !value.open_low && !value.open_high;
  if (!closed || other.kind != Kind::matrix) return std::nullopt;
  AnswerValue tuple = value;
  tuple.kind = Kind::tuple;
  return tuple;
}

}  // namespace assay::evals
