// Functions of the environment: range, dict, namespace, raise_exception, strftime_now.
#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "model/jinja/builtins.h"

namespace assay::jinja {
namespace {

class Function : public Callable {
 public:
  using Body = Value (*)(Runtime&, const Arguments&);
  Function(std::string name, Body body) : name_(std::move(name)), body_(body) {}
  Value call(Runtime& runtime, const Arguments& arguments) const override {
    return body_(runtime, arguments);
  }
  std::string describe() const override { return fmt::format("function '{}'", name_); }

 private:
  std::string name_;
  Body body_;
};

Value range_function(Runtime& runtime, const Arguments& arguments) {
  if (!arguments.keywords.empty()) runtime.fail("range takes no named arguments");
  const Bound args(runtime, "range", arguments, {"start", "stop", "step"}, 1);
  for (const Value& value : arguments.positional) {
    require_defined(value, runtime.budget);
    if (!value.is_integral()) runtime.fail("range needs integers, not " + type_name(value));
  }
  const bool one = args[1] == nullptr;
  const std::int64_t start = one ? 0 : args[0]->integer();
  const std::int64_t stop = one ? args[0]->integer() : args[1]->integer();
  const std::int64_t step = args[2] != nullptr ? args[2]->integer() : 1;
  if (step == 0) runtime.fail("range: the step is zero");
  std::vector<Value> items;
  for (std::int64_t i = start; step < 0 ? i > stop : i < stop;) {
    if (static_cast<std::int64_t>(items.size()) >= kMaxRange) {
      runtime.fail(fmt::format("range has more than {} elements", kMaxRange));
    }
    items.emplace_back(i);
    if (__builtin_add_overflow(i, step, &i)) break;
  }
  runtime.budget.step(static_cast<std::int64_t>(items.size() / 8));
  const std::string name = step == 1 ? fmt::format("range({}, {})", start, stop)
                                     : fmt::format("range({}, {}, {})", start, stop, step);
  return runtime.sequence(SequenceKind::range, std::move(items), name);
}

// The entries that dict(...) and namespace(...) are given: a dict, then named ones.
Entries given_entries(Runtime& runtime, std::string_view callee, const Arguments& arguments) {
  Entries entries;
  if (arguments.positional.size() > 1) {
    runtime.fail(fmt::format("{} takes at most one argument without a name", callee));
  }
  if (!arguments.positional.empty()) {
    const Value& from = arguments.positional[0];
    require_defined(from, runtime.budget);
    if (!from.is_dict()) {
      runtime.fail(fmt::format("{} of '{}' is not supported", callee, type_name(from)));
    }
    entries = from.dict().entries;
  }
  for (const auto& keyword : arguments.keywords) {
    runtime.budget.step(1 + static_cast<std::int64_t>(entries.size()));
    const auto at = std::find_if(entries.begin(), entries.end(), [&](const auto& entry) {
      return entry.first.is_text() && entry.first.text() == keyword.first;
    });
    if (at != entries.end()) {
      at->second = keyword.second;
    } else {
      entries.emplace_back(runtime.text(keyword.first), keyword.second);
    }
  }
  return entries;
}

Value dict_function(Runtime& runtime, const Arguments& arguments) {
  return runtime.dict(given_entries(runtime, "dict", arguments));
}

Value namespace_function(Runtime& runtime, const Arguments& arguments) {
  return runtime.new_namespace(given_entries(runtime, "namespace", arguments));
}

Value raise_function(Runtime& runtime, const Arguments& arguments) {
  const Bound args(runtime, "raise_exception", arguments, {"message"}, 1);
  runtime.fail(fmt::format("the template refuses: {}", runtime.to_text(*args[0])));
}

Value date_function(Runtime& runtime, const Arguments& arguments) {
  const Bound args(runtime, "strftime_now", arguments, {"format"}, 1);
  const auto format = args.text(0);
  if (!format) runtime.fail("strftime_now needs a string");
  return runtime.text(format_date(runtime, *format));
}

Entries make_functions() {
  Entries entries;
  const auto add = [&](const char* name, Function::Body body) {
    entries.emplace_back(
        Value(std::string(name)),
        Value(std::shared_ptr<const Callable>(std::make_shared<Function>(name, body))));
  };
  add("range", range_function);
  add("dict", dict_function);
  add("namespace", namespace_function);
  add("raise_exception", raise_function);
  add("strftime_now", date_function);
  return entries;
}

}  // namespace

const Entries& global_functions() {
  static const Entries entries = make_functions();
  return entries;
}

bool is_refused_name(std::string_view name) {
  static constexpr std::array<std::string_view, 8> kNames = {
      "caller", "cycler", "joiner", "kwargs", "lipsum", "self", "super", "varargs"};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

}  // namespace assay::jinja
