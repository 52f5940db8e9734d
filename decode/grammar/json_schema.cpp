#include "decode/grammar/json_schema.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <utility>

#include "core/text.h"
#include "decode/grammar/json_rules.h"
#include "decode/grammar/number_range.h"
#include "decode/grammar/regex.h"
#include "decode/grammar/schema_keywords.h"

namespace assay::grammar {
namespace {

using Json = nlohmann::ordered_json;

class SchemaCompiler {
 public:
  SchemaCompiler(Grammar& grammar, const Json& root) : rules_(grammar), root_(root) {}

  Sequence compile() { return value(root_, "schema", 0); }

 private:
  [[noreturn]] static void refuse(const std::string& where, const std::string& why) {
    throw SchemaError{fmt::format("{}: {}", where, why)};
  }

  Sequence value(const Json& schema, const std::string& where, int depth);
  Sequence of_type(const Json& schema, const std::string& type, const std::string& where,
                   int depth);
  Sequence reference(const std::string& name, const std::string& where, int depth);
  Sequence choices(const Json& list, const std::string& where, int depth);
  Sequence literals(const Json& schema, const Json& values, const std::string& where);
  Sequence object(const Json& schema, const std::string& where, int depth);
  Sequence array(const Json& schema, const std::string& where, int depth);
  Sequence string(const Json& schema, const std::string& where);
  Sequence number(const Json& schema, bool integer, const std::string& where);
  std::optional<JsonRules::Member> other_members(const Json& schema,
                                                 const std::vector<std::string>& taken,
                                                 const std::string& where, int depth);

