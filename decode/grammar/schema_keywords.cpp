#include "decode/grammar/schema_keywords.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/text.h"

namespace assay::grammar {
namespace {

using Json = nlohmann::ordered_json;

/// They describe, and restrict nothing.
constexpr std::array<std::string_view, 17> kAnnotations = {
    "title",    "description", "default",  "examples",         "$schema",        "$id",
    "$comment", "deprecated",  "readOnly", "writeOnly",        "$defs",          "definitions",
    "strict",   "example",     "$anchor",  "contentMediaType", "contentEncoding"};

struct TypedKeyword {
  std::string_view name;
  std::string_view type;
};
constexpr std::array<TypedKeyword, 15> kTyped = {{{"properties", "object"},
                                                  {"required", "object"},
                                                  {"additionalProperties", "object"},
                                                  {"items", "array"},
                                                  {"prefixItems", "array"},
                                                  {"minItems", "array"},
                                                  {"maxItems", "array"},
                                                  {"minLength", "string"},
                                                  {"maxLength", "string"},
                                                  {"pattern", "string"},
                                                  {"format", "string"},
                                                  {"minimum", "number"},
                                                  {"maximum", "number"},
                                                  {"exclusiveMinimum", "number"},
                                                  {"exclusiveMaximum", "number"}}};

constexpr std::array<std::string_view, 7> kOfAnyType = {"type",  "enum",  "const", "anyOf",
                                                        "oneOf", "allOf", "$ref"};
constexpr std::array<std::string_view, 7> kTypes = {"null",   "boolean", "integer", "number",
                                                    "string", "array",   "object"};

template <class List>
bool contains(const List& list, std::string_view name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

bool is_typed(std::string_view name) {
  return std::any_of(kTyped.begin(), kTyped.end(),
                     [&](const TypedKeyword& keyword) { return keyword.name == name; });
}

[[noreturn]] void refuse(const std::string& where, const std::string& why) {
  throw SchemaError{fmt::format("{}: {}", where, why)};
}

/// "#/$defs/a%20b" is a URI's fragment: a '%' that no two digits follow stands for itself.
std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned value = 0;
    const char* digits = text.data() + i + 1;
    const bool coded = text[i] == '%' && i + 2 < text.size() &&
                       std::from_chars(digits, digits + 2, value, 16).ptr == digits + 2;
    out += coded ? static_cast<char>(value) : text[i];
    if (coded) i += 2;
  }
  return out;
}

/// Beside a keyword that allows everything, it says nothing.
bool says_nothing(std::string_view name, const Json& value) {
  return (name == "uniqueItems" && value == false) ||
         (name == "unevaluatedProperties" && value == true) ||
         (name == "minProperties" && value == 0) || (name == "not" && value == false);
}

}  // namespace

void check_keywords(const Json& schema, const std::string& where) {
  for (const auto& [name, value] : schema.items()) {
    if (contains(kAnnotations, name) || contains(kOfAnyType, name) || is_typed(name)) continue;
    if (says_nothing(name, value)) continue;
    refuse(where, fmt::format("the keyword '{}' is not supported", name_for_message(name)));
  }
}

void only_beside(const Json& schema, std::string_view keyword,
                 std::initializer_list<std::string_view> others, const std::string& where) {
  for (const auto& [name, value] : schema.items()) {
    if (name == keyword || contains(kAnnotations, name) || says_nothing(name, value)) continue;
    if (std::find(others.begin(), others.end(), name) != others.end()) continue;
    refuse(where,
           fmt::format("'{}' beside '{}' is not supported", name_for_message(name), keyword));
  }
}

