#include "evals/common/answer_value.h"

#include <algorithm>

namespace assay::evals {
namespace {

using ValueKind = AnswerValue::Kind;
using Op = MathExpr::Op;

bool any_expr(const MathExpr& expr, bool (*holds)(const MathExpr&)) {
  return holds(expr) || std::any_of(expr.args.begin(), expr.args.end(),
                                    [holds](const MathExpr& arg) { return any_expr(arg, holds); });
}

bool is_imaginary_unit(const MathExpr& expr) {
  return expr.op == Op::constant && expr.name == "i";
}

/// What leaves the field of rational functions over Q.
bool is_transcendental(const MathExpr& expr) {
  switch (expr.op) {
    case Op::root:
    case Op::function:
    case Op::apply:
    case Op::factorial:
    case Op::degrees:
    case Op::plus_minus:
    case Op::minus_plus:
      return true;
    case Op::constant:
      return expr.name != "i";
    case Op::power:
      return expr.args[1].op != Op::number && expr.args[1].op != Op::negate;
    default:
      return false;
  }
}

std::string expression_type(const AnswerValue& value) {
  if (value.unit == "%") return "percent";
  if (value.unit == "degree") return "degree";
  if (!value.unit.empty()) return "with unit";
  const MathExpr* expr = &value.expr;
  while (expr->op == Op::negate) expr = &expr->args[0];
  if (expr->op == Op::number) {
    if (expr->decimals >= 0 || expr->scientific) return "decimal";
    return expr->value.get_den() == 1 ? "integer" : "rational";
  }
  const bool plain = !any_expr(*expr, is_transcendental);
  if (symbols_of(*expr).empty()) {
    if (any_expr(*expr, is_imaginary_unit)) return "complex";
    return plain ? "rational" : "constant";
  }
  return plain ? "rational function" : "function";
}

std::string joined_items(const AnswerValue& value) {
  std::string out;
  for (const AnswerValue& item : value.items) {
    if (!out.empty()) out += ", ";
    out += value_text(item);
  }
  return out;
}

std::string infix_items(const AnswerValue& value) {
  std::string out;
  for (std::size_t i = 0; i < value.items.size(); ++i) {
    if (i > 0) {
      const bool known = i - 1 < value.relations.size();
      out += ' ' + (known ? value.relations[i - 1] : std::string("or")) + ' ';
    }
    out += value_text(value.items[i]);
  }
  return out;
}

std::string matrix_text(const AnswerValue& value) {
  std::string out = "[";
  for (std::size_t i = 0; i < value.items.size(); ++i) {
    if (i > 0) out += i % value.columns == 0 ? "; " : ", ";
    out += value_text(value.items[i]);
  }
  return out + "]";
}

/// "x", "f(x)", "a_n", "AB", "P(A)", "m + n": what a value may be given a name by.
bool is_name(const AnswerValue& value) {
  if (value.kind == ValueKind::choice || value.kind == ValueKind::text) return true;
  if (!is_scalar(value) || !value.unit.empty()) return false;
  const MathExpr& expr = value.expr;
  const auto all_symbols = [](const MathExpr& sum) {
    return std::all_of(sum.args.begin(), sum.args.end(),
                       [](const MathExpr& arg) { return arg.op == Op::symbol; });
  };
  if (expr.op == Op::symbol || expr.op == Op::apply) return true;
  if (expr.op == Op::function && expr.name == "abs") return true;
  if ((expr.op == Op::add || expr.op == Op::multiply) && all_symbols(expr)) return true;
  return false;
}

}  // namespace

AnswerValue scalar(MathExpr expr) {
  AnswerValue value;
  value.kind = ValueKind::expression;
  value.expr = std::move(expr);
  return value;
}

bool is_constant(const AnswerValue& value) {
  return is_scalar(value) && symbols_of(value.expr).empty();
}

const AnswerValue* assigned_value(const AnswerValue& value) {
  if (value.kind != ValueKind::relation) return nullptr;
  if (value.relations.size() == 1 && value.relations[0] == "in") return &value.items[1];
  // a \equiv 3 (mod 7) gives a the residue class of 3.
  const bool congruence = value.relations.size() == 1 && value.relations[0] == "equiv" &&
                          value.items[1].unit.starts_with("mod ");
  if (congruence && is_name(value.items[0])) return &value.items[1];
  const bool equations = std::all_of(value.relations.begin(), value.relations.end(),
                                     [](const std::string& name) { return name == "="; });
  if (!equations) return nullptr;
  const bool named = is_name(value.items[0]) || (value.items[0].kind == ValueKind::tuple);
  const bool arithmetic = std::all_of(value.items.begin(), value.items.end(), is_constant);
  return named || arithmetic ? &value.items.back() : nullptr;
}

std::string answer_type(const AnswerValue& value) {
  switch (value.kind) {
    case ValueKind::expression:
      return expression_type(value);
    case ValueKind::tuple:
      return "tuple";
    case ValueKind::list:
      return "list";
    case ValueKind::set:
      return "set";
    case ValueKind::interval:
      return "interval";
    case ValueKind::union_of:
    case ValueKind::set_algebra:
      return "union";
    case ValueKind::matrix:
      return "matrix";
    case ValueKind::relation: {
      const auto is = [&](const char* name) {
        return std::find(value.relations.begin(), value.relations.end(), name) !=
               value.relations.end();
      };
      if (is("in")) return "membership";
      return is("=") ? "equation" : "inequality";
    }
    case ValueKind::base_n:
      return "base-n";
    case ValueKind::ratio:
      return "ratio";
    case ValueKind::choice:
      return "choice";
    case ValueKind::text:
      break;
  }
  return "text";
}

std::string value_text(const AnswerValue& value) {
  switch (value.kind) {
    case ValueKind::expression:
      return expr_text(value.expr) + (value.unit.empty() ? "" : " " + value.unit);
    case ValueKind::tuple:
      return "(" + joined_items(value) + ")";
    case ValueKind::list:
      return joined_items(value);
    case ValueKind::set:
      return "{" + joined_items(value) + "}";
    case ValueKind::interval:
      return (value.open_low ? "(" : "[") + joined_items(value) + (value.open_high ? ")" : "]");
    case ValueKind::union_of:
    case ValueKind::set_algebra:
    case ValueKind::relation:
      return infix_items(value);
    case ValueKind::matrix:
      return matrix_text(value);
    case ValueKind::base_n:
      return value.text + "_" + std::to_string(value.base);
    case ValueKind::ratio: {
      std::string out;
      for (const AnswerValue& item : value.items)
        out += (out.empty() ? "" : ":") + value_text(item);
      return out;
    }
    case ValueKind::choice:
    case ValueKind::text:
      break;
  }
  return value.text;
}

}  // namespace assay::evals