  JsonRules rules_;
  const Json& root_;
  std::map<std::string, Sequence> references_;
};

Sequence SchemaCompiler::value(const Json& schema, const std::string& where, int depth) {
  if (depth > kMaxSchemaDepth) refuse(where, fmt::format("deeper than {}", kMaxSchemaDepth));
  if (rules_.grammar().too_large()) refuse(where, "the schema is too large");
  if (schema.is_boolean() && schema.get<bool>()) return rules_.value();
  if (schema.is_boolean()) return rules_.grammar().any_of({});
  if (!schema.is_object()) refuse(where, "must be an object or a boolean");
  check_keywords(schema, where);
  if (schema.contains("$ref")) {
    only_beside(schema, "$ref", {}, where);
    if (!schema.at("$ref").is_string()) refuse(where, "$ref must be a string");
    return reference(schema.at("$ref").get<std::string>(), where, depth);
  }
  if (schema.contains("const")) {
    only_beside(schema, "const", {"type"}, where);
    return literals(schema, Json::array({schema.at("const")}), where);
  }
  if (schema.contains("enum")) {
    only_beside(schema, "enum", {"type"}, where);
    return literals(schema, schema.at("enum"), where);
  }
  for (const char* combiner : {"anyOf", "oneOf", "allOf"}) {
    if (!schema.contains(combiner)) continue;
    only_beside(schema, combiner, {}, where);
    const Json& list = schema.at(combiner);
    const std::string at = fmt::format("{}.{}", where, combiner);
    if (!list.is_array() || list.empty()) refuse(at, "must be an array of schemas");
    if (std::string_view(combiner) == "allOf" && list.size() > 1) {
      refuse(at, "more than one schema is not supported");
    }
    if (std::string_view(combiner) == "oneOf") check_apart(root_, list, at);
    return choices(list, at, depth + 1);
  }
  std::vector<Sequence> ways;
  for (const std::string& type : types_of(schema, where)) {
    ways.push_back(of_type(schema, type, where, depth));
  }
  return rules_.grammar().any_of(std::move(ways));
}

Sequence SchemaCompiler::of_type(const Json& schema, const std::string& type,
                                 const std::string& where, int depth) {
  if (type == "any") return rules_.value();
  if (type == "null") return rules_.null();
  if (type == "boolean") return rules_.boolean();
  if (type == "integer") return number(schema, true, where);
  if (type == "number") return number(schema, false, where);
  if (type == "string") return string(schema, where);
  if (type == "array") return array(schema, where, depth);
  return object(schema, where, depth);
}

Sequence SchemaCompiler::reference(const std::string& name, const std::string& where, int depth) {
  const auto known = references_.find(name);
  if (known != references_.end()) return known->second;
  const Json* target = resolve(root_, name);
  if (target == nullptr) {
    refuse(where, fmt::format("$ref '{}' leads nowhere in this schema", name_for_message(name)));
  }
  const std::int32_t rule = rules_.grammar().declare();
  Sequence out = Grammar::of_rule(rule);
  references_.emplace(name, out);
  rules_.grammar().define(rule, {value(*target, name, depth + 1)});
  return out;
}

Sequence SchemaCompiler::choices(const Json& list, const std::string& where, int depth) {
  std::vector<Sequence> ways;
  ways.reserve(list.size());
  for (std::size_t i = 0; i < list.size(); ++i) {
    ways.push_back(value(list[i], fmt::format("{}[{}]", where, i), depth));
  }
  return rules_.grammar().any_of(std::move(ways));
}

Sequence SchemaCompiler::literals(const Json& schema, const Json& values,
                                  const std::string& where) {
  if (!values.is_array()) refuse(where, "enum must be an array");
  if (values.size() > kMaxEnum) refuse(where, fmt::format("enum of more than {}", kMaxEnum));
  const bool typed = schema.contains("type");
  const std::vector<std::string> types =
      typed ? types_of(schema, where) : std::vector<std::string>();
  std::vector<Sequence> ways;
  for (const Json& one : values) {
    const bool fits = !typed || std::any_of(types.begin(), types.end(), [&](const auto& type) {
      return is_of_type(one, type);
    });
    if (fits) ways.push_back(rules_.literal(one));
  }
  return rules_.grammar().any_of(std::move(ways));
}

std::optional<JsonRules::Member> SchemaCompiler::other_members(
    const Json& schema, const std::vector<std::string>& taken, const std::string& where,
    int depth) {
  const auto found = schema.find("additionalProperties");
  // Where the schema names members and says nothing of others, none are written.
  const bool absent = found == schema.end();
  if (absent && !taken.empty()) return std::nullopt;
  if (!absent && found->is_boolean() && !found->get<bool>()) return std::nullopt;
  const Json any = true;
  JsonRules::Member other;
  other.name = rules_.other_name(taken);
  other.value = value(absent ? any : *found, where + ".additionalProperties", depth + 1);
  return other;
}

Sequence SchemaCompiler::object(const Json& schema, const std::string& where, int depth) {
  const Json none = Json::object();
  const auto properties_at = schema.find("properties");
  const Json& properties = properties_at == schema.end() ? none : *properties_at;
  if (!properties.is_object()) refuse(where, "properties must be an object");
  const std::set<std::string> required = required_names(schema, where);
  std::vector<JsonRules::Member> members;
  std::vector<std::string> taken;
  for (const auto& [name, member] : properties.items()) {
    taken.push_back(name);
    JsonRules::Member one;
    one.name = rules_.literal(name);
    one.required = required.contains(name);
    one.value =
        value(member, fmt::format("{}.properties.{}", where, name_for_message(name)), depth + 1);
    members.push_back(std::move(one));
  }
  for (const std::string& name : required) {
    if (properties.contains(name)) continue;
    refuse(where, fmt::format("required '{}' is not among properties", name_for_message(name)));
  }
  return rules_.object(members, other_members(schema, taken, where, depth));
}

Sequence SchemaCompiler::array(const Json& schema, const std::string& where, int depth) {
  std::vector<Sequence> first;
  if (const auto prefix = schema.find("prefixItems"); prefix != schema.end()) {
    if (!prefix->is_array()) refuse(where, "prefixItems must be an array");
    for (std::size_t i = 0; i < prefix->size(); ++i) {
      first.push_back(value((*prefix)[i], fmt::format("{}.prefixItems[{}]", where, i), depth + 1));
    }
  }
  const std::int64_t least = count_of(schema, "minItems", kMaxItems, where).value_or(0);
  const std::optional<std::int64_t> most = count_of(schema, "maxItems", kMaxItems, where);
  if (most && *most < least) return rules_.grammar().any_of({});
  std::optional<Sequence> element;
  const auto items = schema.find("items");
  if (items != schema.end()) {
    const bool none = items->is_boolean() && !items->get<bool>();
    if (!none) element = value(*items, where + ".items", depth + 1);
  } else {
    element = rules_.value();
  }
  if (!element && least > std::ssize(first)) return rules_.grammar().any_of({});
  return rules_.array(first, element, least, most.value_or(-1));
}

Sequence SchemaCompiler::string(const Json& schema, const std::string& where) {
  const auto least = count_of(schema, "minLength", kMaxStringLength, where);
  const auto most = count_of(schema, "maxLength", kMaxStringLength, where);
  std::string pattern;
  if (const auto found = schema.find("pattern"); found != schema.end()) {
    if (!found->is_string()) refuse(where, "pattern must be a string");
    pattern = found->get<std::string>();
  }
  if (const auto found = schema.find("format"); found != schema.end()) {
    if (!found->is_string()) refuse(where, "format must be a string");
    if (!pattern.empty()) refuse(where, "pattern and format together are not supported");
    pattern = pattern_of_format(found->get<std::string>(), where);
  }
  if (pattern.empty()) {
    if (most && *most < least.value_or(0)) return rules_.grammar().any_of({});
    return rules_.string(least.value_or(0), most.value_or(-1));
  }
  if (least || most) refuse(where, "a length beside pattern or format is not supported");
  Result<Sequence> matching = matching_string(rules_, pattern);
  if (!matching) refuse(where, matching.error().message());
  return std::move(*matching);
}

Sequence SchemaCompiler::number(const Json& schema, bool integer, const std::string& where) {
  const NumberBounds bounds = bounds_of(schema, where);
  if (!bounds.any()) return integer ? rules_.integer() : rules_.number();
  Result<Sequence> between = number_between(rules_.grammar(), bounds, integer);
  if (!between) refuse(where, between.error().message());
  return std::move(*between);
}

}  // namespace

Result<Sequence> json_schema_rules(Grammar& grammar, const Json& schema) {
  try {
    return SchemaCompiler(grammar, schema).compile();
  } catch (const SchemaError& error) {
    return failure(ErrorKind::usage, error.what());
  }
}

Result<Grammar> finished(Grammar grammar, const Sequence& start) {
  if (grammar.too_large()) return failure(ErrorKind::usage, "the schema is too large");
  switch (grammar.finish(start)) {
    case Grammar::Verdict::empty:
      return failure(ErrorKind::usage, "no finite value is an instance of the schema");
    case Grammar::Verdict::endless:
      return failure(ErrorKind::usage, fmt::format("the shortest instance has more than {} bytes",
                                                   Grammar::kMaxShortest));
    case Grammar::Verdict::recursive:
      return failure(ErrorKind::usage, "a $ref leads back to itself without a value between");
    case Grammar::Verdict::sound:
      break;
  }
  return grammar;
}

}  // namespace assay::grammar
