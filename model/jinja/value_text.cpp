// str(), repr() and json.dumps() of values.
#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "model/jinja/text.h"
#include "model/jinja/value.h"

namespace assay::jinja {
namespace {

/// Collects text; every piece is charged before it is kept.
class Writer {
 public:
  explicit Writer(Budget& budget) : budget_(budget) {}
  void put(std::string_view piece) {
    budget_.step();
    budget_.build(piece.size());
    out_.append(piece);
  }
  Budget& budget() { return budget_; }
  std::string take() { return std::move(out_); }

 private:
  Budget& budget_;
  std::string out_;
};

void write_repr(const Value& value, Writer& out);

void write_items(const std::vector<Value>& items, Writer& out) {
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i > 0) out.put(", ");
    write_repr(items[i], out);
  }
}

void write_entries(const Entries& entries, Writer& out) {
  out.put("{");
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (i > 0) out.put(", ");
    write_repr(entries[i].first, out);
    out.put(": ");
    write_repr(entries[i].second, out);
  }
  out.put("}");
}

void write_sequence(const Value& value, Writer& out) {
  const Sequence& sequence = value.sequence();
  switch (sequence.kind) {
    case SequenceKind::list:
      out.put("[");
      write_items(sequence.items, out);
      out.put("]");
      return;
    case SequenceKind::tuple:
      out.put("(");
      write_items(sequence.items, out);
      out.put(sequence.items.size() == 1 ? ",)" : ")");
      return;
    case SequenceKind::view:
      out.put(sequence.name + "([");
      write_items(sequence.items, out);
      out.put("])");
      return;
    case SequenceKind::range:
      out.put(sequence.name);
      return;
    case SequenceKind::generator:
      out.budget().fail("a generator has no text; pass it through 'list' or 'join' first");
  }
}

void write_repr(const Value& value, Writer& out) {
  const Budget::Level level(out.budget());  // a namespace may hold itself
  if (value.is_text()) return out.put(repr_of_text(value.text()));
  if (value.is_none()) return out.put("None");
  if (value.is_undefined()) return out.put("Undefined");
  if (value.is<bool>()) return out.put(value.boolean() ? "True" : "False");
  if (value.is<std::int64_t>()) return out.put(fmt::format("{}", value.integer()));
  if (value.is<double>()) return out.put(repr_of_float(value.real()));
  if (value.is_sequence()) return write_sequence(value, out);
  if (value.is_dict()) return write_entries(value.dict().entries, out);
  if (value.is_loop()) {
    const Loop& loop = value.loop();
    return out.put(fmt::format("<LoopContext {}/{}>", loop.index0 + 1, loop.items->items.size()));
  }
  if (value.is_namespace()) {
    out.put("<Namespace ");
    write_entries(value.space().attributes, out);
    return out.put(">");
  }
  out.budget().fail(value.callable().describe() + " has no text; call it");
}

class JsonWriter {
 public:
  JsonWriter(const JsonStyle& style, Budget& budget) : style_(style), out_(budget) {}
  std::string take() { return out_.take(); }

  void write(const Value& value, int level) {
    if (value.is_text()) return write_text(value.text());
    if (value.is_none()) return out_.put("null");
    if (value.is_number()) return out_.put(number(value));
    if (value.is_sequence() && (value.sequence().kind == SequenceKind::list ||
                                value.sequence().kind == SequenceKind::tuple)) {
      return write_list(value.sequence().items, level);
    }
    if (value.is_dict()) return write_dict(value.dict().entries, level);
    out_.budget().fail(fmt::format("object of type {} is not JSON serializable", type_name(value)));
  }

 private:
  static std::string number(const Value& value) {
    if (value.is<bool>()) return value.boolean() ? "true" : "false";
    if (value.is_integral()) return fmt::format("{}", value.integer());
    if (std::isnan(value.real())) return "NaN";
    if (std::isinf(value.real())) return value.real() < 0 ? "-Infinity" : "Infinity";
    return repr_of_float(value.real());
  }

  void line_break(int level) {
    if (!style_.pretty) return;
    out_.put("\n");
    for (int i = 0; i < level; ++i) out_.put(style_.indent);
  }

  void write_list(const std::vector<Value>& items, int level) {
    if (items.empty()) return out_.put("[]");
    out_.put("[");
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (i > 0) out_.put(style_.item_separator);
      line_break(level + 1);
      write(items[i], level + 1);
    }
    line_break(level);
    out_.put("]");
  }

  std::string key_text(const Value& key) {
    if (key.is_text()) return key.text();
    if (key.is_none()) return "null";
    if (key.is_number()) return number(key);
    out_.budget().fail(fmt::format("a JSON key cannot be {}", type_name(key)));
  }

  void write_dict(const Entries& entries, int level) {
    if (entries.empty()) return out_.put("{}");
    std::vector<const std::pair<Value, Value>*> order;
    for (const auto& entry : entries) order.push_back(&entry);
    if (style_.sort_keys) {
      std::stable_sort(order.begin(), order.end(), [&](const auto* a, const auto* b) {
        return compare(a->first, b->first, "<", out_.budget()) < 0;
      });
    }
    out_.put("{");
    bool first = true;
    for (const auto* entry : order) {
      if (!std::exchange(first, false)) out_.put(style_.item_separator);
      line_break(level + 1);
      write_text(key_text(entry->first));
      out_.put(style_.key_separator);
      write(entry->second, level + 1);
    }
    line_break(level);
    out_.put("}");
  }

  void write_text(std::string_view text) {
    std::string quoted = "\"";
    for (std::size_t pos = 0; pos < text.size();) {
      const Character c = character_at(text, pos);
      append_escaped(quoted, c.code);
      pos += c.bytes;
    }
    out_.put(quoted + "\"");
  }

  void append_escaped(std::string& out, std::int32_t code) const {
    switch (code) {
      case '"':
        out += "\\\"";
        return;
      case '\\':
        out += "\\\\";
        return;
      case '\n':
        out += "\\n";
        return;
      case '\r':
        out += "\\r";
        return;
      case '\t':
        out += "\\t";
        return;
      case '\b':
        out += "\\b";
        return;
      case '\f':
        out += "\\f";
        return;
      default:
        break;
    }
    if (code >= 0 && code < 0x20) {
      out += fmt::format("\\u{:04x}", code);
    } else if (style_.ensure_ascii && code > 0x7E) {
      if (code >= 0x10000) {
        out += fmt::format("\\u{:04x}", 0xD800 + ((code - 0x10000) >> 10));
        code = 0xDC00 + ((code - 0x10000) & 0x3FF);
      }
      out += fmt::format("\\u{:04x}", code);
    } else {
      append_character(out, code);
    }
  }

  const JsonStyle& style_;
  Writer out_;
};

}  // namespace

std::string to_text(const Value& value, Budget& budget) {
  if (value.is_text()) return value.text();
  if (value.is_undefined()) return "";
  return repr(value, budget);
}

std::string repr(const Value& value, Budget& budget) {
  Writer out(budget);
  write_repr(value, out);
  return out.take();
}

std::string to_json(const Value& value, const JsonStyle& style, Budget& budget) {
  JsonWriter out(style, budget);
  out.write(value, 0);
  return out.take();
}

}  // namespace assay::jinja
