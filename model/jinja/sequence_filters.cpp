#include "model/jinja/sequence_filters.h"

#include <fmt/core.h>

#include <algorithm>
#include <functional>
#include <numeric>

#include "model/jinja/builtins.h"
#include "model/jinja/text.h"

namespace assay::jinja {
namespace {

using Getter = std::function<Value(const Value&)>;

// "a.b.0": look-ups one after the other; none: the value itself.
Getter attribute_getter(Runtime& runtime, const Value* path, Value otherwise) {
  if (path == nullptr || path->is_none()) return [](const Value& value) { return value; };
  std::vector<Value> steps;
  if (path->is_integral()) {
    steps.push_back(*path);
  } else {
    if (!path->is_text()) runtime.fail("'attribute' must be a string or an integer");
    for (std::string_view part : split(path->text(), ".", -1)) {
      const bool digits = !part.empty() && part.find_first_not_of("0123456789") == part.npos;
      const auto index = digits ? parse_int(part, 10) : std::nullopt;
      steps.push_back(index ? Value(*index) : runtime.text(part));
    }
  }
  return
      [&runtime, steps = std::move(steps), otherwise = std::move(otherwise)](const Value& value) {
        Value result = value;
        for (const Value& step : steps) {
          result = runtime.item(result, step);
          if (result.is_undefined() && !otherwise.is_undefined()) result = otherwise;
        }
        return result;
      };
}

Getter attribute_getter(Runtime& runtime, const Value* path) {
  return attribute_getter(runtime, path, undefined(""));
}

// Jinja compares and sorts without regard to case unless told otherwise.
Value folded(Runtime& runtime, Value value, bool case_sensitive) {
  if (case_sensitive || !value.is_text()) return value;
  return runtime.text(lower(value.text()));
}

// The values that a filter compares, one for each item.
std::vector<Value> comparison_keys(Runtime& runtime, const std::vector<Value>& items,
                                   const Getter& get, bool case_sensitive) {
  std::vector<Value> keys;
  keys.reserve(items.size());
  for (const Value& item : items) keys.push_back(folded(runtime, get(item), case_sensitive));
  return keys;
}

Value sorted(Runtime& runtime, const std::vector<Value>& items, const std::vector<Value>& keys,
             bool reverse) {
  std::vector<std::size_t> order(items.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    const int difference = compare(keys[a], keys[b], "<", runtime.budget);
    return reverse ? difference > 0 : difference < 0;
  });
  std::vector<Value> result;
  result.reserve(order.size());
  for (std::size_t i : order) result.push_back(items[i]);
  return runtime.sequence(SequenceKind::list, std::move(result));
}

// Arguments without the first `count` positional ones.
Arguments without_first(const Arguments& arguments, std::size_t count) {
  Arguments rest = arguments;
  const std::size_t gone = std::min(count, rest.positional.size());
  rest.positional.erase(rest.positional.begin(),
                        rest.positional.begin() + static_cast<std::ptrdiff_t>(gone));
  return rest;
}

// select, reject and their attribute forms: keeps what the named test (or truth) says.
Value selected(Runtime& runtime, const Value& input, const Arguments& arguments, bool by_attribute,
               bool wanted) {
  const std::size_t skipped = by_attribute ? 1 : 0;
  if (by_attribute && arguments.positional.empty()) runtime.fail("missing attribute's name");
  const Getter get = attribute_getter(runtime, by_attribute ? &arguments.positional[0] : nullptr);
  Test test = nullptr;
  if (arguments.positional.size() > skipped) {
    const std::string name = runtime.to_text(arguments.positional[skipped]);
    test = find_test(name);
    if (test == nullptr) runtime.fail(fmt::format("test '{}' is not supported", name));
  }
  const Arguments rest = without_first(arguments, skipped + 1);
  std::vector<Value> kept;
  const auto items = runtime.iterate(input);
  for (const Value& item : items->items) {
    runtime.budget.step();
    const Value value = get(item);
    if ((test != nullptr ? test(runtime, value, rest) : truthy(value)) == wanted) {
      kept.push_back(item);
    }
  }
  return runtime.sequence(SequenceKind::generator, std::move(kept));
}

Value extreme(Runtime& runtime, const Value& input, const Arguments& arguments,
              std::string_view name, int sign) {
  const Bound args(runtime, name, arguments, {"case_sensitive", "attribute"});
  const auto items = runtime.iterate(input);
  if (items->items.empty()) return undefined("No aggregated item, sequence was empty.");
  const auto keys = comparison_keys(runtime, items->items, attribute_getter(runtime, args[1]),
                                    args.flag(0, false));
  std::size_t best = 0;
  for (std::size_t i = 1; i < keys.size(); ++i) {
    if (compare(keys[i], keys[best], "<", runtime.budget) * sign > 0) best = i;
  }
  return items->items[best];
}

}  // namespace

