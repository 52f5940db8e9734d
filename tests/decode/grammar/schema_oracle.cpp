#include "tests/decode/grammar/schema_oracle.h"

#include <algorithm>
#include <cmath>
#include <regex>

#include "core/utf8.h"

namespace assay::testing {
namespace {

std::int64_t characters(const std::string& text) {
  return std::count_if(text.begin(), text.end(),
                       [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
}

/// Characters rather than bytes, for expressions.
std::wstring wide(std::string_view text) {
  std::wstring out;
  while (!text.empty()) {
    const Utf8Step step = utf8_step(text);
    out += static_cast<wchar_t>(step.code_point);
    text.remove_prefix(step.bytes);
  }
  return out;
}

bool has_type(const OrderedJson& value, const std::string& type) {
  if (type == "integer") {
    return value.is_number() && value.get<double>() == std::trunc(value.get<double>());
  }
  if (type == "number") return value.is_number();
  if (type == "string") return value.is_string();
  if (type == "boolean") return value.is_boolean();
  if (type == "null") return value.is_null();
  if (type == "array") return value.is_array();
  return value.is_object();
}

bool object_fits(const OrderedJson& root, const OrderedJson& schema, const OrderedJson& value) {
  const OrderedJson properties = schema.value("properties", OrderedJson::object());
  for (const OrderedJson& name : schema.value("required", OrderedJson::array())) {
    if (!value.contains(name.get<std::string>())) return false;
  }
  for (const auto& [name, member] : value.items()) {
    if (properties.contains(name)) {
      if (!is_instance(root, properties.at(name), member)) return false;
    } else if (schema.contains("additionalProperties") &&
               !is_instance(root, schema.at("additionalProperties"), member)) {
      return false;
    }
  }
  return true;
}

bool array_fits(const OrderedJson& root, const OrderedJson& schema, const OrderedJson& value) {
  if (value.size() < schema.value("minItems", 0U)) return false;
  if (value.size() > schema.value("maxItems", 1U << 30)) return false;
  const OrderedJson prefix = schema.value("prefixItems", OrderedJson::array());
  for (std::size_t i = 0; i < value.size(); ++i) {
    const OrderedJson any = true;
    const OrderedJson& item = i < prefix.size()          ? prefix[i]
                              : schema.contains("items") ? schema.at("items")
                                                         : any;
    if (!is_instance(root, item, value[i])) return false;
  }
  return true;
}

bool string_fits(const OrderedJson& schema, const std::string& value) {
  if (characters(value) < schema.value("minLength", 0)) return false;
  if (characters(value) > schema.value("maxLength", 1 << 30)) return false;
  return !schema.contains("pattern") ||
         std::regex_search(wide(value), std::wregex(wide(schema.at("pattern").get<std::string>())));
}

bool number_fits(const OrderedJson& schema, double value) {
  return value >= schema.value("minimum", -INFINITY) &&
         value <= schema.value("maximum", INFINITY) &&
         value > schema.value("exclusiveMinimum", -INFINITY) &&
         value < schema.value("exclusiveMaximum", INFINITY);
}

int below(std::mt19937& random, int n) {
  return static_cast<int>(random() % static_cast<unsigned>(n));
}

const char* const kWords[] = {"a", "ab", "abc", "b", "\xc3\xa9", "x y", "q\"q", "n\\n"};

OrderedJson random_scalar(std::mt19937& random) {
  switch (below(random, 5)) {
    case 0:
      return below(random, 200) - 100;
    case 1:
      return kWords[below(random, 8)];
    case 2:
      return below(random, 2) == 0;
    case 3:
      return nullptr;
    default:
      return (2 * below(random, 2000) - 2001) / 8.0;  // never whole
  }
}

OrderedJson random_number_schema(std::mt19937& random, bool integer) {
  OrderedJson schema = {{"type", integer ? "integer" : "number"}};
  const double a = integer ? below(random, 2200) - 1100 : (below(random, 4000) - 2000) / 16.0;
  const double b = a + (integer ? below(random, 150) : below(random, 300) / 32.0);
  const bool strict = below(random, 3) == 0;
  if (below(random, 3) != 0) schema[strict ? "exclusiveMinimum" : "minimum"] = a;
  if (below(random, 3) != 0) schema[below(random, 3) == 0 ? "exclusiveMaximum" : "maximum"] = b;
  return schema;
}

OrderedJson random_string_schema(std::mt19937& random) {
  static const char* const kPatterns[] = {"^[a-c]{1,3}$", "^(foo|ba[rz])+$", "[0-9]{2}",
                                          "^\\d+\\.\\d$", "^a|b$",           "^[^a-z\"]?x*$"};
  OrderedJson schema = {{"type", "string"}};
  if (below(random, 3) == 0) {
    schema["pattern"] = kPatterns[below(random, 6)];
    return schema;
  }
  const int least = below(random, 4);
  if (below(random, 2) == 0) schema["minLength"] = least;
  if (below(random, 2) == 0) schema["maxLength"] = least + below(random, 5);
  return schema;
}

OrderedJson random_object_schema(std::mt19937& random, int depth) {
  OrderedJson schema = {{"type", "object"}, {"properties", OrderedJson::object()}};
  OrderedJson required = OrderedJson::array();
  const int n = below(random, 4);
  for (int i = 0; i < n; ++i) {
    const std::string name = kWords[below(random, 8)];
    schema["properties"][name] = random_schema(random, depth - 1);
    if (below(random, 2) == 0) required.push_back(name);
  }
  if (!required.empty()) schema["required"] = required;
  const int others = below(random, 4);
  if (others == 0) schema["additionalProperties"] = false;
  if (others == 1) schema["additionalProperties"] = random_schema(random, depth - 1);
  if (others == 2) schema["additionalProperties"] = true;
  return schema;
}

OrderedJson random_array_schema(std::mt19937& random, int depth) {
  OrderedJson schema = {{"type", "array"}};
  if (below(random, 2) == 0) schema["items"] = random_schema(random, depth - 1);
  if (below(random, 3) == 0) {
    schema["prefixItems"] =
        OrderedJson::array({random_schema(random, depth - 1), random_schema(random, depth - 1)});
  }
  const int least = below(random, 3);
  if (below(random, 2) == 0) schema["minItems"] = least;
  if (below(random, 2) == 0) schema["maxItems"] = least + below(random, 3);
  return schema;
}

}  // namespace

bool is_instance(const OrderedJson& root, const OrderedJson& schema, const OrderedJson& value) {
  if (schema.is_boolean()) return schema.get<bool>();
  if (schema.contains("$ref")) {
    const std::string name = schema.at("$ref");
    return is_instance(root, name == "#" ? root : root.at("$defs").at(name.substr(8)), value);
  }
  if (schema.contains("const")) return schema.at("const") == value;
  if (schema.contains("enum")) {
    const OrderedJson& list = schema.at("enum");
    return std::find(list.begin(), list.end(), value) != list.end();
  }
  for (const char* combiner : {"anyOf", "oneOf"}) {
    if (!schema.contains(combiner)) continue;
    const auto fits =
        std::count_if(schema.at(combiner).begin(), schema.at(combiner).end(),
                      [&](const OrderedJson& one) { return is_instance(root, one, value); });
    return combiner == std::string("oneOf") ? fits == 1 : fits > 0;
  }
  if (schema.contains("type")) {
    const OrderedJson types =
        schema.at("type").is_array() ? schema.at("type") : OrderedJson::array({schema["type"]});
    if (std::none_of(types.begin(), types.end(),
                     [&](const OrderedJson& type) { return has_type(value, type); })) {
      return false;
    }
  }
  if (value.is_object()) return object_fits(root, schema, value);
  if (value.is_array()) return array_fits(root, schema, value);
  if (value.is_string()) return string_fits(schema, value.get<std::string>());
  return !value.is_number() || number_fits(schema, value.get<double>());
}

OrderedJson random_schema(std::mt19937& random, int depth) {
  const int kind = below(random, depth > 0 ? 12 : 7);
  switch (kind) {
    case 0:
      return random_number_schema(random, true);
    case 1:
      return random_number_schema(random, false);
    case 2:
      return random_string_schema(random);
    case 3:
      return {{"const", random_scalar(random)}};
    case 4:
      return {{"enum", OrderedJson::array({random_scalar(random), random_scalar(random)})}};
    case 5:
      return {{"type", OrderedJson::array({"boolean", "null"})}};
    case 6:
      return {{"$ref", below(random, 2) == 0 ? "#/$defs/node" : "#/$defs/word"}};
    case 7:
    case 8:
      return random_array_schema(random, depth);
    case 9:
      return {{"anyOf", OrderedJson::array(
                            {random_schema(random, depth - 1), random_schema(random, depth - 1)})}};
    default:
      return random_object_schema(random, depth);
  }
}

OrderedJson random_instance(std::mt19937& random, const OrderedJson& root,
                            const OrderedJson& schema, int depth, bool* found) {
  if (schema.is_object() && schema.contains("$ref")) {
    const std::string name = schema.at("$ref");
    return random_instance(random, root, root.at("$defs").at(name.substr(8)), depth, found);
  }
  if (schema.is_object() && schema.contains("anyOf")) {
    const OrderedJson& list = schema.at("anyOf");
    return random_instance(random, root, list[random() % list.size()], depth, found);
  }
  const bool is_object = schema.is_object() && schema.value("type", OrderedJson()) == "object";
  if (is_object && depth > 0) {
    OrderedJson out = OrderedJson::object();
    const OrderedJson required = schema.value("required", OrderedJson::array());
    for (const auto& [name, member] : schema.at("properties").items()) {
      const bool needed = std::find(required.begin(), required.end(), name) != required.end();
      if (needed || below(random, 2) == 0) {
        out[name] = random_instance(random, root, member, depth - 1, found);
      }
    }
    return out;
  }
  for (int attempt = 0; attempt < 60; ++attempt) {
    OrderedJson value = random_scalar(random);
    if (below(random, 3) == 0) {
      value = OrderedJson::array();
      for (int n = below(random, 4); n > 0; --n) value.push_back(random_scalar(random));
    }
    if (is_instance(root, schema, value)) return value;
  }
  *found = false;
  return nullptr;
}

}  // namespace assay::testing
