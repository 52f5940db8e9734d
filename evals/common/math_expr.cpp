#include "evals/common/math_expr.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <string_view>
#include <utility>

namespace assay::evals {
namespace {

using Op = MathExpr::Op;

constexpr std::string_view function_names[] = {
    "sin",    "cos",    "tan",    "cot",    "sec",    "csc",      "arcsin",     "arccos",
    "arctan", "arccot", "arcsec", "arccsc", "sinh",   "cosh",     "tanh",       "coth",
    "sech",   "csch",   "arsinh", "arcosh", "artanh", "exp",      "ln",         "log",
    "abs",    "floor",  "ceil",   "gcd",    "lcm",    "binomial", "factorial2", "re",
    "im",     "conj",   "arg",    "sgn",    "max",    "min"};

std::string joined_args(const MathExpr& expr, std::string_view separator) {
  std::string out;
  for (const MathExpr& arg : expr.args) {
    if (!out.empty()) out += separator;
    out += expr_text(arg);
  }
  return out;
}

std::string prefix_text(std::string_view prefix, const MathExpr& expr) {
  return std::string(prefix) + "(" + joined_args(expr, ", ") + ")";
}

std::string infix_text(std::string_view infix, const MathExpr& expr) {
  return "(" + joined_args(expr, infix) + ")";
}

void collect_symbols(const MathExpr& expr, std::set<std::string>& names) {
  if (expr.op == Op::symbol) names.insert(expr.name);
  if (expr.op == Op::apply) names.insert(expr.name + "()");
  for (const MathExpr& arg : expr.args) collect_symbols(arg, names);
}

}  // namespace

bool is_known_function(const std::string& name) {
  return std::find(std::begin(function_names), std::end(function_names), name) !=
         std::end(function_names);
}

MathExpr make_number(mpq_class value) {
  MathExpr expr;
  expr.op = Op::number;
  expr.value = std::move(value);
  return expr;
}

MathExpr make_symbol(std::string name) {
  MathExpr expr;
  expr.op = Op::symbol;
  expr.name = std::move(name);
  return expr;
}

MathExpr make_constant(std::string name) {
  MathExpr expr;
  expr.op = Op::constant;
  expr.name = std::move(name);
  return expr;
}

MathExpr make_expr(Op op, std::vector<MathExpr> args) {
  MathExpr expr;
  expr.op = op;
  expr.args = std::move(args);
  return expr;
}

MathExpr make_function(std::string name, std::vector<MathExpr> args) {
  MathExpr expr = make_expr(Op::function, std::move(args));
  expr.name = std::move(name);
  return expr;
}

std::string expr_text(const MathExpr& expr) {
  switch (expr.op) {
    case Op::number:
      return expr.value.get_str();
    case Op::symbol:
    case Op::constant:
      return expr.name;
    case Op::add:
      return infix_text(" + ", expr);
    case Op::multiply:
      return infix_text("*", expr);
    case Op::negate:
      return "-" + expr_text(expr.args[0]);
    case Op::divide:
      return infix_text("/", expr);
    case Op::power:
      return infix_text("^", expr);
    case Op::root:
      if (expr.args[1].op == Op::number && expr.args[1].value == 2) {
        return "sqrt(" + expr_text(expr.args[0]) + ")";
      }
      return prefix_text("root", expr);
    case Op::function:
    case Op::apply:
      return prefix_text(expr.name, expr);
    case Op::factorial:
      return expr_text(expr.args[0]) + "!";
    case Op::plus_minus:
      return prefix_text("+-", expr);
    case Op::minus_plus:
      return prefix_text("-+", expr);
    case Op::degrees:
      return expr_text(expr.args[0]) + " degrees";
    case Op::percent:
      return expr_text(expr.args[0]) + "%";
    case Op::hole:
      break;
  }
  return "?";
}

bool has_op(const MathExpr& expr, Op op) {
  return expr.op == op || std::any_of(expr.args.begin(), expr.args.end(),
                                      [op](const MathExpr& arg) { return has_op(arg, op); });
}

std::vector<std::string> symbols_of(const MathExpr& expr) {
  std::set<std::string> names;
  collect_symbols(expr, names);
  return {names.begin(), names.end()};
}

}  // namespace assay::evals