Value length_filter(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const Bound args(runtime, "length", arguments, {});
  const auto size = [](std::size_t count) { return Value(static_cast<std::int64_t>(count)); };
  if (input.is_undefined()) return Value(std::int64_t{0});
  if (input.is_text()) {
    runtime.budget.step(static_cast<std::int64_t>(input.text().size() / 8));
    return size(char_count(input.text()));
  }
  if (input.is_dict()) return size(input.dict().entries.size());
  if (input.is_loop()) return size(input.loop().items->items.size());
  if (input.is_sequence() && input.sequence().kind != SequenceKind::generator) {
    return size(input.sequence().items.size());
  }
  runtime.fail(fmt::format("object of type '{}' has no length", type_name(input)));
}

Value first_filter(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const Bound args(runtime, "first", arguments, {});
  const auto items = runtime.iterate(input);
  return items->items.empty() ? undefined("No first item, sequence was empty.")
                              : items->items.front();
}

Value last_filter(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const Bound args(runtime, "last", arguments, {});
  if (input.is_sequence() && input.sequence().kind == SequenceKind::generator) {
    runtime.fail("filter 'last' cannot walk a generator backwards");
  }
  const auto items = runtime.iterate(input);
  return items->items.empty() ? undefined("No last item, sequence was empty.")
                              : items->items.back();
}

Value join_texts(Runtime& runtime, const std::string& separator, const std::vector<Value>& items) {
  std::string out;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const std::string piece = runtime.to_text(items[i]);
    runtime.budget.step();
    runtime.budget.build(piece.size() + separator.size());
    if (i > 0) out += separator;
    out += piece;
  }
  return Value(std::move(out));
}

Value join_filter(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const Bound args(runtime, "join", arguments, {"d", "attribute"});
  const std::string separator = args[0] != nullptr ? runtime.to_text(*args[0]) : "";
  const Getter get = attribute_getter(runtime, args[1]);
  std::vector<Value> pieces;
  const auto items = runtime.iterate(input);
  for (const Value& item : items->items) pieces.push_back(get(item));
  return join_texts(runtime, separator, pieces);
}

Value list_filter(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const Bound args(runtime, "list", arguments, {});
  return runtime.sequence(SequenceKind::list, runtime.iterate(input)->items);
}

Value items_filter(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const Bound args(runtime, "items", arguments, {});
  std::vector<Value> pairs;
  if (!input.is_undefined()) {
    if (!input.is_dict()) runtime.fail("filter 'items' needs a dict, not " + type_name(input));
    for (const auto& [key, value] : input.dict().entries) {
      pairs.push_back(runtime.sequence(SequenceKind::tuple, {key, value}));
    }
  }
  return runtime.sequence(SequenceKind::generator, std::move(pairs));
}

Value dictsort_filter(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const Bound args(runtime, "dictsort", arguments, {"case_sensitive", "by", "reverse"});
  if (!input.is_dict()) runtime.fail("filter 'dictsort' needs a dict, not " + type_name(input));
  const std::string_view by = args.text(1).value_or("key");
  if (by != "key" && by != "value") runtime.fail("dictsort: 'by' must be 'key' or 'value'");
  std::vector<Value> pairs;
  std::vector<Value> keys;
  for (const auto& [key, value] : input.dict().entries) {
    pairs.push_back(runtime.sequence(SequenceKind::tuple, {key, value}));
    keys.push_back(folded(runtime, by == "key" ? key : value, args.flag(0, false)));
  }
  return sorted(runtime, pairs, keys, args.flag(2, false));
}

