// Statements.
#include "model/jinja/interpreter.h"

#include <fmt/core.h>

#include "model/jinja/builtins.h"

namespace assay::jinja {

/// Makes `scope` the current one until the guard ends.
class Interpreter::ScopeGuard {
 public:
  ScopeGuard(Interpreter& interpreter, std::shared_ptr<Scope> scope)
      : interpreter_(interpreter), outer_(std::move(interpreter.scope_)) {
    interpreter_.scope_ = std::move(scope);
  }
  ~ScopeGuard() { interpreter_.scope_ = std::move(outer_); }
  ScopeGuard(const ScopeGuard&) = delete;
  ScopeGuard& operator=(const ScopeGuard&) = delete;
  const std::shared_ptr<Scope>& outer() const { return outer_; }

 private:
  Interpreter& interpreter_;
  std::shared_ptr<Scope> outer_;
};

namespace {

std::shared_ptr<Scope> child_of(const std::shared_ptr<Scope>& parent) {
  auto scope = std::make_shared<Scope>();
  scope->parent = parent;
  return scope;
}

class Macro : public Callable {
 public:
  Macro(Interpreter& interpreter, const Stmt& stmt, std::shared_ptr<Scope> scope)
      : interpreter_(interpreter), stmt_(stmt), scope_(std::move(scope)) {}
  Value call(Runtime&, const Arguments& arguments) const override {
    return interpreter_.call_macro(stmt_, scope_, arguments);
  }
  std::string describe() const override { return fmt::format("macro '{}'", stmt_.name); }

