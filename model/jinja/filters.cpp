// Filters on single values, and the table of all filters.
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "model/jinja/builtins.h"
#include "model/jinja/sequence_filters.h"
#include "model/jinja/text.h"

namespace assay::jinja {
namespace {

Value trim(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const Bound args(runtime, "trim", arguments, {"chars"});
  return runtime.text(strip(runtime.to_text(input), StripSide::both, args.text(0)));
}

template <std::string (*Map)(std::string_view)>
Value mapped(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const Bound args(runtime, "the filter", arguments, {});
  return runtime.text(Map(runtime.to_text(input)));
}

// Jinja's own title(): words begin after whitespace and the characters -({[<.
std::string jinja_title(std::string_view text) {
  static constexpr std::string_view kStarts = "-({[<";
  std::string out;
  std::size_t start = 0;
  const auto finish = [&](std::size_t end) {
    if (end == start) return;
    const std::size_t first = character_at(text, start).bytes;
    out.append(upper(text.substr(start, first)));
    out.append(lower(text.substr(start + first, end - start - first)));
  };
  for (std::size_t pos = 0; pos < text.size();) {
    const Character c = character_at(text, pos);
    const bool cuts = is_space(c.code) || (c.code > 0 && c.code < 0x80 &&
                                           kStarts.find(static_cast<char>(c.code)) != kStarts.npos);
    if (cuts) {
      finish(pos);
      out.append(text.substr(pos, c.bytes));
      start = pos + c.bytes;
    }
    pos += c.bytes;
  }
  finish(text.size());
  return out;
}

Value replace_text(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const Bound args(runtime, "replace", arguments, {"old", "new", "count"}, 2);
  const std::string text = runtime.to_text(input);
  const std::string from = runtime.to_text(*args[0]);
  const std::string to = runtime.to_text(*args[1]);
  return runtime.text(checked_replace(runtime, text, from, to, args.integer(2, -1)));
}

Value indent(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const Bound args(runtime, "indent", arguments, {"width", "first", "blank"});
  require_defined(input, runtime.budget);
  if (!input.is_text()) {
    runtime.fail(fmt::format("filter 'indent' needs a string, not {}", type_name(input)));
  }
  std::string indentation;
  if (args.given(0) && args[0]->is_text()) {
    indentation = args[0]->text();
  } else {
    const std::int64_t width = std::max<std::int64_t>(args.integer(0, 4), 0);
    runtime.budget.build(static_cast<std::size_t>(width));
    indentation.assign(static_cast<std::size_t>(width), ' ');
  }
  const bool blank = args.flag(2, false);
  const std::string text = input.text() + "\n";  // as Jinja: a last empty line is kept
  std::string out;
  if (args.flag(1, false)) out.append(indentation);
  bool first = true;
  for (std::string_view line : split_lines(text)) {
    if (!std::exchange(first, false)) {
      runtime.budget.build(indentation.size() + 1);
      out.push_back('\n');
      if (blank || !line.empty()) out.append(indentation);
    }
    out.append(line);
  }
  return runtime.text(std::move(out));
}

Value to_json_filter(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const Bound args(runtime, "tojson", arguments,
                   {"ensure_ascii", "indent", "separators", "sort_keys"});
  JsonStyle style;
  style.ensure_ascii = args.flag(0, false);
  style.sort_keys = args.flag(3, false);
  if (args.given(1)) {
    style.pretty = true;
    style.item_separator.assign(1, ',');
    if (args[1]->is_text()) {
      style.indent = args[1]->text();
    } else {
      const std::int64_t width = std::max<std::int64_t>(args.integer(1, 0), 0);
      runtime.budget.build(static_cast<std::size_t>(width));
      style.indent.assign(static_cast<std::size_t>(width), ' ');
    }
  }
  if (args.given(2)) {
    const auto pair = runtime.iterate(*args[2]);
    if (pair->items.size() != 2 || !pair->items[0].is_text() || !pair->items[1].is_text()) {
      runtime.fail("tojson: 'separators' must be two strings");
    }
    style.item_separator = pair->items[0].text();
    style.key_separator = pair->items[1].text();
  }
  return runtime.text(to_json(input, style, runtime.budget));
}

Value default_value(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const Bound args(runtime, "default", arguments, {"default_value", "boolean"});
  const bool replaces = input.is_undefined() || (args.flag(1, false) && !truthy(input));
  if (!replaces) return input;
  return args[0] != nullptr ? *args[0] : Value(std::string());
}

// int() of a float: towards zero; nothing for NaN, infinities and what needs more than 64 bits.
std::optional<std::int64_t> truncated(double value) {
  constexpr double kLimit = 9223372036854775808.0;  // 2^63
  if (!(value > -kLimit && value < kLimit)) return std::nullopt;
  return static_cast<std::int64_t>(value);
}

Value to_int(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const Bound args(runtime, "int", arguments, {"default", "base"});
  require_defined(input, runtime.budget);
  std::optional<std::int64_t> result;
  if (input.is_text()) {
    const std::int64_t base = args.integer(1, 10);
    if (base != 2 && base != 8 && base != 10 && base != 16) {
      runtime.fail(fmt::format("int: base {} is not supported", base));
    }
    result = parse_int(input.text(), static_cast<int>(base));
    const auto real = result ? std::nullopt : parse_float(input.text());
    if (real) result = truncated(*real);
  } else if (input.is_number()) {
    result = input.is_integral() ? std::optional(input.integer()) : truncated(input.real());
  }
  if (result) return Value(*result);
  return args[0] != nullptr ? *args[0] : Value(std::int64_t{0});
}

Value to_float(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const Bound args(runtime, "float", arguments, {"default"});
  require_defined(input, runtime.budget);
  if (input.is_number()) return Value(input.number());
  if (input.is_text()) {
    if (const auto value = parse_float(input.text())) return Value(*value);
  }
  return args[0] != nullptr ? *args[0] : Value(0.0);
}

Value to_string(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const Bound args(runtime, "string", arguments, {});
  return input.is_text() ? input : runtime.text(runtime.to_text(input));
}

Value absolute(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const Bound args(runtime, "abs", arguments, {});
  require_defined(input, runtime.budget);
  if (input.is<double>()) return Value(std::fabs(input.real()));
  if (!input.is_integral()) runtime.fail("filter 'abs' needs a number, not " + type_name(input));
  if (input.integer() >= 0) return Value(input.integer());
  return arithmetic(runtime, "-", Value(std::int64_t{0}), input);
}

struct FilterEntry {
  std::string_view name;
  Filter function;
};

constexpr std::array<FilterEntry, 34> kFilters = {{
    {"abs", absolute},
    {"capitalize", mapped<capitalize>},
    {"count", length_filter},
    {"d", default_value},
    {"default", default_value},
    {"dictsort", dictsort_filter},
    {"first", first_filter},
    {"float", to_float},
    {"indent", indent},
    {"int", to_int},
    {"items", items_filter},
    {"join", join_filter},
    {"last", last_filter},
    {"length", length_filter},
    {"list", list_filter},
    {"lower", mapped<lower>},
    {"map", map_filter},
    {"reject", reject_filter},
    {"rejectattr", rejectattr_filter},
    {"replace", replace_text},
    {"reverse", reverse_filter},
    {"safe", to_string},  // the parser has made sure that the text goes straight to the output
    {"select", select_filter},
    {"selectattr", selectattr_filter},
    {"sort", sort_filter},
    {"string", to_string},
    {"title", mapped<jinja_title>},
    {"tojson", to_json_filter},
    {"trim", trim},
    {"unique", unique_filter},
    {"upper", mapped<upper>},
    {"min", min_filter},
    {"max", max_filter},
    {"sum", sum_filter},
}};

}  // namespace

std::string checked_replace(Runtime& runtime, const std::string& text, const std::string& from,
                            const std::string& to, std::int64_t limit) {
  std::size_t cuts = 0;
  if (from.empty()) {
    cuts = char_count(text) + 1;
    runtime.budget.step(static_cast<std::int64_t>(cuts));
  } else {
    cuts = runtime.count(text, from);
  }
  if (limit >= 0) cuts = std::min(cuts, static_cast<std::size_t>(limit));
  std::size_t growth = 0;
  if (__builtin_mul_overflow(cuts, to.size(), &growth)) {
    runtime.fail("the result of 'replace' is too large");
  }
  runtime.budget.build(growth);
  return replace(text, from, to, limit);
}

Filter find_filter(std::string_view name) {
  for (const FilterEntry& entry : kFilters) {
    if (entry.name == name) return entry.function;
  }
  return nullptr;
}

bool is_filter(std::string_view name) {
  return find_filter(name) != nullptr;
}

}  // namespace assay::jinja
