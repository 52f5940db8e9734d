#include "evals/common/answer_sets.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "evals/common/compare_expressions.h"
#include "evals/common/interval_eval.h"

namespace assay::evals {
namespace {

using ValueKind = AnswerValue::Kind;
using Op = MathExpr::Op;
using Pieces = std::optional<std::vector<AnswerValue>>;

AnswerValue infinity(bool negative) {
  MathExpr expr = make_constant("infinity");
  if (negative) expr = make_expr(Op::negate, {std::move(expr)});
  return scalar(std::move(expr));
}

AnswerValue interval(AnswerValue low, bool open_low, AnswerValue high, bool open_high) {
  AnswerValue value;
  value.kind = ValueKind::interval;
  value.items.push_back(std::move(low));
  value.items.push_back(std::move(high));
  value.open_low = open_low;
  value.open_high = open_high;
  return value;
}

bool is_unknown(const AnswerValue& value) {
  return value.kind == ValueKind::expression && value.unit.empty() && value.expr.op == Op::symbol;
}

bool is_bound(const AnswerValue& value) {
  return value.kind == ValueKind::expression && symbols_of(value.expr).empty();
}

bool is_less(const std::string& name) {
  return name == "<" || name == "<=";
}
bool is_greater(const std::string& name) {
  return name == ">" || name == ">=";
}
bool is_strict(const std::string& name) {
  return name.size() == 1;
}

/// The a of x - a (0 of x alone), or nothing.
std::optional<MathExpr> centre_of(const MathExpr& expr) {
  if (expr.op == Op::symbol) return make_number(0);
  if (expr.op != Op::add || expr.args.size() != 2) return std::nullopt;
  const bool unknown_first = expr.args[0].op == Op::symbol;
  const MathExpr& unknown = expr.args[unknown_first ? 0 : 1];
  const MathExpr& shift = expr.args[unknown_first ? 1 : 0];
  if (unknown.op != Op::symbol || !symbols_of(shift).empty()) return std::nullopt;
  return make_expr(Op::negate, {shift});
}

/// |x| < 3, |x - 1| >= 3.
Pieces absolute_inequality(const AnswerValue& value) {
  if (value.items.size() != 2 || !is_bound(value.items[1])) return std::nullopt;
  const AnswerValue& left = value.items[0];
  const bool absolute =
      left.kind == ValueKind::expression && left.expr.op == Op::function && left.expr.name == "abs";
  const std::string& name = value.relations[0];
  if (!absolute || !(is_less(name) || is_greater(name))) return std::nullopt;
  const std::optional<MathExpr> centre = centre_of(left.expr.args[0]);
  if (!centre) return std::nullopt;
  const MathExpr& radius = value.items[1].expr;
  const AnswerValue high = scalar(make_expr(Op::add, {*centre, radius}));
  const AnswerValue low = scalar(make_expr(Op::add, {*centre, make_expr(Op::negate, {radius})}));
  const bool open = is_strict(name);
  if (is_less(name)) return std::vector{interval(low, open, high, open)};
  return std::vector{interval(infinity(true), true, low, open),
                     interval(high, open, infinity(false), true)};
}

/// x < 3, 1 <= x < 3, x != 3.
Pieces inequality(const AnswerValue& value) {
  const auto& names = value.relations;
  const auto& items = value.items;
  if (Pieces absolute = absolute_inequality(value)) return absolute;
  if (items.size() == 2) {
    const bool unknown_first = is_unknown(items[0]) && is_bound(items[1]);
    if (!unknown_first && !(is_unknown(items[1]) && is_bound(items[0]))) return std::nullopt;
    const AnswerValue& bound = items[unknown_first ? 1 : 0];
    if (names[0] == "!=") {
      return std::vector{interval(infinity(true), true, bound, true),
                         interval(bound, true, infinity(false), true)};
    }
    if (!is_less(names[0]) && !is_greater(names[0])) return std::nullopt;
    const bool below = is_less(names[0]) == unknown_first;
    const bool open = is_strict(names[0]);
    return std::vector{below ? interval(infinity(true), true, bound, open)
                             : interval(bound, open, infinity(false), true)};
  }
  if (items.size() != 3 || !is_unknown(items[1]) || !is_bound(items[0]) || !is_bound(items[2])) {
    return std::nullopt;
  }
  if (is_less(names[0]) && is_less(names[1])) {
    return std::vector{interval(items[0], is_strict(names[0]), items[2], is_strict(names[1]))};
  }
  if (is_greater(names[0]) && is_greater(names[1])) {
    return std::vector{interval(items[2], is_strict(names[1]), items[0], is_strict(names[0]))};
  }
  return std::nullopt;
}

bool is_all_reals(const AnswerValue& value) {
  return value.kind == ValueKind::expression && value.expr.op == Op::symbol &&
         value.expr.name == "\\mathbb{R}";
}

/// \mathbb{R}_{>0} and its kin: the ray.
std::optional<AnswerValue> ray_of(const AnswerValue& value) {
  if (value.kind != ValueKind::expression || value.expr.op != Op::symbol) return std::nullopt;
  const std::string& name = value.expr.name;
  const bool strict = name == "\\mathbb{R}_{>0}" || name == "\\mathbb{R}_{+}";
  if (!strict && name != "\\mathbb{R}_{\\ge0}") return std::nullopt;
  return interval(scalar(make_number(0)), strict, infinity(false), true);
}

bool is_infinite(const AnswerValue& value) {
  const MathExpr& expr = value.expr;
  return expr.name == "infinity" || (expr.args.size() == 1 && expr.args[0].name == "infinity");
}

/// The rational that a bound is as written, to sort by.
std::optional<mpq_class> rational_of(const MathExpr& expr) {
  if (expr.op == Op::number) return expr.value;
  if (expr.op == Op::negate) {
    const auto inner = rational_of(expr.args[0]);
    if (inner) return mpq_class(-*inner);
  }
  if (expr.op == Op::divide) {
    const auto top = rational_of(expr.args[0]);
    const auto bottom = rational_of(expr.args[1]);
    if (top && bottom && *bottom != 0) return mpq_class(*top / *bottom);
  }
  return std::nullopt;
}

/// -1: below, 0: equal, 1: above; nothing where an end or the point is no plain rational.
std::optional<int> side_of(const AnswerValue& end, const mpq_class& point) {
  if (end.kind != ValueKind::expression) return std::nullopt;
  if (is_infinite(end)) return end.expr.op == Op::negate ? -1 : 1;
  const auto value = rational_of(end.expr);
  if (!value) return std::nullopt;
  return *value < point ? -1 : *value == point ? 0 : 1;
}

/// One interval without a point: itself, with an end opened, or in two.
Pieces interval_without(const AnswerValue& piece, const AnswerValue& point) {
  if (piece.kind != ValueKind::interval || point.kind != ValueKind::expression) return std::nullopt;
  const bool line = is_infinite(piece.items[0]) && is_infinite(piece.items[1]);
  const auto value = rational_of(point.expr);
  if (!value && !line) return std::nullopt;
  // Any point lies inside the whole line.
  const auto low = line ? -1 : side_of(piece.items[0], *value);
  const auto high = line ? 1 : side_of(piece.items[1], *value);
  if (!low || !high) return std::nullopt;
  if (*low > 0 || *high < 0) return std::vector{piece};
  AnswerValue open = piece;
  if (*low == 0) open.open_low = true;
  if (*high == 0) open.open_high = true;
  if (*low == 0 || *high == 0) return std::vector{open};
  return std::vector{interval(piece.items[0], piece.open_low, point, true),
                     interval(point, true, piece.items[1], piece.open_high)};
}

/// `pieces` without `points`.
Pieces pieces_without(std::vector<AnswerValue> pieces, const std::vector<AnswerValue>& points) {
  for (const AnswerValue& point : points) {
    std::vector<AnswerValue> left;
    for (const AnswerValue& piece : pieces) {
      Pieces parts = interval_without(piece, point);
      if (!parts) return std::nullopt;
      std::move(parts->begin(), parts->end(), std::back_inserter(left));
    }
    pieces = std::move(left);
  }
  return pieces;
}

/// The whole line without one interval.
Pieces outside_of(const AnswerValue& piece) {
  std::vector<AnswerValue> parts;
  if (piece.kind != ValueKind::interval) return std::nullopt;
  if (!is_infinite(piece.items[0])) {
    parts.push_back(interval(infinity(true), true, piece.items[0], !piece.open_low));
  }
  if (!is_infinite(piece.items[1])) {
    parts.push_back(interval(piece.items[1], !piece.open_high, infinity(false), true));
  }
  return parts;
}

/// -1, 0, 1: how two ends lie on the line; nothing where that cannot be told.
std::optional<int> order_of(const AnswerValue& a, const AnswerValue& b) {
  if (a.kind != ValueKind::expression || b.kind != ValueKind::expression || !a.unit.empty() ||
      !b.unit.empty()) {
    return std::nullopt;
  }
  const auto side = [](const AnswerValue& end) {
    return !is_infinite(end) ? 0 : end.expr.op == Op::negate ? -1 : 1;
  };
  if (side(a) != 0 || side(b) != 0) return side(a) < side(b) ? -1 : side(a) > side(b) ? 1 : 0;
  const auto x = rational_of(a.expr);
  const auto y = rational_of(b.expr);
  if (x && y) return *x < *y ? -1 : *x > *y ? 1 : 0;
  if (!is_bound(a) || !is_bound(b)) return std::nullopt;
  if (compare_expressions(a.expr, b.expr).verdict == Verdict::equal) return 0;
  long work = 0;
  const Evaluation evaluation{128, nullptr, true, &work};
  const std::optional<Box> left = evaluate(a.expr, evaluation);
  const std::optional<Box> right = evaluate(b.expr, evaluation);
  const bool apart = left && right && left->real && right->real && left->disjoint(*right);
  if (!apart) return std::nullopt;
  return mpfi_cmp(left->re.get(), right->re.get()) < 0 ? -1 : 1;
}

/// A point as the closed interval from itself to itself.
AnswerValue as_interval(const AnswerValue& piece) {
  return piece.kind == ValueKind::interval ? piece : interval(piece, false, piece, false);
}

/// Whether `a` begins left of `b`; a closed end before an open one.
std::optional<bool> begins_before(const AnswerValue& a, const AnswerValue& b) {
  const auto order = order_of(a.items[0], b.items[0]);
  if (!order) return std::nullopt;
  return *order < 0 || (*order == 0 && !a.open_low && b.open_low);
}

/// By their left ends; false where two cannot be put in order.
bool sort_pieces(std::vector<AnswerValue>& pieces) {
  for (std::size_t i = 1; i < pieces.size(); ++i) {
    for (std::size_t j = i; j > 0; --j) {
      const auto before = begins_before(pieces[j], pieces[j - 1]);
      if (!before) return false;
      if (!*before) break;
      std::swap(pieces[j], pieces[j - 1]);
    }
  }
  return true;
}

std::vector<AnswerValue> whole_line() {
  return {interval(infinity(true), true, infinity(false), true)};
}

/// x > 1 and x < 3: two rays that meet.
Pieces intersection_of_rays(const std::vector<AnswerValue>& pieces) {
  if (pieces.size() != 2 || pieces[0].kind != ValueKind::interval ||
      pieces[1].kind != ValueKind::interval) {
    return std::nullopt;
  }
  const bool first_low = is_infinite(pieces[1].items[0]) && is_infinite(pieces[0].items[1]);
  const bool second_low = is_infinite(pieces[0].items[0]) && is_infinite(pieces[1].items[1]);
  if (first_low == second_low) return std::nullopt;
  const AnswerValue& low = pieces[first_low ? 0 : 1];
  const AnswerValue& high = pieces[first_low ? 1 : 0];
  return std::vector{interval(low.items[0], low.open_low, high.items[1], high.open_high)};
}

Pieces of_all(const std::vector<AnswerValue>& items) {
  std::vector<AnswerValue> result;
  for (const AnswerValue& item : items) {
    Pieces part = real_pieces(item);
    if (!part) return std::nullopt;
    std::move(part->begin(), part->end(), std::back_inserter(result));
  }
  return result;
}

/// x = 2
bool is_point(const AnswerValue& value) {
  return value.relations.size() == 1 && value.relations[0] == "=" && is_unknown(value.items[0]) &&
         is_bound(value.items[1]);
}

bool is_inequality(const AnswerValue& value) {
  return value.kind == ValueKind::relation && value.relations[0] != "=" &&
         inequality(value).has_value();
}

}  // namespace

bool is_real_set(const AnswerValue& value) {
  switch (value.kind) {
    case ValueKind::interval:
    case ValueKind::union_of:
    case ValueKind::set_algebra:
      return true;
    case ValueKind::relation:
      return is_inequality(value) || (value.relations[0] == "in" && value.items.size() == 2);
    case ValueKind::list:
      return std::all_of(value.items.begin(), value.items.end(), is_inequality);
    default:
      return is_all_reals(value) || ray_of(value).has_value();
  }
}

std::vector<AnswerValue> merged_pieces(std::vector<AnswerValue> pieces) {
  constexpr std::size_t most_pieces = 64;
  if (pieces.size() < 2 || pieces.size() > most_pieces) return pieces;
  std::vector<AnswerValue> sorted;
  sorted.reserve(pieces.size());
  for (const AnswerValue& piece : pieces) sorted.push_back(as_interval(piece));
  if (!sort_pieces(sorted)) return pieces;
  std::vector<AnswerValue> out;
  for (AnswerValue& piece : sorted) {
    const auto gap = out.empty() ? 1 : order_of(piece.items[0], out.back().items[1]);
    if (!gap) return pieces;
    const bool joins = *gap < 0 || (*gap == 0 && (!piece.open_low || !out.back().open_high));
    if (!joins || out.empty()) {
      out.push_back(std::move(piece));
      continue;
    }
    const auto further = order_of(piece.items[1], out.back().items[1]);
    if (!further) return pieces;
    if (*further == 0) out.back().open_high = out.back().open_high && piece.open_high;
    if (*further <= 0) continue;
    out.back().items[1] = piece.items[1];
    out.back().open_high = piece.open_high;
  }
  if (out.size() == pieces.size()) return pieces;  // nothing met: points stay points
  for (AnswerValue& piece : out) {
    const bool point = !piece.open_low && !piece.open_high &&
                       order_of(piece.items[0], piece.items[1]) == std::optional(0);
    if (!point) continue;
    AnswerValue value = std::move(piece.items[0]);
    piece = std::move(value);
  }
  return out;
}

std::optional<std::vector<AnswerValue>> real_pieces(const AnswerValue& value) {
  if (is_all_reals(value)) return whole_line();
  if (auto ray = ray_of(value)) return std::vector{std::move(*ray)};
  switch (value.kind) {
    case ValueKind::interval:
      return std::vector{value};
    case ValueKind::tuple:
      if (value.items.size() != 2) return std::nullopt;
      return std::vector{interval(value.items[0], true, value.items[1], true)};
    case ValueKind::union_of:
      return of_all(value.items);
    case ValueKind::set:
      return value.items;
    case ValueKind::expression:
      return std::vector{value};
    case ValueKind::relation:
      if (value.relations.size() == 1 && value.relations[0] == "in") {
        return real_pieces(value.items[1]);
      }
      if (is_point(value)) return std::vector{value.items[1]};
      return inequality(value);
    case ValueKind::list: {
      Pieces all = of_all(value.items);
      // "x > -1, x < 1": a comma joins what together would be the whole line.
      if (!all || value.text == "or") return all;
      Pieces both = intersection_of_rays(*all);
      const auto order = both ? order_of((*both)[0].items[0], (*both)[0].items[1]) : std::nullopt;
      const bool meant = value.text == "and" || (order && *order < 0);
      return both && meant ? both : all;
    }
    case ValueKind::set_algebra: {
      const bool without = value.relations.size() == 1 && value.relations[0] == "\\setminus";
      const AnswerValue& removed = value.items[1];
      Pieces from = real_pieces(value.items[0]);
      if (!without || !from) return std::nullopt;
      if (is_all_reals(value.items[0]) && removed.kind == ValueKind::interval) {
        return outside_of(removed);
      }
      if (is_all_reals(value.items[0]) && removed.kind == ValueKind::tuple &&
          removed.items.size() == 2) {
        return outside_of(interval(removed.items[0], true, removed.items[1], true));
      }
      if (removed.kind != ValueKind::set) return std::nullopt;
      return pieces_without(std::move(*from), removed.items);
    }
    default:
      return std::nullopt;
  }
}

}  // namespace assay::evals
