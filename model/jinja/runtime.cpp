#include "model/jinja/runtime.h"

#include <fmt/core.h>

#include <algorithm>

#include "model/jinja/builtins.h"
#include "model/jinja/text.h"

namespace assay::jinja {

void Scope::set(std::string_view name, Value value, Budget& budget) {
  budget.step(1 + static_cast<std::int64_t>(variables.size() / 8));
  for (auto& [known, current] : variables) {
    if (known == name) {
      current = std::move(value);
      return;
    }
  }
  budget.build(name.size() + sizeof(variables[0]));
  variables.emplace_back(std::string(name), std::move(value));
}

const Value* Scope::find(std::string_view name, Budget& budget) const {
  for (const Scope* scope = this; scope != nullptr; scope = scope->parent.get()) {
    budget.step(1 + static_cast<std::int64_t>(scope->variables.size() / 8));
    for (const auto& [known, value] : scope->variables) {
      if (known == name) return &value;
    }
  }
  return nullptr;
}

Runtime::~Runtime() {
  for (const auto& space : namespaces_) space->attributes.clear();
  for (const auto& scope : scopes_) {
    scope->variables.clear();
    scope->parent.reset();
  }
}

int Runtime::nested(int below) const {
  if (below >= kMaxValueDepth) {
    fail(fmt::format("a value is nested deeper than {} levels", kMaxValueDepth));
  }
  return below + 1;
}

Value Runtime::text(std::string text) {
  budget.build(text.size() + sizeof(std::string));
  return Value(std::move(text));
}

Value Runtime::sequence(SequenceKind kind, std::vector<Value> items, std::string name) {
  budget.build(sizeof(Sequence) + items.size() * sizeof(Value));
  int below = 0;
  for (const Value& item : items) below = std::max(below, item.depth());
  auto result = std::make_shared<Sequence>();
  result->kind = kind;
  result->depth = nested(below);
  result->items = std::move(items);
  result->name = std::move(name);
  return Value(std::shared_ptr<const Sequence>(std::move(result)));
}

Value Runtime::texts(const std::vector<std::string_view>& pieces) {
  budget.step(static_cast<std::int64_t>(pieces.size()));
  std::vector<Value> items;
  items.reserve(pieces.size());
  for (std::string_view piece : pieces) items.push_back(text(piece));
  return sequence(SequenceKind::list, std::move(items));
}

Value Runtime::dict(Entries entries) {
  budget.build(sizeof(Dict) + entries.size() * sizeof(entries[0]));
  int below = 0;
  for (const auto& [key, value] : entries) {
    below = std::max({below, key.depth(), value.depth()});
  }
  auto result = std::make_shared<Dict>();
  result->depth = nested(below);
  result->entries = std::move(entries);
  return Value(std::shared_ptr<const Dict>(std::move(result)));
}

Value Runtime::new_namespace(Entries attributes) {
  budget.build(sizeof(Namespace) + attributes.size() * sizeof(attributes[0]));
  namespaces_.push_back(std::make_shared<Namespace>());
  namespaces_.back()->attributes = std::move(attributes);
  return Value(namespaces_.back());
}

std::shared_ptr<const Sequence> Runtime::iterate(const Value& value) {
  auto items = std::make_shared<Sequence>();
  if (value.is_sequence()) {
    const Sequence& sequence = value.sequence();
    if (sequence.kind != SequenceKind::generator) return value.shared_sequence();
    if (std::exchange(sequence.consumed, true)) return items;
    return value.shared_sequence();
  }
  if (value.is_undefined()) return items;
  if (value.is_text()) {
    budget.build(value.text().size() * sizeof(std::string_view));
    return texts(characters(value.text())).shared_sequence();
  }
  if (value.is_dict()) {
    std::vector<Value> keys;
    for (const auto& entry : value.dict().entries) keys.push_back(entry.first);
    return sequence(SequenceKind::list, std::move(keys)).shared_sequence();
  }
  fail(fmt::format("'{}' object is not iterable", type_name(value)));
}

std::size_t Runtime::count(std::string_view text, std::string_view needle) {
  budget.scan(text.size());
  std::size_t found = 0;
  for (std::size_t at = find_text(text, needle); at != std::string_view::npos;
       at = find_text(text, needle, at + needle.size())) {
    budget.step();
    ++found;
  }
  return found;
}

namespace {

Value loop_attribute(const Loop& loop, std::string_view name) {
  const auto& items = loop.items->items;
  const auto length = static_cast<std::int64_t>(items.size());
  if (name == "index") return Value(loop.index0 + 1);
  if (name == "index0") return Value(loop.index0);
  if (name == "revindex") return Value(length - loop.index0);
  if (name == "revindex0") return Value(length - loop.index0 - 1);
  if (name == "first") return Value(loop.index0 == 0);
  if (name == "last") return Value(loop.index0 + 1 == length);
  if (name == "length") return Value(length);
  if (name == "depth") return Value(std::int64_t{loop.depth0} + 1);
  if (name == "depth0") return Value(std::int64_t{loop.depth0});
  if (name == "previtem") {
    return loop.index0 == 0 ? undefined("there is no previous item")
                            : items[static_cast<std::size_t>(loop.index0 - 1)];
  }
  if (name == "nextitem") {
    return loop.index0 + 1 == length ? undefined("there is no next item")
                                     : items[static_cast<std::size_t>(loop.index0 + 1)];
  }
  return undefined(fmt::format("'loop' has no attribute '{}'", name));
}

}  // namespace

Value Runtime::entry_or_method(const Value& value, std::string_view name) {
  const Value* entry = nullptr;
  if (value.is_dict()) entry = find_entry(value.dict().entries, name);
  if (value.is_namespace()) entry = find_entry(value.space().attributes, name);
  if (entry != nullptr) return *entry;
  return undefined(fmt::format("'{} object' has no attribute '{}'", type_name(value), name));
}

Value Runtime::attribute(const Value& value, std::string_view name) {
  require_defined(value, budget);
  if (value.is_loop()) {
    if (name == "cycle" || name == "changed") fail(fmt::format("loop.{} is not supported", name));
    return loop_attribute(value.loop(), name);
  }
  Value method;
  if (!value.is_namespace() && bind_method(*this, value, name, &method)) return method;
  if (value.is_dict()) budget.step(static_cast<std::int64_t>(value.dict().entries.size()));
  return entry_or_method(value, name);
}

Value Runtime::item(const Value& value, const Value& key) {
  require_defined(value, budget);
  if (value.is_dict()) {
    const Value* entry = find_entry(value.dict().entries, key, budget);
    if (entry != nullptr) return *entry;
  }
  const bool indexed =
      value.is_text() || (value.is_sequence() && value.sequence().kind != SequenceKind::generator &&
                          value.sequence().kind != SequenceKind::view);
  if (indexed && key.is_integral()) {
    if (value.is_text()) budget.step(static_cast<std::int64_t>(value.text().size() / 8));
    const std::size_t size =
        value.is_text() ? char_count(value.text()) : value.sequence().items.size();
    const auto length = static_cast<std::int64_t>(size);
    const std::int64_t index = key.integer() < 0 ? key.integer() + length : key.integer();
    if (index >= 0 && index < length) {
      const auto at = static_cast<std::size_t>(index);
      return value.is_text() ? text(nth_character(value.text(), at)) : value.sequence().items[at];
    }
  }
  if (key.is_text()) return attribute(value, key.text());
  return undefined(fmt::format("'{} object' has no element {}", type_name(value),
                               key.is_number() ? to_text(key) : type_name(key)));
}

Bound::Bound(Runtime& runtime, std::string_view callee, const Arguments& arguments,
             std::initializer_list<std::string_view> parameters, std::size_t required)
    : runtime_(runtime), callee_(callee), parameters_(parameters), values_(parameters.size()) {
  if (arguments.positional.size() > parameters_.size()) {
    runtime.fail(fmt::format("{} takes at most {} arguments, not {}", callee_, parameters_.size(),
                             arguments.positional.size()));
  }
  for (std::size_t i = 0; i < arguments.positional.size(); ++i) {
    values_[i] = &arguments.positional[i];
  }
  for (const auto& [name, value] : arguments.keywords) {
    const auto at = std::find(parameters_.begin(), parameters_.end(), name);
    if (at == parameters_.end()) {
      runtime.fail(fmt::format("{} has no argument '{}'", callee_, name));
    }
    const Value*& slot = values_[static_cast<std::size_t>(at - parameters_.begin())];
    if (slot != nullptr) runtime.fail(fmt::format("{} got '{}' twice", callee_, name));
    slot = &value;
  }
  for (std::size_t i = 0; i < required; ++i) {
    if (values_[i] == nullptr) {
      runtime.fail(fmt::format("{} needs the argument '{}'", callee_, parameters_[i]));
    }
  }
}

std::int64_t Bound::integer(std::size_t index, std::int64_t otherwise) const {
  const Value* value = values_[index];
  if (value == nullptr || value->is_none()) return otherwise;
  require_defined(*value, runtime_.budget);
  if (!value->is_integral()) {
    runtime_.fail(fmt::format("{}: '{}' must be an integer, not {}", callee_, parameters_[index],
                              type_name(*value)));
  }
  return value->integer();
}

std::optional<std::string_view> Bound::text(std::size_t index) const {
  if (!given(index)) return std::nullopt;
  require_defined(*values_[index], runtime_.budget);
  if (!values_[index]->is_text()) {
    runtime_.fail(fmt::format("{}: '{}' must be a string, not {}", callee_, parameters_[index],
                              type_name(*values_[index])));
  }
  return values_[index]->text();
}

}  // namespace assay::jinja
