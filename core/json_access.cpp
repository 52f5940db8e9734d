#include "core/json_access.h"

#include <fmt/core.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

namespace assay {

using nlohmann::json;

bool json_is_deeper_than(std::string_view text, int limit) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      if (++depth > limit) return true;
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return false;
}

Result<json> parse_json(std::string_view text) {
  if (json_is_deeper_than(text, kMaxJsonDepth)) {
    return env_failure(fmt::format("nested deeper than {}", kMaxJsonDepth));
  }
  json value = json::parse(text, nullptr, false);
  if (value.is_discarded()) return env_failure("not JSON");
  return value;
}

const json& json_member(const json& object, std::string_view name) {
  static const json kNull;
  if (!object.is_object()) return kNull;
  const auto it = object.find(name);
  return it == object.end() ? kNull : *it;
}

const json& json_list(const json& object, std::string_view name) {
  static const json kEmpty = json::array();
  const json& value = json_member(object, name);
  return value.is_array() ? value : kEmpty;
}

std::string json_text(const json& object, std::string_view name) {
  const json& value = json_member(object, name);
  return value.is_string() ? value.get<std::string>() : std::string();
}

std::optional<double> json_number(const json& object, std::string_view name) {
  const json& value = json_member(object, name);
  if (!value.is_number()) return std::nullopt;
  const auto number = value.get<double>();
  return std::isfinite(number) ? std::optional(number) : std::nullopt;
}

std::optional<std::int64_t> json_integer(const json& object, std::string_view name) {
  const json& value = json_member(object, name);
  if (!value.is_number_integer()) return std::nullopt;
  if (value.is_number_unsigned() &&
      value.get<std::uint64_t>() > std::numeric_limits<std::int64_t>::max()) {
    return std::nullopt;
  }
  return value.get<std::int64_t>();
}

std::optional<bool> json_flag(const json& object, std::string_view name) {
  const json& value = json_member(object, name);
  return value.is_boolean() ? std::optional(value.get<bool>()) : std::nullopt;
}

}  // namespace assay