std::vector<std::string> types_of(const Json& schema, const std::string& where) {
  std::vector<std::string> out;
  const auto found = schema.find("type");
  if (found == schema.end()) {
    for (const TypedKeyword& keyword : kTyped) {
      if (schema.contains(keyword.name)) return {std::string(keyword.type)};
    }
    return {"any"};
  }
  const Json list = found->is_array() ? *found : Json::array({*found});
  for (const Json& type : list) {
    if (!type.is_string() || !contains(kTypes, type.get<std::string>())) {
      refuse(where, "type must name null, boolean, integer, number, string, array or object");
    }
    out.push_back(type.get<std::string>());
  }
  // A number is everything that an integer is.
  if (contains(out, "number")) std::erase(out, "integer");
  return out;
}

bool is_of_type(const Json& value, std::string_view type) {
  if (type == "null") return value.is_null();
  if (type == "boolean") return value.is_boolean();
  if (type == "string") return value.is_string();
  if (type == "array") return value.is_array();
  if (type == "object") return value.is_object();
  if (type == "number") return value.is_number();
  if (type == "integer") {
    return value.is_number_integer() ||
           (value.is_number() && value.get<double>() == std::trunc(value.get<double>()));
  }
  return true;
}

const Json* resolve(const Json& root, std::string_view ref) {
  if (!ref.starts_with('#')) return nullptr;
  const Json* place = &root;
  const std::string pointer = percent_decoded(ref.substr(1));
  std::string_view rest = pointer;
  while (!rest.empty()) {
    if (rest.front() != '/') return nullptr;
    rest.remove_prefix(1);
    std::string name(rest.substr(0, rest.find('/')));
    rest.remove_prefix(name.size());
    for (const auto& [code, character] : {std::pair{"~1", "/"}, std::pair{"~0", "~"}}) {
      for (std::size_t at = 0; (at = name.find(code, at)) != std::string::npos; ++at) {
        name.replace(at, 2, character);
      }
    }
    if (!place->is_object()) return nullptr;
    const auto next = place->find(name);
    if (next == place->end()) return nullptr;
    place = &*next;
  }
  return place;
}

std::set<std::string> required_names(const Json& schema, const std::string& where) {
  std::set<std::string> out;
  const auto found = schema.find("required");
  if (found == schema.end()) return out;
  if (!found->is_array()) refuse(where, "required must be an array of names");
  for (const Json& name : *found) {
    if (!name.is_string()) refuse(where, "required must be an array of names");
    out.insert(name.get<std::string>());
  }
  return out;
}

std::optional<std::int64_t> count_of(const Json& schema, const char* keyword, std::int64_t most,
                                     const std::string& where) {
  const auto found = schema.find(keyword);
  if (found == schema.end()) return std::nullopt;
  const bool whole = is_of_type(*found, "integer");
  const double value = whole ? found->get<double>() : -1;
  if (!(value >= 0 && value <= static_cast<double>(most))) {
    refuse(where, fmt::format("{} must be a whole number from 0 to {}", keyword, most));
  }
  return static_cast<std::int64_t>(value);
}

NumberBounds bounds_of(const Json& schema, const std::string& where) {
  const auto bound = [&](const char* keyword) -> std::optional<double> {
    const auto found = schema.find(keyword);
    if (found == schema.end()) return std::nullopt;
    if (!found->is_number()) refuse(where, fmt::format("{} must be a number", keyword));
    return found->get<double>();
  };
  NumberBounds out;
  out.least = bound("minimum");
  out.most = bound("maximum");
  const auto above = bound("exclusiveMinimum");
  const auto below = bound("exclusiveMaximum");
  if (above && (!out.least || *above >= *out.least)) {
    out.least = above;
    out.above_least = true;
  }
  if (below && (!out.most || *below <= *out.most)) {
    out.most = below;
    out.below_most = true;
  }
  return out;
}

