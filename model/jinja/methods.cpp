// Methods of str, dict and list.
#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "model/jinja/builtins.h"
#include "model/jinja/sequence_filters.h"
#include "model/jinja/text.h"

namespace assay::jinja {
namespace {

using Function = Value (*)(Runtime&, const Value& self, const Arguments&);

struct Entry {
  std::string_view name;
  Function function;
};

class Method : public Callable {
 public:
  Method(Value self, const Entry& entry) : self_(std::move(self)), entry_(entry) {}
  Value call(Runtime& runtime, const Arguments& arguments) const override {
    return entry_.function(runtime, self_, arguments);
  }
  std::string describe() const override { return fmt::format("method '{}'", entry_.name); }
  int depth() const override { return self_.depth() + 1; }

 private:
  Value self_;
  const Entry& entry_;
};

template <StripSide Side>
Value strip_method(Runtime& runtime, const Value& self, const Arguments& arguments) {
  const Bound args(runtime, "strip", arguments, {"chars"});
  runtime.budget.scan(self.text().size());
  return runtime.text(strip(self.text(), Side, args.text(0)));
}

template <std::string (*Map)(std::string_view)>
Value mapped(Runtime& runtime, const Value& self, const Arguments& arguments) {
  const Bound args(runtime, "the method", arguments, {});
  runtime.budget.scan(self.text().size());
  return runtime.text(Map(self.text()));
}

Value split_method(Runtime& runtime, const Value& self, const Arguments& arguments) {
  const Bound args(runtime, "split", arguments, {"sep", "maxsplit"});
  const std::int64_t limit = args.integer(1, -1);
  const auto separator = args.text(0);
  // The views of the parts are charged before they are made.
  if (!separator) {
    runtime.budget.build((self.text().size() / 2 + 1) * sizeof(std::string_view));
    return runtime.texts(split_whitespace(self.text(), limit));
  }
  if (separator->empty()) runtime.fail("split: the separator is empty");
  runtime.budget.build((runtime.count(self.text(), *separator) + 1) * sizeof(std::string_view));
  return runtime.texts(split(self.text(), *separator, limit));
}

Value rsplit_method(Runtime& runtime, const Value& self, const Arguments& arguments) {
  const Bound args(runtime, "rsplit", arguments, {"sep", "maxsplit"}, 1);
  const std::int64_t limit = args.integer(1, -1);
  const auto separator = args.text(0);
  if (!separator) runtime.fail("rsplit without a separator is not supported");
  if (separator->empty()) runtime.fail("rsplit: the separator is empty");
  runtime.budget.build(self.text().size());
  std::vector<std::string_view> parts;
  std::string_view rest = self.text();
  while (limit < 0 || static_cast<std::int64_t>(parts.size()) < limit) {
    // Looking backwards costs the product of both lengths at worst.
    runtime.budget.scan(rest.size() * separator->size());
    runtime.budget.build(sizeof(std::string_view));
    const std::size_t at = rest.rfind(*separator);
    if (at == std::string_view::npos) break;
    parts.push_back(rest.substr(at + separator->size()));
    rest = rest.substr(0, at);
  }
  parts.push_back(rest);
  std::reverse(parts.begin(), parts.end());
  return runtime.texts(parts);
}

Value splitlines_method(Runtime& runtime, const Value& self, const Arguments& arguments) {
  const Bound args(runtime, "splitlines", arguments, {});
  runtime.budget.build((self.text().size() + 1) * sizeof(std::string_view));
  return runtime.texts(split_lines(self.text()));
}

bool matches_end(std::string_view text, std::string_view piece, bool at_start) {
  return at_start ? text.starts_with(piece) : text.ends_with(piece);
}

// startswith and endswith take one string or a tuple of them.
template <bool AtStart>
Value affix_method(Runtime& runtime, const Value& self, const Arguments& arguments) {
  const Bound args(runtime, AtStart ? "startswith" : "endswith", arguments, {"affix"}, 1);
  if (!args[0]->is_sequence() || args[0]->sequence().kind != SequenceKind::tuple) {
    const auto piece = args.text(0);
    if (!piece) runtime.fail("startswith and endswith need a string or a tuple of strings");
    return Value(matches_end(self.text(), *piece, AtStart));
  }
  for (const Value& piece : args[0]->sequence().items) {
    if (!piece.is_text()) runtime.fail("startswith and endswith need strings in the tuple");
    if (matches_end(self.text(), piece.text(), AtStart)) return Value(true);
  }
  return Value(false);
}

template <bool AtStart>
Value remove_affix_method(Runtime& runtime, const Value& self, const Arguments& arguments) {
  const Bound args(runtime, AtStart ? "removeprefix" : "removesuffix", arguments, {"affix"}, 1);
  const auto piece = args.text(0);
  if (!piece) runtime.fail("removeprefix and removesuffix need a string");
  std::string_view text = self.text();
  if (matches_end(text, *piece, AtStart)) {
    AtStart ? text.remove_prefix(piece->size()) : text.remove_suffix(piece->size());
  }
  return runtime.text(text);
}

Value replace_method(Runtime& runtime, const Value& self, const Arguments& arguments) {
  const Bound args(runtime, "replace", arguments, {"old", "new", "count"}, 2);
  const auto from = args.text(0);
  const auto to = args.text(1);
  if (!from || !to) runtime.fail("replace needs two strings");
  return runtime.text(checked_replace(runtime, self.text(), std::string(*from), std::string(*to),
                                      args.integer(2, -1)));
}

Value join_method(Runtime& runtime, const Value& self, const Arguments& arguments) {
  const Bound args(runtime, "join", arguments, {"iterable"}, 1);
  const auto items = runtime.iterate(*args[0]);
  for (const Value& item : items->items) {
    if (!item.is_text()) runtime.fail("join needs strings, not " + type_name(item));
  }
  return join_texts(runtime, self.text(), items->items);
}

Value find_method(Runtime& runtime, const Value& self, const Arguments& arguments) {
  const Bound args(runtime, "find", arguments, {"sub"}, 1);
  const auto piece = args.text(0);
  if (!piece) runtime.fail("find needs a string");
  runtime.budget.step(static_cast<std::int64_t>(self.text().size() / 8));
  const std::size_t at = find_text(self.text(), *piece);
  if (at == std::string::npos) return Value(std::int64_t{-1});
  const std::string_view before = std::string_view(self.text()).substr(0, at);
  return Value(static_cast<std::int64_t>(char_count(before)));
}

Value count_method(Runtime& runtime, const Value& self, const Arguments& arguments) {
  const Bound args(runtime, "count", arguments, {"sub"}, 1);
  const auto piece = args.text(0);
  if (!piece) runtime.fail("count needs a string");
  runtime.budget.step(static_cast<std::int64_t>(self.text().size() / 8));
  if (piece->empty()) return Value(static_cast<std::int64_t>(char_count(self.text()) + 1));
  return Value(static_cast<std::int64_t>(runtime.count(self.text(), *piece)));
}

Value is_digit_method(Runtime& runtime, const Value& self, const Arguments& arguments) {
  const Bound args(runtime, "isdigit", arguments, {});
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  const std::string& text = self.text();
  if (std::any_of(text.begin(), text.end(), [](char c) { return (c & 0x80) != 0; })) {
    runtime.fail("isdigit of text outside ASCII is not supported");
  }
  return Value(!text.empty() && std::all_of(text.begin(), text.end(), digit));
}

Value get_method(Runtime& runtime, const Value& self, const Arguments& arguments) {
  const Bound args(runtime, "get", arguments, {"key", "default"}, 1);
  const Value* entry = find_entry(self.dict().entries, *args[0], runtime.budget);
  if (entry != nullptr) return *entry;
  return args[1] != nullptr ? *args[1] : Value();
}

enum class ViewOf { keys, values, items };

template <ViewOf What>
Value view_method(Runtime& runtime, const Value& self, const Arguments& arguments) {
  const Bound args(runtime, "the view", arguments, {});
  std::vector<Value> items;
  for (const auto& [key, value] : self.dict().entries) {
    if (What == ViewOf::keys) items.push_back(key);
    if (What == ViewOf::values) items.push_back(value);
    if (What == ViewOf::items) items.push_back(runtime.sequence(SequenceKind::tuple, {key, value}));
  }
  const std::string name = What == ViewOf::keys     ? "dict_keys"
                           : What == ViewOf::values ? "dict_values"
                                                    : "dict_items";
  return runtime.sequence(SequenceKind::view, std::move(items), name);
}

Value list_index_method(Runtime& runtime, const Value& self, const Arguments& arguments) {
  const Bound args(runtime, "index", arguments, {"value"}, 1);
  const auto& items = self.sequence().items;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (equals(items[i], *args[0], runtime.budget)) return Value(static_cast<std::int64_t>(i));
  }
  runtime.fail("index: the value is not in the list");
}

Value list_count_method(Runtime& runtime, const Value& self, const Arguments& arguments) {
  const Bound args(runtime, "count", arguments, {"value"}, 1);
  const auto& items = self.sequence().items;
  return Value(std::int64_t{std::count_if(items.begin(), items.end(), [&](const Value& item) {
    return equals(item, *args[0], runtime.budget);
  })});
}

constexpr std::array<Entry, 19> kTextMethods = {{
    {"capitalize", mapped<capitalize>},
    {"count", count_method},
    {"endswith", affix_method<false>},
    {"find", find_method},
    {"isdigit", is_digit_method},
    {"join", join_method},
    {"lower", mapped<lower>},
    {"lstrip", strip_method<StripSide::left>},
    {"removeprefix", remove_affix_method<true>},
    {"removesuffix", remove_affix_method<false>},
    {"replace", replace_method},
    {"rsplit", rsplit_method},
    {"rstrip", strip_method<StripSide::right>},
    {"split", split_method},
    {"splitlines", splitlines_method},
    {"startswith", affix_method<true>},
    {"strip", strip_method<StripSide::both>},
    {"title", mapped<title>},
    {"upper", mapped<upper>},
}};
constexpr std::array<Entry, 4> kDictMethods = {{
    {"get", get_method},
    {"items", view_method<ViewOf::items>},
    {"keys", view_method<ViewOf::keys>},
    {"values", view_method<ViewOf::values>},
}};
constexpr std::array<Entry, 2> kListMethods = {{
    {"count", list_count_method},
    {"index", list_index_method},
}};

// What Python has beyond that: using one is refused, not taken for an attribute that is absent.
constexpr std::array<std::string_view, 28> kOtherTextMethods = {
    "casefold",    "center",  "encode",  "expandtabs", "format",       "format_map", "index",
    "isalnum",     "isalpha", "isascii", "isdecimal",  "isidentifier", "islower",    "isnumeric",
    "isprintable", "isspace", "istitle", "isupper",    "ljust",        "maketrans",  "partition",
    "rfind",       "rindex",  "rjust",   "rpartition", "swapcase",     "translate",  "zfill"};
constexpr std::array<std::string_view, 7> kOtherDictMethods = {
    "clear", "copy", "fromkeys", "pop", "popitem", "setdefault", "update"};
constexpr std::array<std::string_view, 9> kOtherListMethods = {
    "append", "clear", "copy", "extend", "insert", "pop", "remove", "reverse", "sort"};

template <std::size_t Known, std::size_t Other>
const Entry* find_method_entry(Runtime& runtime, std::string_view type, std::string_view name,
                               const std::array<Entry, Known>& known,
                               const std::array<std::string_view, Other>& other) {
  for (const Entry& entry : known) {
    if (entry.name == name) return &entry;
  }
  if (std::find(other.begin(), other.end(), name) != other.end()) {
    runtime.fail(fmt::format("{} method '{}' is not supported", type, name));
  }
  return nullptr;
}

}  // namespace

bool bind_method(Runtime& runtime, const Value& self, std::string_view name, Value* bound) {
  const Entry* entry = nullptr;
  if (self.is_text()) {
    entry = find_method_entry(runtime, "str", name, kTextMethods, kOtherTextMethods);
  } else if (self.is_dict()) {
    entry = find_method_entry(runtime, "dict", name, kDictMethods, kOtherDictMethods);
  } else if (self.is_sequence() && self.sequence().kind == SequenceKind::list) {
    entry = find_method_entry(runtime, "list", name, kListMethods, kOtherListMethods);
  }
  if (entry == nullptr) return false;
  runtime.budget.build(sizeof(Method));
  *bound = Value(std::shared_ptr<const Callable>(std::make_shared<Method>(self, *entry)));
  return true;
}

}  // namespace assay::jinja