 private:
  Interpreter& interpreter_;
  const Stmt& stmt_;
  std::shared_ptr<Scope> scope_;
};

}  // namespace

std::string Interpreter::render(const Block& block, std::shared_ptr<Scope> scope) {
  const ScopeGuard guard(*this, std::move(scope));
  std::string out;
  run(block, out);
  return out;
}

Interpreter::Flow Interpreter::run(const Block& block, std::string& out) {
  for (const StmtPtr& stmt : block) {
    const Flow flow = run(*stmt, out);
    if (flow != Flow::onward) return flow;
  }
  return Flow::onward;
}

Interpreter::Flow Interpreter::run(const Stmt& stmt, std::string& out) {
  const Budget::Level level(runtime_.budget);
  runtime_.budget.line = stmt.line;
  runtime_.budget.step();
  switch (stmt.kind) {
    case StmtKind::text:
      write(out, stmt.name);
      return Flow::onward;
    case StmtKind::output: {
      const Value value = evaluate(*stmt.exprs[0]);
      runtime_.budget.line = stmt.line;
      write(out, value.is_text() ? value.text() : runtime_.to_text(value));
      return Flow::onward;
    }
    case StmtKind::branch:
      return run_branch(stmt, out);
    case StmtKind::loop:
      return run_loop(stmt, out);
    case StmtKind::assign:
      assign(stmt, evaluate(*stmt.exprs[0]));
      return Flow::onward;
    case StmtKind::capture:
      return run_capture(stmt);
    case StmtKind::macro:
      run_macro(stmt);
      return Flow::onward;
    case StmtKind::generation: {
      const ScopeGuard guard(*this, child_of(scope_));
      return run(stmt.blocks[0], out);
    }
    case StmtKind::leave:
      return Flow::leave;
    case StmtKind::next:
      return Flow::next;
  }
  return Flow::onward;
}

void Interpreter::write(std::string& out, std::string_view piece) {
  runtime_.budget.output(out.size(), piece.size());
  out.append(piece);
}

Interpreter::Flow Interpreter::run_branch(const Stmt& stmt, std::string& out) {
  for (std::size_t i = 0; i < stmt.exprs.size(); ++i) {
    if (truthy(evaluate(*stmt.exprs[i]))) return run(stmt.blocks[i], out);
  }
  return stmt.blocks.size() > stmt.exprs.size() ? run(stmt.blocks.back(), out) : Flow::onward;
}

// What the loop will walk: its filter has been applied.
std::vector<Value> Interpreter::loop_items(const Stmt& stmt) {
  const Value iterable = evaluate(*stmt.exprs[0]);
  runtime_.budget.line = stmt.line;
  const auto all = runtime_.iterate(iterable);
  runtime_.budget.build(all->items.size() * sizeof(Value));
  if (!stmt.exprs[1]) return all->items;
  std::vector<Value> kept;
  for (const Value& item : all->items) {
    runtime_.budget.step();
    const ScopeGuard guard(*this, child_of(scope_));
    assign(stmt, item);
    if (truthy(evaluate(*stmt.exprs[1]))) kept.push_back(item);
  }
  return kept;
}

Interpreter::Flow Interpreter::run_loop(const Stmt& stmt, std::string& out) {
  const Value sequence = runtime_.sequence(SequenceKind::list, loop_items(stmt));
  const auto items = sequence.shared_sequence();
  Flow flow = Flow::onward;
  for (std::size_t i = 0; i < items->items.size() && flow != Flow::leave; ++i) {
    runtime_.budget.line = stmt.line;
    runtime_.budget.step();
    auto loop = std::make_shared<Loop>();
    loop->items = items;
    loop->index0 = static_cast<std::int64_t>(i);
    const ScopeGuard guard(*this, child_of(scope_));
    scope_->set("loop", Value(std::shared_ptr<const Loop>(std::move(loop))), runtime_.budget);
    assign(stmt, items->items[i]);
    flow = run(stmt.blocks[0], out);
  }
  if (items->items.empty() && stmt.blocks.size() > 1) {
    const ScopeGuard guard(*this, child_of(scope_));
    return run(stmt.blocks[1], out);
  }
  return Flow::onward;
}

Interpreter::Flow Interpreter::run_capture(const Stmt& stmt) {
  std::string captured;
  {
    const ScopeGuard guard(*this, child_of(scope_));
    const Flow flow = run(stmt.blocks[0], captured);
    if (flow != Flow::onward) return flow;
  }
  Value value = runtime_.text(std::move(captured));
  if (stmt.exprs[0]) {
    const ScopeGuard guard(*this, child_of(scope_));
    scope_->set("", value, runtime_.budget);
    value = evaluate(*stmt.exprs[0]);
  }
  assign(stmt, value);
  return Flow::onward;
}

void Interpreter::run_macro(const Stmt& stmt) {
  runtime_.keep(scope_);
  runtime_.budget.build(sizeof(Macro));
  std::shared_ptr<const Callable> macro = std::make_shared<Macro>(*this, stmt, scope_);
  scope_->set(stmt.name, Value(std::move(macro)), runtime_.budget);
}

Value Interpreter::call_macro(const Stmt& macro, const std::shared_ptr<Scope>& scope,
                              const Arguments& arguments) {
  const Budget::Level level(runtime_.budget);
  const std::string callee = fmt::format("macro '{}'", macro.name);
  const std::size_t count = macro.targets.size();
  std::vector<const Value*> given(count);
  if (arguments.positional.size() > count) {
    runtime_.fail(fmt::format("{} takes at most {} arguments", callee, count));
  }
  for (std::size_t i = 0; i < arguments.positional.size(); ++i) given[i] = &arguments.positional[i];
  for (const auto& [name, value] : arguments.keywords) {
    std::size_t at = 0;
    while (at < count && macro.targets[at].name != name) ++at;
    if (at == count) runtime_.fail(fmt::format("{} has no argument '{}'", callee, name));
    if (given[at] != nullptr) runtime_.fail(fmt::format("{} got '{}' twice", callee, name));
    given[at] = &value;
  }
  const ScopeGuard guard(*this, child_of(scope));
  const std::size_t first_default = count - macro.exprs.size();
  for (std::size_t i = 0; i < count; ++i) {
    const std::string& name = macro.targets[i].name;
    Value value = undefined(fmt::format("parameter '{}' was not provided", name));
    if (given[i] != nullptr) {
      value = *given[i];
    } else if (i >= first_default) {
      value = evaluate(*macro.exprs[i - first_default]);
    }
    scope_->set(name, std::move(value), runtime_.budget);
  }
  std::string out;
  run(macro.blocks[0], out);
  return runtime_.text(std::move(out));
}

void Interpreter::assign(const Stmt& stmt, const Value& value) {
  runtime_.budget.line = stmt.line;
  if (!stmt.unpack) return assign(stmt.targets[0], value);
  const auto parts = runtime_.iterate(value);
  if (parts->items.size() != stmt.targets.size()) {
    runtime_.fail(fmt::format("{} values cannot be unpacked into {} variables", parts->items.size(),
                              stmt.targets.size()));
  }
  for (std::size_t i = 0; i < stmt.targets.size(); ++i) {
    assign(stmt.targets[i], parts->items[i]);
  }
}

void Interpreter::assign(const Target& target, const Value& value) {
  if (target.attribute.empty()) return scope_->set(target.name, value, runtime_.budget);
  const Value* space = scope_->find(target.name, runtime_.budget);
  if (space == nullptr || !space->is_namespace()) {
    runtime_.fail(fmt::format("'{}' is no namespace, so '{}.{}' cannot be set", target.name,
                              target.name, target.attribute));
  }
  Entries& attributes = space->space().attributes;
  runtime_.budget.step(1 + static_cast<std::int64_t>(attributes.size() / 8));
  for (auto& [name, current] : attributes) {
    if (name.is_text() && name.text() == target.attribute) {
      current = value;
      return;
    }
  }
  attributes.emplace_back(runtime_.text(target.attribute), value);
}

}  // namespace assay::jinja
