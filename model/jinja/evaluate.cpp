// Expressions.
#include <fmt/core.h>

#include "model/jinja/builtins.h"
#include "model/jinja/interpreter.h"

namespace assay::jinja {

Value Interpreter::evaluate(const Expr& expr) {
  const Budget::Level level(runtime_.budget);
  runtime_.budget.step();
  runtime_.budget.line = expr.line;
  switch (expr.kind) {
    case ExprKind::constant:
      return expr.constant;
    case ExprKind::name:
      return evaluate_name(expr);
    case ExprKind::list:
      return runtime_.sequence(SequenceKind::list, evaluate_all(expr, 0));
    case ExprKind::tuple:
      return runtime_.sequence(SequenceKind::tuple, evaluate_all(expr, 0));
    case ExprKind::dict:
      return evaluate_dict(expr);
    case ExprKind::attribute: {
      const Value object = evaluate(*expr.parts[0]);
      runtime_.budget.line = expr.line;
      return runtime_.attribute(object, expr.name);
    }
    case ExprKind::item: {
      const Value object = evaluate(*expr.parts[0]);
      const Value key = evaluate(*expr.parts[1]);
      return runtime_.item(object, key);
    }
    case ExprKind::slice:
      return evaluate_slice(expr);
    case ExprKind::call:
      return evaluate_call(expr);
    case ExprKind::filter: {
      const Value input = evaluate(*expr.parts[0]);
      const Arguments arguments = evaluate_arguments(expr);
      runtime_.budget.line = expr.line;
      return find_filter(expr.name)(runtime_, input, arguments);
    }
    case ExprKind::test: {
      const Value input = evaluate(*expr.parts[0]);
      const Arguments arguments = evaluate_arguments(expr);
      runtime_.budget.line = expr.line;
      return Value(find_test(expr.name)(runtime_, input, arguments));
    }
    case ExprKind::unary:
      return evaluate_unary(expr);
    case ExprKind::binary: {
      const Value left = evaluate(*expr.parts[0]);
      const Value right = evaluate(*expr.parts[1]);
      runtime_.budget.line = expr.line;
      return arithmetic(runtime_, expr.name, left, right);
    }
    case ExprKind::logical:
      return evaluate_logical(expr);
    case ExprKind::comparison:
      return evaluate_comparison(expr);
    case ExprKind::concat:
      return evaluate_concat(expr);
    case ExprKind::conditional:
      return evaluate_conditional(expr);
  }
  return Value();
}

std::vector<Value> Interpreter::evaluate_all(const Expr& expr, std::size_t first) {
  std::vector<Value> values;
  for (std::size_t i = first; i < expr.parts.size(); ++i) {
    values.push_back(evaluate(*expr.parts[i]));
  }
  return values;
}

Arguments Interpreter::evaluate_arguments(const Expr& expr) {
  Arguments arguments;
  arguments.positional = evaluate_all(expr, 1);
  for (const auto& [name, value] : expr.keywords) {
    arguments.keywords.emplace_back(name, evaluate(*value));
  }
  return arguments;
}

Value Interpreter::evaluate_name(const Expr& expr) {
  if (const Value* value = scope_->find(expr.name, runtime_.budget)) return *value;
  if (const Value* value = find_entry(global_functions(), expr.name)) return *value;
  return undefined(fmt::format("'{}' is undefined", expr.name));
}

Value Interpreter::evaluate_dict(const Expr& expr) {
  Entries entries;
  for (std::size_t i = 0; i < expr.parts.size(); i += 2) {
    const Value key = evaluate(*expr.parts[i]);
    Value value = evaluate(*expr.parts[i + 1]);
    const bool hashable = !key.is_dict() && !key.is_namespace() &&
                          (!key.is_sequence() || key.sequence().kind == SequenceKind::tuple);
    if (!hashable) runtime_.fail(fmt::format("'{}' cannot be a dict's key", type_name(key)));
    bool known = false;
    for (auto& entry : entries) {
      if (!equals(entry.first, key, runtime_.budget)) continue;
      entry.second = value;
      known = true;
    }
    if (!known) entries.emplace_back(key, std::move(value));
  }
  return runtime_.dict(std::move(entries));
}

Value Interpreter::evaluate_slice(const Expr& expr) {
  const auto bound = [&](std::size_t i) {
    return expr.parts[i] ? evaluate(*expr.parts[i]) : Value();
  };
  const Value object = evaluate(*expr.parts[0]);
  const Value from = bound(1);
  const Value to = bound(2);
  const Value step = bound(3);
  return slice(runtime_, object, from, to, step);
}

Value Interpreter::evaluate_call(const Expr& expr) {
  const Value callee = evaluate(*expr.parts[0]);
  const Arguments arguments = evaluate_arguments(expr);
  runtime_.budget.line = expr.line;
  require_defined(callee, runtime_.budget);
  if (!callee.is_callable()) {
    runtime_.fail(fmt::format("'{}' object is not callable", type_name(callee)));
  }
  return callee.callable().call(runtime_, arguments);
}

Value Interpreter::evaluate_unary(const Expr& expr) {
  const Value value = evaluate(*expr.parts[0]);
  if (expr.name == "not") return Value(!truthy(value));
  require_defined(value, runtime_.budget);
  if (!value.is_number()) {
    runtime_.fail(fmt::format("'{}' is not supported on '{}'", expr.name, type_name(value)));
  }
  if (value.is<double>()) return Value(expr.name == "-" ? -value.real() : value.real());
  if (expr.name == "+") return Value(value.integer());
  return arithmetic(runtime_, "-", Value(std::int64_t{0}), value);
}

Value Interpreter::evaluate_logical(const Expr& expr) {
  Value left = evaluate(*expr.parts[0]);
  if (truthy(left) == (expr.name == "or")) return left;
  return evaluate(*expr.parts[1]);
}

Value Interpreter::evaluate_comparison(const Expr& expr) {
  Value left = evaluate(*expr.parts[0]);
  for (std::size_t i = 0; i < expr.names.size(); ++i) {
    const Value right = evaluate(*expr.parts[i + 1]);
    const std::string& op = expr.names[i];
    bool holds = false;
    if (op == "==" || op == "!=") {
      holds = equals(left, right, runtime_.budget) == (op == "==");
    } else if (op == "in" || op == "not in") {
      holds = contains(right, left, runtime_.budget) == (op == "in");
    } else {
      const int order = compare(left, right, op, runtime_.budget);
      holds = op == "<" ? order < 0 : op == "<=" ? order <= 0 : op == ">" ? order > 0 : order >= 0;
    }
    if (!holds) return Value(false);
    left = right;
  }
  return Value(true);
}

Value Interpreter::evaluate_concat(const Expr& expr) {
  std::string out;
  for (const auto& part : expr.parts) {
    const Value value = evaluate(*part);
    const std::string text = runtime_.to_text(value);
    runtime_.budget.build(text.size());
    out += text;
  }
  return Value(std::move(out));
}

Value Interpreter::evaluate_conditional(const Expr& expr) {
  if (truthy(evaluate(*expr.parts[1]))) return evaluate(*expr.parts[0]);
  if (expr.parts[2]) return evaluate(*expr.parts[2]);
  return undefined("the inline if-expression has no else branch, and its condition is false");
}

}  // namespace assay::jinja
