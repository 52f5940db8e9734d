// What a running template needs: the budget, values made at its expense, and the owner of what may
// form cycles.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/jinja/budget.h"
#include "model/jinja/value.h"

namespace assay::jinja {

/// Variables of a block, looked up through its parents.
struct Scope {
  std::shared_ptr<Scope> parent;
  std::vector<std::pair<std::string, Value>> variables;

  void set(std::string_view name, Value value, Budget& budget);
  /// Null if no scope has it.
  const Value* find(std::string_view name, Budget& budget) const;
};

/// One rendering. Not shared between threads.
class Runtime {
 public:
  explicit Runtime(std::string date_iso) : date_iso_(std::move(date_iso)) {}
  /// Unties namespaces and captured scopes, which may refer to each other in circles.
  ~Runtime();
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  Budget budget;
  const std::string& date_iso() const { return date_iso_; }
  [[noreturn]] void fail(const std::string& message) const { budget.fail(message); }

  Value text(std::string text);
  Value text(std::string_view text) { return this->text(std::string(text)); }
  Value sequence(SequenceKind kind, std::vector<Value> items, std::string name = {});
  Value texts(const std::vector<std::string_view>& pieces);  ///< a list of strings
  Value dict(Entries entries);
  Value new_namespace(Entries attributes);
  /// A scope that a macro keeps.
  void keep(std::shared_ptr<Scope> scope) { scopes_.push_back(std::move(scope)); }

  /// The elements that a for loop would walk; a generator's are gone afterwards.
  std::shared_ptr<const Sequence> iterate(const Value& value);
  /// str(value).
  std::string to_text(const Value& value) { return jinja::to_text(value, budget); }
  /// How often `needle`, not empty, occurs in `text` without overlap; a step for each.
  std::size_t count(std::string_view text, std::string_view needle);
  /// value.name and value[key], as Jinja looks them up.
  Value attribute(const Value& value, std::string_view name);
  Value item(const Value& value, const Value& key);

 private:
  int nested(int below) const;
  Value entry_or_method(const Value& value, std::string_view name);

  std::string date_iso_;
  std::vector<std::shared_ptr<Namespace>> namespaces_;
  std::vector<std::shared_ptr<Scope>> scopes_;
};

/// Arguments matched with a signature, Python's way. Fails by name for what does not fit.
class Bound {
 public:
  /// `required` of the parameters have no default.
  Bound(Runtime& runtime, std::string_view callee, const Arguments& arguments,
        std::initializer_list<std::string_view> parameters, std::size_t required = 0);

  /// Null if not given.
  const Value* operator[](std::size_t index) const { return values_[index]; }
  bool given(std::size_t index) const { return values_[index] && !values_[index]->is_none(); }
  bool flag(std::size_t index, bool otherwise) const {
    return values_[index] ? truthy(*values_[index]) : otherwise;
  }
  std::int64_t integer(std::size_t index, std::int64_t otherwise) const;
  /// A string argument; nothing if it is absent or none.
  std::optional<std::string_view> text(std::size_t index) const;

 private:
  Runtime& runtime_;
  std::string callee_;
  std::vector<std::string_view> parameters_;
  std::vector<const Value*> values_;
};

/// a op b for + - * / // % **.
Value arithmetic(Runtime& runtime, std::string_view op, const Value& a, const Value& b);
/// value[from:to:step]; absent bounds are none. Undefined where Python raises TypeError, as Jinja
/// does for every look-up.
Value slice(Runtime& runtime, const Value& value, const Value& from, const Value& to,
            const Value& step);

}  // namespace assay::jinja