std::string pattern_of_format(const std::string& format, const std::string& where) {
  const std::string date = "[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])";
  const std::string time =
      "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,6})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9]"
      ")";
  const std::string octet = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";
  const std::string label = "[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?";
  if (format == "date") return "^" + date + "$";
  if (format == "time") return "^" + time + "$";
  if (format == "date-time") return "^" + date + "T" + time + "$";
  if (format == "uuid") {
    return "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$";
  }
  if (format == "ipv4") return fmt::format("^{0}\\.{0}\\.{0}\\.{0}$", octet);
  if (format == "hostname") return fmt::format("^{0}(\\.{0}){{0,5}}$", label);
  if (format == "email") {
    return fmt::format(
        "^[A-Za-z0-9_+-]{{1,32}}(\\.[A-Za-z0-9_+-]{{1,32}}){{0,3}}@{0}(\\.{0}){{1,4}}$", label);
  }
  refuse(where, fmt::format("the format '{}' is not supported", name_for_message(format)));
}

namespace {

/// The schema behind its references; at most a few, as a cycle has no end.
const Json& behind_references(const Json& root, const Json& schema) {
  const Json* place = &schema;
  constexpr int kMost = 16;
  for (int i = 0; i < kMost && place->is_object() && place->contains("$ref"); ++i) {
    if (!place->at("$ref").is_string()) break;
    const Json* target = resolve(root, place->at("$ref").get<std::string>());
    if (target == nullptr) break;
    place = target;
  }
  return *place;
}

/// The values it names, if it does.
std::optional<Json> constants(const Json& schema) {
  if (!schema.is_object()) return std::nullopt;
  if (schema.contains("const")) return Json::array({schema.at("const")});
  if (schema.contains("enum") && schema.at("enum").is_array()) return schema.at("enum");
  return std::nullopt;
}

bool share_a_value(const Json& a, const Json& b) {
  return std::any_of(a.begin(), a.end(), [&](const Json& value) {
    return std::find(b.begin(), b.end(), value) != b.end();
  });
}

bool is_required(const Json& schema, const std::string& name) {
  const auto found = schema.find("required");
  return found != schema.end() && found->is_array() &&
         std::find(found->begin(), found->end(), Json(name)) != found->end();
}

bool are_apart(const Json& root, const Json& left, const Json& right) {
  const Json& a = behind_references(root, left);
  const Json& b = behind_references(root, right);
  if (!a.is_object() || !b.is_object()) return false;
  const auto constants_a = constants(a);
  const auto constants_b = constants(b);
  if (constants_a && constants_b) return !share_a_value(*constants_a, *constants_b);
  if (!a.contains("type") || !b.contains("type")) return false;
  const std::vector<std::string> types_a = types_of(a, "oneOf");
  const std::vector<std::string> types_b = types_of(b, "oneOf");
  const bool common = std::any_of(types_a.begin(), types_a.end(), [&](const std::string& type) {
    return contains(types_b, type) || (type == "integer" && contains(types_b, "number")) ||
           (type == "number" && contains(types_b, "integer"));
  });
  if (!common) return true;
  if (types_a != std::vector<std::string>{"object"} || types_b != types_a) return false;
  if (!a.contains("properties") || !a.at("properties").is_object() || !b.contains("properties") ||
      !b.at("properties").is_object()) {
    return false;
  }
  for (const auto& [name, member] : a.at("properties").items()) {
    if (!b.at("properties").contains(name)) continue;
    if (!is_required(a, name) || !is_required(b, name)) continue;
    const auto in_a = constants(behind_references(root, member));
    const auto in_b = constants(behind_references(root, b.at("properties").at(name)));
    if (in_a && in_b && !share_a_value(*in_a, *in_b)) return true;
  }
  return false;
}

}  // namespace

void check_apart(const Json& root, const Json& list, const std::string& where) {
  constexpr std::size_t kMost = 64;
  if (list.size() > kMost) refuse(where, fmt::format("more than {} schemas", kMost));
  for (std::size_t i = 0; i < list.size(); ++i) {
    for (std::size_t j = i + 1; j < list.size(); ++j) {
      if (are_apart(root, list[i], list[j])) continue;
      refuse(where, fmt::format("a value may fit both [{}] and [{}]: use anyOf, or a required "
                                "member with different constants",
                                i, j));
    }
  }
}

}  // namespace assay::grammar
