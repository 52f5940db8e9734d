// The tests behind "is".
#include <fmt/core.h>

#include <array>
#include <cmath>

#include "model/jinja/builtins.h"
#include "model/jinja/text.h"

namespace assay::jinja {
namespace {

void no_arguments(Runtime& runtime, const Arguments& arguments) {
  const Bound args(runtime, "the test", arguments, {});
}

const Value& one_argument(const Arguments& arguments, Runtime& runtime) {
  const Bound args(runtime, "the test", arguments, {"other"}, 1);
  return *args[0];
}

template <bool (*Predicate)(const Value&)>
bool simple(Runtime& runtime, const Value& input, const Arguments& arguments) {
  no_arguments(runtime, arguments);
  return Predicate(input);
}

bool is_defined(const Value& value) {
  return !value.is_undefined();
}
bool is_missing(const Value& value) {
  return value.is_undefined();
}
bool is_none_value(const Value& value) {
  return value.is_none();
}
bool is_string(const Value& value) {
  return value.is_text();
}
bool is_mapping(const Value& value) {
  return value.is_dict();
}
bool is_any_number(const Value& value) {
  return value.is_number();
}
bool is_integer(const Value& value) {
  return value.is<std::int64_t>();
}
bool is_real(const Value& value) {
  return value.is<double>();
}
bool is_boolean(const Value& value) {
  return value.is<bool>();
}
bool is_true(const Value& value) {
  return value.is<bool>() && value.boolean();
}
bool is_false(const Value& value) {
  return value.is<bool>() && !value.boolean();
}
// As Python sees them: its classes of undefined names and of `loop` have a call operator.
bool is_a_callable(const Value& value) {
  return value.is_callable() || value.is_undefined() || value.is_loop();
}
bool is_iterable(const Value& value) {
  return value.is_text() || value.is_dict() || value.is_sequence() || value.is_undefined() ||
         value.is_loop();
}
// Python asks for a length and an index.
bool is_indexed(const Value& value) {
  if (value.is_sequence()) {
    return value.sequence().kind != SequenceKind::generator &&
           value.sequence().kind != SequenceKind::view;
  }
  return value.is_text() || value.is_dict() || value.is_undefined();
}

bool is_upper_text(Runtime& runtime, const Value& input, const Arguments& arguments) {
  no_arguments(runtime, arguments);
  return is_upper(runtime.to_text(input));
}
bool is_lower_text(Runtime& runtime, const Value& input, const Arguments& arguments) {
  no_arguments(runtime, arguments);
  return is_lower(runtime.to_text(input));
}

bool divisible(Runtime& runtime, const Value& input, std::int64_t by, std::int64_t remainder) {
  const Value rest = arithmetic(runtime, "%", input, Value(by));
  return equals(rest, Value(remainder), runtime.budget);
}
bool is_odd(Runtime& runtime, const Value& input, const Arguments& arguments) {
  no_arguments(runtime, arguments);
  return divisible(runtime, input, 2, 1);
}
bool is_even(Runtime& runtime, const Value& input, const Arguments& arguments) {
  no_arguments(runtime, arguments);
  return divisible(runtime, input, 2, 0);
}
bool is_divisible_by(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const Value rest = arithmetic(runtime, "%", input, one_argument(arguments, runtime));
  return equals(rest, Value(std::int64_t{0}), runtime.budget);
}

bool is_equal(Runtime& runtime, const Value& input, const Arguments& arguments) {
  return equals(input, one_argument(arguments, runtime), runtime.budget);
}
bool is_unequal(Runtime& runtime, const Value& input, const Arguments& arguments) {
  return !is_equal(runtime, input, arguments);
}
bool is_less(Runtime& runtime, const Value& input, const Arguments& arguments) {
  return compare(input, one_argument(arguments, runtime), "<", runtime.budget) < 0;
}
bool is_at_most(Runtime& runtime, const Value& input, const Arguments& arguments) {
  return compare(input, one_argument(arguments, runtime), "<=", runtime.budget) <= 0;
}
bool is_greater(Runtime& runtime, const Value& input, const Arguments& arguments) {
  return compare(input, one_argument(arguments, runtime), ">", runtime.budget) > 0;
}
bool is_at_least(Runtime& runtime, const Value& input, const Arguments& arguments) {
  return compare(input, one_argument(arguments, runtime), ">=", runtime.budget) >= 0;
}
bool is_in(Runtime& runtime, const Value& input, const Arguments& arguments) {
  return contains(one_argument(arguments, runtime), input, runtime.budget);
}

struct TestEntry {
  std::string_view name;
  Test function;
};

constexpr std::array<TestEntry, 35> kTests = {{
    {"boolean", simple<is_boolean>},
    {"callable", simple<is_a_callable>},
    {"defined", simple<is_defined>},
    {"divisibleby", is_divisible_by},
    {"eq", is_equal},
    {"equalto", is_equal},
    {"even", is_even},
    {"false", simple<is_false>},
    {"float", simple<is_real>},
    {"ge", is_at_least},
    {"greaterthan", is_greater},
    {"gt", is_greater},
    {"in", is_in},
    {"integer", simple<is_integer>},
    {"iterable", simple<is_iterable>},
    {"le", is_at_most},
    {"lessthan", is_less},
    {"lower", is_lower_text},
    {"lt", is_less},
    {"mapping", simple<is_mapping>},
    {"ne", is_unequal},
    {"none", simple<is_none_value>},
    {"number", simple<is_any_number>},
    {"odd", is_odd},
    {"sequence", simple<is_indexed>},
    {"string", simple<is_string>},
    {"true", simple<is_true>},
    {"undefined", simple<is_missing>},
    {"upper", is_upper_text},
    {"==", is_equal},
    {"!=", is_unequal},
    {"<", is_less},
    {"<=", is_at_most},
    {">", is_greater},
    {">=", is_at_least},
}};

}  // namespace

Test find_test(std::string_view name) {
  for (const TestEntry& entry : kTests) {
    if (entry.name == name) return entry.function;
  }
  return nullptr;
}

bool is_test(std::string_view name) {
  return find_test(name) != nullptr;
}

}  // namespace assay::jinja
