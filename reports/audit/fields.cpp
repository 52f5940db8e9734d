#include "reports/audit/fields.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/json_access.h"
#include "core/text.h"

namespace assay {

using nlohmann::json;

namespace {

constexpr std::size_t kMaxTextBytes = 4000;
constexpr std::size_t kMaxTexts = 32;

}  // namespace

Fields::Fields(const json& object, std::string where, std::string* error)
    : object_(object), where_(std::move(where)), error_(error) {
  if (!object_.is_object()) fail("", "is not an object");
}

std::string Fields::text(const char* name, bool required) {
  const json& value = json_member(object_, name);
  if (value.is_null() && !required) return {};
  const std::string text = json_text(object_, name);
  if (text.empty() || text.size() > kMaxTextBytes) {
    fail(name, fmt::format("must be a text of 1 to {} bytes", kMaxTextBytes));
    return {};
  }
  return sanitize_for_terminal(text);
}

std::vector<std::string> Fields::texts(const char* name) {
  std::vector<std::string> out;
  const json& list = json_list(object_, name);
  for (const json& value : list) {
    if (!value.is_string() || out.size() >= kMaxTexts) {
      fail(name, fmt::format("must be a list of at most {} texts", kMaxTexts));
      break;
    }
    out.push_back(sanitize_for_terminal(cut_text(value.get<std::string>(), kMaxTextBytes)));
  }
  return out;
}

std::optional<double> Fields::number(const char* name, double low, double high, bool required) {
  const json& value = json_member(object_, name);
  if (value.is_null() && !required) return std::nullopt;
  const std::optional<double> number = json_number(object_, name);
  if (!number || *number < low || *number > high) {
    fail(name, fmt::format("must be a number from {:g} to {:g}", low, high));
    return required ? std::optional(low) : std::nullopt;
  }
  return number;
}

std::optional<std::int64_t> Fields::integer(const char* name, std::int64_t low, std::int64_t high,
                                            bool required) {
  const json& value = json_member(object_, name);
  if (value.is_null() && !required) return std::nullopt;
  const std::optional<std::int64_t> number = json_integer(object_, name);
  if (!number || *number < low || *number > high) {
    fail(name, fmt::format("must be a whole number from {} to {}", low, high));
    return required ? std::optional(low) : std::nullopt;
  }
  return number;
}

bool Fields::flag(const char* name, bool otherwise) {
  const json& value = json_member(object_, name);
  if (value.is_null()) return otherwise;
  if (!value.is_boolean()) fail(name, "must be true or false");
  return value.is_boolean() ? value.get<bool>() : otherwise;
}

void Fields::fail(std::string_view name, const std::string& what) {
  if (!error_->empty()) return;
  *error_ = fmt::format("{}{}{} {}", where_, where_.empty() || name.empty() ? "" : ".", name, what);
}

std::string Fields::unknown_member(std::initializer_list<std::string_view> known) const {
  if (!object_.is_object()) return {};
  for (const auto& [name, value] : object_.items()) {
    if (std::find(known.begin(), known.end(), name) == known.end()) return name;
  }
  return {};
}

}  // namespace assay
