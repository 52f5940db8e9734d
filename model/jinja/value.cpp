#include "model/jinja/value.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "model/jinja/text.h"

namespace assay::jinja {

int Value::depth() const {
  if (is_sequence()) return sequence().depth;
  if (is_dict()) return dict().depth;
  if (is_loop()) return loop().items->depth + 1;
  if (is_callable()) return callable().depth();
  return 0;  // a namespace too: it is owned by the rendering, not by what names it
}

Value undefined(std::string what) {
  return Value(Undefined{std::make_shared<const std::string>(std::move(what))});
}

void require_defined(const Value& value, const Budget& budget) {
  if (value.is_undefined()) budget.fail(*value.undefined().what);
}

std::string type_name(const Value& value) {
  if (value.is_none()) return "NoneType";
  if (value.is_undefined()) return "Undefined";
  if (value.is<bool>()) return "bool";
  if (value.is<std::int64_t>()) return "int";
  if (value.is<double>()) return "float";
  if (value.is_text()) return "str";
  if (value.is_dict()) return "dict";
  if (value.is_namespace()) return "Namespace";
  if (value.is_callable()) return "function";
  if (value.is_loop()) return "LoopContext";
  switch (value.sequence().kind) {
    case SequenceKind::list:
      return "list";
    case SequenceKind::tuple:
      return "tuple";
    case SequenceKind::range:
      return "range";
    case SequenceKind::generator:
      return "generator";
    case SequenceKind::view:
      return value.sequence().name;
  }
  return "list";
}

bool truthy(const Value& value) {
  if (value.is_none() || value.is_undefined()) return false;
  if (value.is<double>()) return value.real() != 0;
  if (value.is_integral()) return value.integer() != 0;
  if (value.is_text()) return !value.text().empty();
  if (value.is_dict()) return !value.dict().entries.empty();
  if (value.is_sequence()) {
    return value.sequence().kind == SequenceKind::generator || !value.sequence().items.empty();
  }
  return true;
}

namespace {

bool equal_sequences(const Value& left, const Value& right, Budget& budget) {
  const Sequence& a = left.sequence();
  const Sequence& b = right.sequence();
  const bool by_identity = a.kind == SequenceKind::generator || a.kind == SequenceKind::view;
  if (&a == &b) return true;
  if (by_identity || a.kind != b.kind || a.items.size() != b.items.size()) return false;
  for (std::size_t i = 0; i < a.items.size(); ++i) {
    if (!equals(a.items[i], b.items[i], budget)) return false;
  }
  return true;
}

bool equal_dicts(const Dict& a, const Dict& b, Budget& budget) {
  if (&a == &b) return true;
  if (a.entries.size() != b.entries.size()) return false;
  for (const auto& [key, value] : a.entries) {
    const Value* other = find_entry(b.entries, key, budget);
    if (other == nullptr || !equals(value, *other, budget)) return false;
  }
  return true;
}

template <class T>
int three_way(const T& a, const T& b) {
  return a < b ? -1 : (b < a ? 1 : 0);
}

bool is_ordered(const Value& value) {
  return value.is_sequence() && (value.sequence().kind == SequenceKind::list ||
                                 value.sequence().kind == SequenceKind::tuple);
}

}  // namespace

bool equals(const Value& a, const Value& b, Budget& budget) {
  budget.step();
  if (a.is_number() && b.is_number()) {
    if (a.is_integral() && b.is_integral()) return a.integer() == b.integer();
    return a.number() == b.number();
  }
  if (a.is_text() && b.is_text()) {
    if (a.text().size() != b.text().size()) return false;
    budget.scan(a.text().size());
    return a.text() == b.text();
  }
  if (a.is_none() || b.is_none()) return a.is_none() && b.is_none();
  if (a.is_undefined() || b.is_undefined()) return a.is_undefined() && b.is_undefined();
  if (a.is_sequence() && b.is_sequence()) return equal_sequences(a, b, budget);
  if (a.is_dict() && b.is_dict()) return equal_dicts(a.dict(), b.dict(), budget);
  if (a.is_namespace() && b.is_namespace()) return &a.space() == &b.space();
  if (a.is_callable() && b.is_callable()) return &a.callable() == &b.callable();
  if (a.is_loop() && b.is_loop()) return &a.loop() == &b.loop();
  return false;
}

int compare(const Value& a, const Value& b, std::string_view op, Budget& budget) {
  budget.step();
  require_defined(a, budget);
  require_defined(b, budget);
  if (a.is_integral() && b.is_integral()) return three_way(a.integer(), b.integer());
  if (a.is_number() && b.is_number()) return three_way(a.number(), b.number());
  if (a.is_text() && b.is_text()) {
    budget.scan(std::min(a.text().size(), b.text().size()));
    return three_way(a.text(), b.text());
  }
  if (is_ordered(a) && is_ordered(b) && a.sequence().kind == b.sequence().kind) {
    const auto& left = a.sequence().items;
    const auto& right = b.sequence().items;
    for (std::size_t i = 0; i < std::min(left.size(), right.size()); ++i) {
      if (!equals(left[i], right[i], budget)) return compare(left[i], right[i], op, budget);
    }
    return three_way(left.size(), right.size());
  }
  budget.fail(
      fmt::format("'{}' is not supported between '{}' and '{}'", op, type_name(a), type_name(b)));
}

bool contains(const Value& container, const Value& item, Budget& budget) {
  if (container.is_text()) {
    require_defined(item, budget);
    if (!item.is_text()) {
      budget.fail(fmt::format("'in <string>' needs a string on its left, not {}", type_name(item)));
    }
    budget.scan(container.text().size());
    return find_text(container.text(), item.text()) != std::string::npos;
  }
  if (container.is_undefined()) return false;
  if (container.is_dict()) {
    return find_entry(container.dict().entries, item, budget) != nullptr;
  }
  if (container.is_sequence()) {
    const Sequence& sequence = container.sequence();
    if (sequence.kind == SequenceKind::generator && std::exchange(sequence.consumed, true)) {
      return false;
    }
    return std::any_of(sequence.items.begin(), sequence.items.end(),
                       [&](const Value& element) { return equals(element, item, budget); });
  }
  budget.fail(
      fmt::format("'in' needs a string, list or dict on its right, not {}", type_name(container)));
}

const Value* find_entry(const Entries& entries, const Value& key, Budget& budget) {
  for (const auto& [name, value] : entries) {
    if (equals(name, key, budget)) return &value;
  }
  return nullptr;
}

const Value* find_entry(const Entries& entries, std::string_view key) {
  for (const auto& [name, value] : entries) {
    if (name.is_text() && name.text() == key) return &value;
  }
  return nullptr;
}

}  // namespace assay::jinja
