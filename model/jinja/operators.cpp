// Python's arithmetic, and slices.
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "model/jinja/runtime.h"
#include "model/jinja/text.h"

namespace assay::jinja {
namespace {

[[noreturn]] void overflow(Runtime& runtime) {
  runtime.fail("an integer needs more than 64 bits");
}
[[noreturn]] void zero_division(Runtime& runtime) {
  runtime.fail("division by zero");
}

std::int64_t integer_power(Runtime& runtime, std::int64_t base, std::int64_t exponent) {
  std::int64_t result = 1;
  while (exponent > 0) {
    if ((exponent & 1) != 0 && __builtin_mul_overflow(result, base, &result)) overflow(runtime);
    exponent >>= 1;
    if (exponent > 0 && __builtin_mul_overflow(base, base, &base)) overflow(runtime);
  }
  return result;
}

Value real_power(Runtime& runtime, double base, double exponent) {
  if (base == 0 && exponent < 0) zero_division(runtime);
  if (base < 0 && std::isfinite(base) && std::isfinite(exponent) &&
      exponent != std::floor(exponent)) {
    runtime.fail("complex numbers are not supported");
  }
  const double result = std::pow(base, exponent);
  if (std::isinf(result) && std::isfinite(base) && std::isfinite(exponent)) {
    runtime.fail("the result of '**' is too large");
  }
  return Value(result);
}

Value on_integers(Runtime& runtime, std::string_view op, std::int64_t a, std::int64_t b) {
  std::int64_t result = 0;
  if (op == "+" || op == "-" || op == "*") {
    const bool overflows = op == "+"   ? __builtin_add_overflow(a, b, &result)
                           : op == "-" ? __builtin_sub_overflow(a, b, &result)
                                       : __builtin_mul_overflow(a, b, &result);
    if (overflows) overflow(runtime);
    return Value(result);
  }
  if (op == "**") {
    if (b < 0) return real_power(runtime, static_cast<double>(a), static_cast<double>(b));
    return Value(integer_power(runtime, a, b));
  }
  if (b == 0) zero_division(runtime);
  if (op == "/") return Value(static_cast<double>(a) / static_cast<double>(b));
  if (b == -1) {  // the one quotient that can overflow
    if (op == "%") return Value(std::int64_t{0});
    if (a == std::numeric_limits<std::int64_t>::min()) overflow(runtime);
    return Value(-a);
  }
  // C++ truncates, Python rounds down.
  const std::int64_t remainder = a % b;
  const bool adjust = remainder != 0 && (remainder < 0) != (b < 0);
  if (op == "%") return Value(adjust ? remainder + b : remainder);
  return Value(a / b - (adjust ? 1 : 0));
}

Value on_reals(Runtime& runtime, std::string_view op, double a, double b) {
  if (op == "+") return Value(a + b);
  if (op == "-") return Value(a - b);
  if (op == "*") return Value(a * b);
  if (op == "**") return real_power(runtime, a, b);
  if (b == 0) zero_division(runtime);
  if (op == "/") return Value(a / b);
  // As CPython's float_divmod.
  double remainder = std::fmod(a, b);
  double quotient = (a - remainder) / b;
  if (remainder != 0) {
    if ((b < 0) != (remainder < 0)) {
      remainder += b;
      quotient -= 1;
    }
  } else {
    remainder = std::copysign(0.0, b);
  }
  if (op == "%") return Value(remainder);
  if (quotient == 0) return Value(std::copysign(0.0, a / b));
  const double floored = std::floor(quotient);
  return Value(quotient - floored > 0.5 ? floored + 1 : floored);
}

Value repeat(Runtime& runtime, const Value& value, std::int64_t times) {
  const auto count = static_cast<std::size_t>(std::max<std::int64_t>(times, 0));
  const std::size_t size = value.is_text() ? value.text().size() : value.sequence().items.size();
  std::size_t total = 0;
  if (__builtin_mul_overflow(size, count, &total) || total > std::size_t{kMaxBuiltBytes}) {
    runtime.fail(fmt::format("'*' would make {} elements {} times", size, times));
  }
  if (value.is_text()) {
    runtime.budget.build(total);
    std::string out;
    out.reserve(total);
    for (std::size_t i = 0; i < count && size > 0; ++i) out.append(value.text());
    return Value(std::move(out));
  }
  runtime.budget.build(total * sizeof(Value));
  std::vector<Value> items;
  items.reserve(total);
  for (std::size_t i = 0; i < count && size > 0; ++i) {
    items.insert(items.end(), value.sequence().items.begin(), value.sequence().items.end());
  }
  return runtime.sequence(value.sequence().kind, std::move(items));
}

bool is_repeatable(const Value& value) {
  return value.is_text() || (value.is_sequence() && (value.sequence().kind == SequenceKind::list ||
                                                     value.sequence().kind == SequenceKind::tuple));
}

Value join_sequences(Runtime& runtime, const Value& a, const Value& b) {
  runtime.budget.build((a.sequence().items.size() + b.sequence().items.size()) * sizeof(Value));
  std::vector<Value> items = a.sequence().items;
  items.insert(items.end(), b.sequence().items.begin(), b.sequence().items.end());
  return runtime.sequence(a.sequence().kind, std::move(items));
}

// The selected indices, as Python's slice.indices. The bounds are integers or none.
std::vector<std::size_t> slice_indices(Runtime& runtime, std::int64_t length, const Value& from,
                                       const Value& to, const Value& step_value) {
  const auto bound = [&](const Value& value, std::int64_t absent) {
    return value.is_none() ? absent : value.integer();
  };
  const std::int64_t step = bound(step_value, 1);
  if (step == 0) runtime.fail("a slice's step cannot be zero");
  const std::int64_t low = step < 0 ? -1 : 0;
  const std::int64_t high = step < 0 ? length - 1 : length;
  const auto clamp = [&](std::int64_t index) {
    if (index < 0) index = index < -length ? low : index + length;
    return std::clamp(index, low, high);
  };
  const std::int64_t start = from.is_none() ? (step < 0 ? high : low) : clamp(bound(from, 0));
  const std::int64_t stop = to.is_none() ? (step < 0 ? low : high) : clamp(bound(to, 0));
  std::vector<std::size_t> indices;
  for (std::int64_t i = start; step < 0 ? i > stop : i < stop;) {
    indices.push_back(static_cast<std::size_t>(i));
    if (__builtin_add_overflow(i, step, &i)) break;
  }
  return indices;
}

}  // namespace

Value arithmetic(Runtime& runtime, std::string_view op, const Value& a, const Value& b) {
  require_defined(a, runtime.budget);
  require_defined(b, runtime.budget);
  if (a.is_number() && b.is_number()) {
    if (a.is_integral() && b.is_integral()) {
      return on_integers(runtime, op, a.integer(), b.integer());
    }
    return on_reals(runtime, op, a.number(), b.number());
  }
  if (op == "+" && a.is_text() && b.is_text()) {
    runtime.budget.build(a.text().size() + b.text().size());
    return Value(a.text() + b.text());
  }
  if (op == "+" && !a.is_text() && is_repeatable(a) && is_repeatable(b) && !b.is_text() &&
      a.sequence().kind == b.sequence().kind) {
    return join_sequences(runtime, a, b);
  }
  if (op == "*" && is_repeatable(a) && b.is_integral()) return repeat(runtime, a, b.integer());
  if (op == "*" && is_repeatable(b) && a.is_integral()) return repeat(runtime, b, a.integer());
  if (op == "%" && a.is_text()) runtime.fail("formatting a string with '%' is not supported");
  runtime.fail(
      fmt::format("'{}' is not supported between '{}' and '{}'", op, type_name(a), type_name(b)));
}

Value slice(Runtime& runtime, const Value& value, const Value& from, const Value& to,
            const Value& step) {
  require_defined(value, runtime.budget);
  const auto is_bound = [](const Value& b) { return b.is_none() || b.is_integral(); };
  if (!is_bound(from) || !is_bound(to) || !is_bound(step)) {
    return undefined("slice bounds must be integers or none");
  }
  if (value.is_text()) {
    runtime.budget.build(value.text().size() * sizeof(std::string_view));
    const auto letters = characters(value.text());
    std::string out;
    for (std::size_t i :
         slice_indices(runtime, static_cast<std::int64_t>(letters.size()), from, to, step)) {
      out.append(letters[i]);
    }
    return runtime.text(std::move(out));
  }
  const bool sliced = value.is_sequence() && value.sequence().kind != SequenceKind::generator &&
                      value.sequence().kind != SequenceKind::view;
  if (!sliced) return undefined(fmt::format("'{}' object cannot be sliced", type_name(value)));
  const Sequence& all = value.sequence();
  runtime.budget.build(all.items.size() * sizeof(std::size_t));
  std::vector<Value> items;
  for (std::size_t i :
       slice_indices(runtime, static_cast<std::int64_t>(all.items.size()), from, to, step)) {
    items.push_back(all.items[i]);
  }
  const auto kind = all.kind == SequenceKind::range ? SequenceKind::list : all.kind;
  return runtime.sequence(kind, std::move(items));
}

}  // namespace assay::jinja
