#include "evals/common/vector_readings.h"

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "evals/common/compare_expressions.h"

namespace assay::evals {
namespace {

using ValueKind = AnswerValue::Kind;
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
  const bool tuple = value.kind == ValueKind::tuple || value.kind == ValueKind::interval;
  const bool column = value.kind == ValueKind::matrix &&
                      (value.columns == 1 || value.columns == value.items.size());
  return tuple || column ? value.items.size() : 0;
}

struct Coordinate {
  std::string name;
  AnswerValue value;
};
using Coordinates = std::vector<Coordinate>;

bool is_variable(const AnswerValue& value) {
  return value.kind == ValueKind::expression && value.unit.empty() && value.expr.op == Op::symbol;
}

/// x = 1, y = 2 or (x, y) = (1, 2): each name once.
std::optional<Coordinates> named_coordinates(const AnswerValue& value) {
  Coordinates found;
  const bool equation =
      value.kind == ValueKind::relation && value.relations.size() == 1 && value.relations[0] == "=";
  if (equation && value.items[0].kind == ValueKind::tuple &&
      dimension(value.items[1]) == value.items[0].items.size()) {
    for (std::size_t i = 0; i < value.items[0].items.size(); ++i) {
      if (!is_variable(value.items[0].items[i])) return std::nullopt;
      found.push_back({value.items[0].items[i].expr.name, value.items[1].items[i]});
    }
  } else if (value.kind == ValueKind::list || value.kind == ValueKind::tuple ||
             value.kind == ValueKind::set) {
    for (const AnswerValue& item : value.items) {
      const bool named = item.kind == ValueKind::relation && item.relations.size() == 1 &&
                         item.relations[0] == "=" && is_variable(item.items[0]);
      if (!named) return std::nullopt;
      found.push_back({item.items[0].expr.name, item.items[1]});
    }
  }
  std::set<std::string_view> names;
  for (const Coordinate& one : found) names.insert(one.name);
  return found.size() > 1 && names.size() == found.size() ? std::optional(found) : std::nullopt;
}

/// What names are sorted by: x_2 before x_{10}, theta by its first letter.
std::pair<std::string, long> name_key(const std::string& name) {
  const std::size_t first = name.find_first_not_of('\\');
  const std::size_t digits = name.find_first_of("0123456789");
  if (first == std::string::npos) return {name, 0};
  const bool numbered = digits != std::string::npos && name.size() - digits < 10;
  return {name.substr(first, numbered ? digits - first : std::string::npos),
          numbered ? std::stol(name.substr(digits)) : -1};
}

/// Letters near one another name coordinates by their order; m and b, or r and theta, do not.
void sort_by_name(Coordinates& coordinates) {
  Coordinates sorted = coordinates;
  std::sort(sorted.begin(), sorted.end(), [](const Coordinate& a, const Coordinate& b) {
    return name_key(a.name) < name_key(b.name);
  });
  const auto letter = [](const Coordinate& one) { return name_key(one.name).first[0]; };
  const bool neighbours = letter(sorted.back()) - letter(sorted.front()) <= std::ssize(sorted);
  if (neighbours) coordinates = std::move(sorted);
}

AnswerValue tuple_of(Coordinates coordinates) {
  AnswerValue tuple;
  tuple.kind = ValueKind::tuple;
  for (Coordinate& one : coordinates) tuple.items.push_back(std::move(one.value));
  return tuple;
}

/// `other` in the order of `first`'s names; nothing if it has others.
std::optional<Coordinates> in_order_of(const Coordinates& first, const Coordinates& other) {
  if (first.size() != other.size()) return std::nullopt;
  Coordinates ordered;
  for (const Coordinate& one : first) {
    const auto same = std::find_if(other.begin(), other.end(),
                                   [&](const Coordinate& c) { return c.name == one.name; });
    if (same == other.end()) return std::nullopt;
    ordered.push_back(*same);
  }
  return ordered;
}

}  // namespace

std::optional<AlignedTuples> aligned_by_name(const AnswerValue& gold,
                                             const AnswerValue& prediction) {
  auto a = named_coordinates(gold);
  auto b = named_coordinates(prediction);
  if (a && b) {
    if (gold.kind == ValueKind::list && prediction.kind == ValueKind::list) return std::nullopt;
    auto ordered = in_order_of(*a, *b);
    if (!ordered) return std::nullopt;
    return AlignedTuples{tuple_of(std::move(*a)), tuple_of(std::move(*ordered))};
  }
  const auto fits = [](const std::optional<Coordinates>& named, const AnswerValue& other) {
    return named && dimension(other) == named->size();
  };
  if (fits(a, prediction)) {
    sort_by_name(*a);
    return AlignedTuples{tuple_of(std::move(*a)), prediction};
  }
  if (fits(b, gold)) {
    sort_by_name(*b);
    return AlignedTuples{gold, tuple_of(std::move(*b))};
  }
  return std::nullopt;
}

bool repeats_a_name(const AnswerValue& value) {
  std::set<std::string_view> names;
  return std::any_of(value.items.begin(), value.items.end(), [&](const AnswerValue& item) {
    const bool named = item.kind == ValueKind::relation && is_variable(item.items[0]);
    return named && !names.insert(item.items[0].expr.name).second;
  });
}

std::optional<AnswerValue> unit_vectors_as_tuple(const AnswerValue& value,
                                                 const AnswerValue& other) {
  const std::size_t n = dimension(other);
  if (value.kind != ValueKind::expression || value.incomplete || n < 2 || n > letters.size()) {
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
  tuple.kind = ValueKind::tuple;
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
  const bool point = value.kind == ValueKind::expression && call.op == Op::apply &&
                     call.name.size() == 1 && call.name[0] >= 'A' && call.name[0] <= 'Z' &&
                     call.args.size() > 1 && dimension(other) == call.args.size();
  if (!point) return std::nullopt;
  AnswerValue tuple;
  tuple.kind = ValueKind::tuple;
  for (const MathExpr& arg : call.args) tuple.items.push_back(scalar(arg));
  return tuple;
}

std::optional<AnswerValue> signed_tuple_as_list(const AnswerValue& value) {
  if (value.kind != ValueKind::tuple || value.incomplete) return std::nullopt;
  const auto is_signed = [](const AnswerValue& item) {
    return item.kind == ValueKind::expression && has_op(item.expr, Op::plus_minus);
  };
  if (std::count_if(value.items.begin(), value.items.end(), is_signed) != 1) return std::nullopt;
  const auto at = std::find_if(value.items.begin(), value.items.end(), is_signed);
  AnswerValue list;
  list.kind = ValueKind::list;
  for (MathExpr& variant : expand_signs(at->expr)) {
    list.items.push_back(value);
    list.items.back().items[static_cast<std::size_t>(at - value.items.begin())].expr =
        std::move(variant);
  }
  return list;
}

std::optional<AnswerValue> bracketed_pair_as_tuple(const AnswerValue& value,
                                                   const AnswerValue& other) {
  const bool closed = value.kind == ValueKind::interval && !value.open_low && !value.open_high;
  if (!closed || other.kind != ValueKind::matrix) return std::nullopt;
  AnswerValue tuple = value;
  tuple.kind = ValueKind::tuple;
  return tuple;
}

}  // namespace assay::evals
