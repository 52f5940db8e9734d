#include "serve/messages.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "core/json_access.h"
#include "core/text.h"
#include "decode/grammar/schema_keywords.h"
#include "serve/request.h"

namespace assay::serve {
namespace {

constexpr std::size_t kMostNameBytes = 64;
/// Keywords that say what a value may be; any other is for one type of values.
constexpr std::array<const char*, 7> kOfItsOwnType = {"type",  "$ref",  "anyOf", "oneOf",
                                                      "allOf", "const", "enum"};

bool is_function_name(const std::string& name) {
  return !name.empty() && name.size() <= kMostNameBytes &&
         std::all_of(name.begin(), name.end(), [](unsigned char c) {
           return std::isalnum(c) != 0 || c == '_' || c == '-' || c == '.';
         });
}

/// A string, or the texts of its parts joined.
void read_content(Fields& fields, Json* out) {
  const Json* content = fields.any("content");
  if (content == nullptr) return;
  if (content->is_string()) {
    (*out)["content"] = *content;
    return;
  }
  if (!content->is_array()) return fields.fail("content", "must be a string or an array of parts");
  std::string text;
  for (const Json& part : *content) {
    const std::string type =
        part.is_object()
            ? part.value("type", Json()).is_string() ? part.at("type").get<std::string>() : ""
            : "";
    if (type != "text") {
      return fields.fail("content", type.empty()
                                        ? std::string("each part must be an object with a type")
                                        : fmt::format("parts of type '{}' are not supported: only "
                                                      "text",
                                                      name_for_message(type)));
    }
    if (!part.contains("text") || !part.at("text").is_string()) {
      return fields.fail("content", "a text part needs a string 'text'");
    }
    text += part.at("text").get_ref<const std::string&>();
  }
  (*out)["content"] = text;
}

/// Templates write the arguments with `tojson`, so they must be values rather than their text.
void read_tool_calls(Fields& fields, Json* out) {
  const Json* calls = fields.any("tool_calls");
  if (calls == nullptr) return;
  if (!calls->is_array()) return fields.fail("tool_calls", "must be an array");
  Json read = Json::array();
  for (const Json& call : *calls) {
    if (!call.is_object() || !call.contains("function") || !call.at("function").is_object()) {
      return fields.fail("tool_calls", "each must be an object with a function");
    }
    const Json& function = call.at("function");
    if (!function.contains("name") || !function.at("name").is_string()) {
      return fields.fail("tool_calls", "a function needs a name");
    }
    Json arguments = Json::object();
    if (function.contains("arguments") && function.at("arguments").is_string()) {
      const std::string& text = function.at("arguments").get_ref<const std::string&>();
      if (json_is_deeper_than(text, kMaxJsonDepth)) {
        return fields.fail("tool_calls", "arguments are nested too deep");
      }
      arguments = text.empty() ? Json::object() : Json::parse(text, nullptr, false);
      if (arguments.is_discarded()) arguments = text;
    } else if (function.contains("arguments")) {
      arguments = function.at("arguments");
    }
    Json one = {{"type", "function"},
                {"function", {{"name", function.at("name")}, {"arguments", arguments}}}};
    if (call.contains("id") && call.at("id").is_string()) one["id"] = call.at("id");
    read.push_back(std::move(one));
  }
  if (!read.empty()) (*out)["tool_calls"] = std::move(read);
}

/// Whether all instances are objects.
bool is_of_objects(const Json& root, const Json& schema, int depth) {
  constexpr int kDeepest = 16;
  if (!schema.is_object() || depth > kDeepest) return false;
  if (schema.contains("type")) {
    return schema.at("type") == "object" || schema.at("type") == Json::array({"object"});
  }
  if (schema.contains("$ref") && schema.at("$ref").is_string()) {
    const Json* target = grammar::resolve(root, schema.at("$ref").get<std::string>());
    return target != nullptr && is_of_objects(root, *target, depth + 1);
  }
  for (const char* choice : {"anyOf", "oneOf", "allOf"}) {
    if (!schema.contains(choice)) continue;
    const Json& list = schema.at(choice);
    return list.is_array() && std::all_of(list.begin(), list.end(), [&](const Json& one) {
             return is_of_objects(root, one, depth + 1);
           });
  }
  return schema.contains("properties");
}

/// The schema of a function's arguments, which are an object whatever it leaves open.
Json read_parameters(Fields& fields) {
  const Json* given = fields.any("parameters");
  if (given == nullptr) return {{"type", "object"}, {"properties", Json::object()}};
  Json schema = *given;
  const bool says_nothing =
      schema.is_object() && std::none_of(kOfItsOwnType.begin(), kOfItsOwnType.end(),
                                         [&](const char* name) { return schema.contains(name); });
  if (says_nothing) schema["type"] = "object";
  if (!is_of_objects(schema, schema, 0)) {
    fields.fail("parameters", "must be a JSON Schema of objects: \"type\": \"object\"");
  }
  return schema;
}

ApiResult<Json> read_message(const Json& message, const std::string& where) {
  if (!message.is_object()) return refusal(where, where + " must be an object");
  Fields fields(message, where + ".");
  std::string role = fields.text("role").value_or("");
  if (role == "developer") role = "system";
  if (role != "system" && role != "user" && role != "assistant" && role != "tool") {
    fields.fail("role", role == "function" ? "function is not supported: use tool"
                                           : "must be system, user, assistant or tool");
  }
  Json out = {{"role", role}};
  read_content(fields, &out);
  if (const auto name = fields.text("name")) out["name"] = *name;
  if (role == "assistant") {
    read_tool_calls(fields, &out);
    auto thoughts = fields.text("reasoning_content");
    const auto newer_name = fields.text("reasoning");  // vLLM's
    if (!thoughts) thoughts = newer_name;
    if (thoughts) out["reasoning_content"] = *thoughts;
    fields.only("function_call", nullptr, "is not supported: use tool_calls");
    fields.only("audio", nullptr, "is not supported");
    fields.ignore({"refusal", "annotations"});
    if (!out.contains("content") && !out.contains("tool_calls") && !fields.failed()) {
      fields.fail("content", "is required");
    }
  } else if (!out.contains("content")) {
    fields.fail("content", "is required");
  }
  if (role == "tool") {
    if (const auto id = fields.text("tool_call_id")) out["tool_call_id"] = *id;
  }
  if (const auto error = fields.finish()) return tl::unexpected(*error);
  return out;
}

}  // namespace

ApiResult<Json> read_messages(const Json& messages, const RequestLimits& limits) {
  if (!messages.is_array() || messages.empty()) {
    return refusal("messages", "messages must be an array of at least one message");
  }
  if (messages.size() > limits.messages) {
    return refusal("messages", fmt::format("more than {} messages", limits.messages));
  }
  Json out = Json::array();
  for (std::size_t i = 0; i < messages.size(); ++i) {
    ApiResult<Json> message = read_message(messages[i], fmt::format("messages[{}]", i));
    if (!message) return message;
    out.push_back(std::move(*message));
  }
  return out;
}

ApiResult<Json> read_tools(const Json& tools, const RequestLimits& limits) {
  if (!tools.is_array()) return refusal("tools", "tools must be an array");
  if (tools.size() > limits.tools) {
    return refusal("tools", fmt::format("more than {} tools", limits.tools));
  }
  Json out = Json::array();
  for (std::size_t i = 0; i < tools.size(); ++i) {
    const std::string where = fmt::format("tools[{}]", i);
    if (!tools[i].is_object() || tools[i].value("type", Json()) != "function" ||
        !tools[i].contains("function") || !tools[i].at("function").is_object()) {
      return refusal(where, where + " must have type 'function' and a function");
    }
    Fields fields(tools[i].at("function"), where + ".function.");
    Json function = {{"name", fields.text("name").value_or("")}};
    if (!fields.failed() && !is_function_name(function.at("name"))) {
      fields.fail("name", "must have 1 to 64 letters, digits, '_', '-' or '.'");
    }
    if (const auto description = fields.text("description")) {
      function["description"] = *description;
    }
    function["parameters"] = read_parameters(fields);
    fields.ignore({"strict"});
    if (const auto error = fields.finish()) return tl::unexpected(*error);
    out.push_back({{"type", "function"}, {"function", std::move(function)}});
  }
  return out;
}

}  // namespace assay::serve