Value map_filter(Runtime& runtime, const Value& input, const Arguments& arguments) {
  std::vector<Value> mapped;
  const auto items = runtime.iterate(input);
  if (arguments.positional.empty()) {
    const Bound args(runtime, "map", arguments, {"attribute", "default"}, 1);
    const Getter get = attribute_getter(runtime, args[0], args[1] ? *args[1] : undefined(""));
    for (const Value& item : items->items) mapped.push_back(get(item));
  } else {
    const std::string name = runtime.to_text(arguments.positional[0]);
    const Filter filter = find_filter(name);
    if (filter == nullptr || name == "safe") {
      runtime.fail(fmt::format("filter '{}' is not supported in 'map'", name));
    }
    const Arguments rest = without_first(arguments, 1);
    const Budget::Level level(runtime.budget);
    for (const Value& item : items->items) mapped.push_back(filter(runtime, item, rest));
  }
  runtime.budget.step(static_cast<std::int64_t>(mapped.size()));
  return runtime.sequence(SequenceKind::generator, std::move(mapped));
}

Value select_filter(Runtime& runtime, const Value& input, const Arguments& arguments) {
  return selected(runtime, input, arguments, false, true);
}
Value reject_filter(Runtime& runtime, const Value& input, const Arguments& arguments) {
  return selected(runtime, input, arguments, false, false);
}
Value selectattr_filter(Runtime& runtime, const Value& input, const Arguments& arguments) {
  return selected(runtime, input, arguments, true, true);
}
Value rejectattr_filter(Runtime& runtime, const Value& input, const Arguments& arguments) {
  return selected(runtime, input, arguments, true, false);
}

Value reverse_filter(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const Bound args(runtime, "reverse", arguments, {});
  if (input.is_text()) {
    return slice(runtime, input, Value(), Value(), Value(std::int64_t{-1}));
  }
  const bool walked = input.is_sequence() && input.sequence().kind == SequenceKind::generator;
  std::vector<Value> items = runtime.iterate(input)->items;
  std::reverse(items.begin(), items.end());
  return runtime.sequence(walked ? SequenceKind::list : SequenceKind::generator, std::move(items));
}

Value sort_filter(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const Bound args(runtime, "sort", arguments, {"reverse", "case_sensitive", "attribute"});
  if (args.given(2) && args[2]->is_text() && args[2]->text().find(',') != std::string::npos) {
    runtime.fail("sort: several attributes are not supported");
  }
  const auto items = runtime.iterate(input);
  const auto keys = comparison_keys(runtime, items->items, attribute_getter(runtime, args[2]),
                                    args.flag(1, false));
  return sorted(runtime, items->items, keys, args.flag(0, false));
}

Value unique_filter(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const Bound args(runtime, "unique", arguments, {"case_sensitive", "attribute"});
  const auto items = runtime.iterate(input);
  const auto keys = comparison_keys(runtime, items->items, attribute_getter(runtime, args[1]),
                                    args.flag(0, false));
  std::vector<Value> seen;
  std::vector<Value> kept;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const bool known = std::any_of(seen.begin(), seen.end(), [&](const Value& other) {
      return equals(other, keys[i], runtime.budget);
    });
    if (known) continue;
    seen.push_back(keys[i]);
    kept.push_back(items->items[i]);
  }
  return runtime.sequence(SequenceKind::generator, std::move(kept));
}

Value min_filter(Runtime& runtime, const Value& input, const Arguments& arguments) {
  return extreme(runtime, input, arguments, "min", -1);
}
Value max_filter(Runtime& runtime, const Value& input, const Arguments& arguments) {
  return extreme(runtime, input, arguments, "max", 1);
}

Value sum_filter(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const Bound args(runtime, "sum", arguments, {"attribute", "start"});
  const Getter get = attribute_getter(runtime, args[0]);
  Value total = args[1] != nullptr ? *args[1] : Value(std::int64_t{0});
  const auto items = runtime.iterate(input);
  for (const Value& item : items->items) {
    runtime.budget.step();
    total = arithmetic(runtime, "+", total, get(item));
  }
  return total;
}

}  // namespace assay::jinja
