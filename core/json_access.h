// Reading JSON that may not have the shape one hopes for: absent, null and of the wrong type all
// read as "not there", and nothing throws.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "core/error.h"

namespace assay {

/// Deepest nesting of arrays and objects that parse_json takes.
inline constexpr int kMaxJsonDepth = 64;

/// Whether brackets outside strings nest deeper than `limit`. Asked before parsing, because copying
/// and printing a value recurse: no input may decide how deep.
bool json_is_deeper_than(std::string_view text, int limit);

/// The value of foreign text, or why there is none ("not JSON", "nested deeper than 64").
Result<nlohmann::json> parse_json(std::string_view text);

/// The member, or a null value when `object` is no object or lacks it. The reference lives as long
/// as `object` (or for ever).
const nlohmann::json& json_member(const nlohmann::json& object, std::string_view name);
/// The member if it is an array, otherwise an empty one; lives likewise.
const nlohmann::json& json_list(const nlohmann::json& object, std::string_view name);
/// Empty when it is not a string.
std::string json_text(const nlohmann::json& object, std::string_view name);
/// A finite number, whole or not.
std::optional<double> json_number(const nlohmann::json& object, std::string_view name);
/// A whole number that fits.
std::optional<std::int64_t> json_integer(const nlohmann::json& object, std::string_view name);
std::optional<bool> json_flag(const nlohmann::json& object, std::string_view name);

}  // namespace assay
