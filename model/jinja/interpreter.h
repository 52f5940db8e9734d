// Runs a parsed template.
#pragma once

#include <memory>
#include <string>

#include "model/jinja/ast.h"
#include "model/jinja/runtime.h"

namespace assay::jinja {

class Interpreter {
 public:
  explicit Interpreter(Runtime& runtime) : runtime_(runtime) {}

  /// Renders `block` with the variables of `scope` (and of its parents). Throws TemplateError.
  std::string render(const Block& block, std::shared_ptr<Scope> scope);
  /// A macro's call: `scope` is the one it was defined in.
  Value call_macro(const Stmt& macro, const std::shared_ptr<Scope>& scope,
                   const Arguments& arguments);

 private:
  enum class Flow { onward, leave, next };

  Flow run(const Block& block, std::string& out);
  Flow run(const Stmt& stmt, std::string& out);
  Flow run_branch(const Stmt& stmt, std::string& out);
  Flow run_loop(const Stmt& stmt, std::string& out);
  Flow run_capture(const Stmt& stmt);
  void run_macro(const Stmt& stmt);
  std::vector<Value> loop_items(const Stmt& stmt);
  void assign(const Stmt& stmt, const Value& value);
  void assign(const Target& target, const Value& value);
  void write(std::string& out, std::string_view piece);

  Value evaluate(const Expr& expr);
  Value evaluate_name(const Expr& expr);
  Value evaluate_dict(const Expr& expr);
  Value evaluate_slice(const Expr& expr);
  Value evaluate_call(const Expr& expr);
  Value evaluate_unary(const Expr& expr);
  Value evaluate_logical(const Expr& expr);
  Value evaluate_comparison(const Expr& expr);
  Value evaluate_concat(const Expr& expr);
  Value evaluate_conditional(const Expr& expr);
  std::vector<Value> evaluate_all(const Expr& expr, std::size_t first);
  Arguments evaluate_arguments(const Expr& expr);

  class ScopeGuard;

  Runtime& runtime_;
  std::shared_ptr<Scope> scope_;
};

}  // namespace assay::jinja
