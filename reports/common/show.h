// Values of report.json as people read them. What is unknown is "–".
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

namespace assay {

/// "2,900"; decimals for small values: "9.41", "51.2".
std::string show_number(std::optional<double> value);
std::string show_count(std::optional<std::int64_t> value);
/// "310 MB".
std::string show_bytes(std::optional<std::int64_t> value);
/// "3.55 GB", of 10^9 bytes.
std::string show_decimal_gb(double bytes);
/// A fraction: "75.0 %".
std::string show_percent(std::optional<double> value);
/// {value, ci95}: "75.0 % (30.1 to 95.4 %)".
std::string show_rate(const nlohmann::json& rate);
/// show_value, a fingerprint (64 hex digits) cut to its first ten.
std::string show_short(const nlohmann::json& value);
/// A text, number or flag as it is; "–" for null, compact JSON for the rest.
std::string show_value(const nlohmann::json& value);

}  // namespace assay
