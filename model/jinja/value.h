// The values of a template: Python's, as far as templates use them.
//
// Strings, lists and dicts are immutable and shared (Jinja's immutable sandbox forbids changing
// them); only namespaces change. Every value knows how deeply it is nested, and depth is limited,
// so that recursion over a value, its destruction included, is bounded.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "model/jinja/budget.h"

namespace assay::jinja {

class Callable;
struct Dict;
struct Loop;
struct Namespace;
struct Sequence;

/// A name or attribute that is not there: empty text, false, an empty list, and an error in
/// arithmetic. `what` says what was missing.
struct Undefined {
  std::shared_ptr<const std::string> what;
};
struct None {};

using Text = std::shared_ptr<const std::string>;

class Value {
 public:
  Value() : data_(None{}) {}
  explicit Value(Undefined undefined) : data_(std::move(undefined)) {}
  explicit Value(bool value) : data_(value) {}
  explicit Value(std::int64_t value) : data_(value) {}
  explicit Value(double value) : data_(value) {}
  explicit Value(std::string text) : data_(std::make_shared<const std::string>(std::move(text))) {}
  explicit Value(std::shared_ptr<const Sequence> sequence) : data_(std::move(sequence)) {}
  explicit Value(std::shared_ptr<const Dict> dict) : data_(std::move(dict)) {}
  explicit Value(std::shared_ptr<Namespace> space) : data_(std::move(space)) {}
  explicit Value(std::shared_ptr<const Callable> callable) : data_(std::move(callable)) {}
  explicit Value(std::shared_ptr<const Loop> loop) : data_(std::move(loop)) {}

  template <class T>
  bool is() const {
    return std::holds_alternative<T>(data_);
  }
  bool is_undefined() const { return is<Undefined>(); }
  bool is_none() const { return is<None>(); }
  bool is_text() const { return is<Text>(); }
  /// bool, int or float; Python's bool is an int.
  bool is_number() const { return is<bool>() || is<std::int64_t>() || is<double>(); }
  bool is_integral() const { return is<bool>() || is<std::int64_t>(); }

  /// The alternative asked for must be the one held.
  const std::string& text() const { return *std::get<Text>(data_); }
  const Sequence& sequence() const { return *std::get<std::shared_ptr<const Sequence>>(data_); }
  std::shared_ptr<const Sequence> shared_sequence() const {
    return std::get<std::shared_ptr<const Sequence>>(data_);
  }
  const Dict& dict() const { return *std::get<std::shared_ptr<const Dict>>(data_); }
  Namespace& space() const { return *std::get<std::shared_ptr<Namespace>>(data_); }
  const Callable& callable() const { return *std::get<std::shared_ptr<const Callable>>(data_); }
  const Loop& loop() const { return *std::get<std::shared_ptr<const Loop>>(data_); }
  bool boolean() const { return std::get<bool>(data_); }
  double real() const { return std::get<double>(data_); }
  const Undefined& undefined() const { return std::get<Undefined>(data_); }
  bool is_sequence() const { return is<std::shared_ptr<const Sequence>>(); }
  bool is_dict() const { return is<std::shared_ptr<const Dict>>(); }
  bool is_namespace() const { return is<std::shared_ptr<Namespace>>(); }
  bool is_callable() const { return is<std::shared_ptr<const Callable>>(); }
  bool is_loop() const { return is<std::shared_ptr<const Loop>>(); }

  /// Of a bool or an int.
  std::int64_t integer() const {
    return is<bool>() ? std::int64_t{boolean()} : std::get<std::int64_t>(data_);
  }
  /// Of any number.
  double number() const { return is<double>() ? real() : static_cast<double>(integer()); }

  /// How many levels of values lie below this one.
  int depth() const;

 private:
  std::variant<None, Undefined, bool, std::int64_t, double, Text, std::shared_ptr<const Sequence>,
               std::shared_ptr<const Dict>, std::shared_ptr<Namespace>,
               std::shared_ptr<const Callable>, std::shared_ptr<const Loop>>
      data_;
};

using Entries = std::vector<std::pair<Value, Value>>;

enum class SequenceKind {
  list,
  tuple,
  range,
  generator,  ///< what lazy filters and items() return: can be walked once, has no length
  view        ///< dict.keys(), values(), items(): has a length, no index
};

struct Sequence {
  SequenceKind kind = SequenceKind::list;
  std::vector<Value> items;
  int depth = 1;
  std::string name;               ///< "dict_items" of a view
  mutable bool consumed = false;  ///< of a generator
};

/// In order of insertion. Small (a message, a tool), so look-ups walk it.
struct Dict {
  Entries entries;
  int depth = 1;
};

struct Namespace {
  Entries attributes;
};

/// The `loop` variable.
struct Loop {
  std::shared_ptr<const Sequence> items;
  std::int64_t index0 = 0;
  int depth0 = 0;
};

/// Arguments of a call, evaluated.
struct Arguments {
  std::vector<Value> positional;
  std::vector<std::pair<std::string, Value>> keywords;
};

class Runtime;

/// A macro, a function of the environment, or a method bound to its object.
class Callable {
 public:
  virtual ~Callable() = default;
  virtual Value call(Runtime& runtime, const Arguments& arguments) const = 0;
  /// For messages: "macro 'm'".
  virtual std::string describe() const = 0;
  virtual int depth() const { return 0; }
};

Value undefined(std::string what);
/// Fails if the value is undefined: what Python does to most uses of an undefined name.
void require_defined(const Value& value, const Budget& budget);

/// Python's type name, for messages: "str", "list", "dict".
std::string type_name(const Value& value);
bool truthy(const Value& value);
/// ==; walks at the budget's expense.
bool equals(const Value& a, const Value& b, Budget& budget);
/// Below, equal or above 0; fails for types that Python does not order. `op` is for the message.
int compare(const Value& a, const Value& b, std::string_view op, Budget& budget);
/// `item in container`.
bool contains(const Value& container, const Value& item, Budget& budget);
/// The entry's value, or null.
const Value* find_entry(const Entries& entries, const Value& key, Budget& budget);
const Value* find_entry(const Entries& entries, std::string_view key);

/// str(value).
std::string to_text(const Value& value, Budget& budget);
/// repr(value).
std::string repr(const Value& value, Budget& budget);

struct JsonStyle {
  std::string indent;  ///< one level's
  bool pretty = false;
  bool ensure_ascii = false;
  bool sort_keys = false;
  std::string item_separator = ", ";
  std::string key_separator = ": ";
};
/// json.dumps(value).
std::string to_json(const Value& value, const JsonStyle& style, Budget& budget);

}  // namespace assay::jinja
