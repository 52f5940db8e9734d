#include "serve/fields.h"

#include <fmt/core.h>

#include <cmath>

#include "core/json_access.h"
#include "core/text.h"

namespace assay::serve {

ApiResult<Json> parse_request(std::string_view body) {
  if (!is_valid_utf8(body)) return refusal("", "the body is not valid UTF-8");
  if (json_is_deeper_than(body, kMaxJsonDepth)) {
    return refusal("", fmt::format("the body is nested deeper than {} levels", kMaxJsonDepth));
  }
  Json parsed = Json::parse(body, nullptr, false);
  if (parsed.is_discarded()) return refusal("", "the body is not JSON");
  if (!parsed.is_object()) return refusal("", "the body is no JSON object");
  return parsed;
}

Fields::Fields(const Json& object, std::string where)
    : object_(&object), where_(std::move(where)) {}

void Fields::fail(const std::string& name, const std::string& why, const std::string& code) {
  if (error_) return;
  error_ = ApiError{400, fmt::format("{}{}: {}", where_, name_for_message(name), why),
                    where_ + name_for_message(name), code};
}

const Json* Fields::any(const char* name) {
  taken_.emplace(name);
  if (error_) return nullptr;
  const auto found = object_->find(name);
  return found == object_->end() || found->is_null() ? nullptr : &*found;
}

std::optional<std::string> Fields::text(const char* name) {
  const Json* value = any(name);
  if (value == nullptr) return std::nullopt;
  if (value->is_string()) return value->get<std::string>();
  fail(name, "must be a string");
  return std::nullopt;
}

std::optional<bool> Fields::flag(const char* name) {
  const Json* value = any(name);
  if (value == nullptr) return std::nullopt;
  if (value->is_boolean()) return value->get<bool>();
  fail(name, "must be true or false");
  return std::nullopt;
}

std::optional<std::int64_t> Fields::integer(const char* name, std::int64_t least,
                                            std::int64_t most) {
  const Json* value = any(name);
  if (value == nullptr) return std::nullopt;
  std::optional<std::int64_t> out;
  if (value->is_number_unsigned()) {
    const auto unsigned_value = value->get<std::uint64_t>();
    if (unsigned_value <= static_cast<std::uint64_t>(INT64_MAX)) {
      out = static_cast<std::int64_t>(unsigned_value);
    }
  } else if (value->is_number_integer()) {
    out = value->get<std::int64_t>();
  } else if (value->is_number_float()) {
    const auto real = value->get<double>();
    if (real == std::trunc(real) && std::fabs(real) < 0x1p53) out = static_cast<std::int64_t>(real);
  }
  if (!out || *out < least || *out > most) {
    fail(name, fmt::format("must be a whole number from {} to {}", least, most));
    return std::nullopt;
  }
  return out;
}

std::optional<double> Fields::number(const char* name, double least, double most) {
  const Json* value = any(name);
  if (value == nullptr) return std::nullopt;
  const double out = value->is_number() ? value->get<double>() : std::nan("");
  if (!(out >= least && out <= most)) {
    fail(name, fmt::format("must be a number from {} to {}", least, most));
    return std::nullopt;
  }
  return out;
}

void Fields::ignore(std::initializer_list<const char*> names) {
  for (const char* name : names) taken_.emplace(name);
}

void Fields::only(const char* name, const Json& value, const std::string& why) {
  const Json* given = any(name);
  if (given != nullptr && *given != value) fail(name, why, "unsupported_parameter");
}

std::optional<ApiError> Fields::finish() {
  for (const auto& [name, value] : object_->items()) {
    if (error_) break;
    if (!taken_.contains(name) && !value.is_null()) {
      fail(name,
           "this field is not known here, and nothing is ignored that could change the answer",
           "unknown_parameter");
    }
  }
  return error_;
}

}  // namespace assay::serve
