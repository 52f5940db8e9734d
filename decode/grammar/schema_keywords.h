// The keywords of a schema, read and checked one by one.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "decode/grammar/number_range.h"

namespace assay::grammar {

/// Why a schema is refused; caught in json_schema_rules.
class SchemaError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Refuses a keyword that is not supported, by name.
void check_keywords(const nlohmann::ordered_json& schema, const std::string& where);
/// Refuses keywords that restrict the value beside `keyword`, but for `others`.
void only_beside(const nlohmann::ordered_json& schema, std::string_view keyword,
                 std::initializer_list<std::string_view> others, const std::string& where);

/// The names in `type`, or what the other keywords are for: "any" when nothing says.
std::vector<std::string> types_of(const nlohmann::ordered_json& schema, const std::string& where);
bool is_of_type(const nlohmann::ordered_json& value, std::string_view type);

/// "#/$defs/name", a JSON pointer in a URI's fragment, within the root; null: there is no such
/// place.
const nlohmann::ordered_json* resolve(const nlohmann::ordered_json& root, std::string_view ref);

std::set<std::string> required_names(const nlohmann::ordered_json& schema,
                                     const std::string& where);
std::optional<std::int64_t> count_of(const nlohmann::ordered_json& schema, const char* keyword,
                                     std::int64_t most, const std::string& where);
NumberBounds bounds_of(const nlohmann::ordered_json& schema, const std::string& where);
std::string pattern_of_format(const std::string& format, const std::string& where);

/// oneOf is a choice only if no value fits two of its schemas: refuses it where that cannot be seen
/// from their types, constants, or a required member with different constants.
void check_apart(const nlohmann::ordered_json& root, const nlohmann::ordered_json& list,
                 const std::string& where);

}  // namespace assay::grammar
