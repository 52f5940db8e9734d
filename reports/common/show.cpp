#include "reports/common/show.h"

#include <fmt/core.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "core/json_access.h"
#include "core/text.h"

namespace assay {
namespace {

constexpr const char* kUnknown = "\u2013";

/// Digits in groups of three.
std::string grouped(std::string digits) {
  for (std::size_t at = digits.size(); at > 3;) {
    at -= 3;
    if (digits[at - 1] != '-') digits.insert(at, ",");
  }
  return digits;
}

}  // namespace

std::string show_number(std::optional<double> value) {
  if (!value) return kUnknown;
  const double size = std::fabs(*value);
  if (size >= 1e15) return fmt::format("{:.3g}", *value);
  if (size >= 99.95) return grouped(fmt::format("{:.0f}", *value));
  return fmt::format("{:.{}f}", *value, size >= 9.995 ? 1 : 2);
}

std::string show_count(std::optional<std::int64_t> value) {
  return value ? grouped(std::to_string(*value)) : kUnknown;
}

std::string show_bytes(std::optional<std::int64_t> value) {
  return value ? format_bytes(*value) : kUnknown;
}

std::string show_percent(std::optional<double> value) {
  return value ? fmt::format("{:.1f} %", *value * 100) : kUnknown;
}

std::string show_rate(const nlohmann::json& rate) {
  const auto value = json_number(rate, "value");
  const nlohmann::json& interval = json_list(rate, "ci95");
  if (!value || interval.size() != 2 || !interval[0].is_number() || !interval[1].is_number()) {
    return show_percent(value);
  }
  const auto failed = json_integer(rate, "failed");
  return fmt::format("{} ({:.1f} to {:.1f} %{})", show_percent(value),
                     interval[0].get<double>() * 100, interval[1].get<double>() * 100,
                     failed ? fmt::format("; {} failed", *failed) : "");
}

std::string show_short(const nlohmann::json& value) {
  std::string text = show_value(value);
  const bool is_fingerprint =
      text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
  return is_fingerprint ? text.substr(0, 10) + "\u2026" : text;
}

std::string show_decimal_gb(double bytes) {
  return fmt::format("{:.2f} GB", bytes / 1e9);
}

std::string show_value(const nlohmann::json& value) {
  if (value.is_null()) return kUnknown;
  if (value.is_string()) return value.get<std::string>();
  if (value.is_boolean()) return value.get<bool>() ? "yes" : "no";
  return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace assay
