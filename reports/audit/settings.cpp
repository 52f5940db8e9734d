#include "reports/audit/settings.h"

#include <fmt/format.h>

#include <array>

#include "core/json_access.h"
#include "core/text.h"
#include "reports/audit/shape.h"
#include "reports/common/show.h"

namespace assay {
namespace {

using nlohmann::json;

struct SettingName {
  const char* name;
  const char* words;
  bool is_number;
};
constexpr std::array<SettingName, 8> kSettings = {{{"temperature", "temperature", true},
                                                   {"top_p", "top-p", true},
                                                   {"max_new_tokens", "new tokens", true},
                                                   {"shots", "shots", true},
                                                   {"precision", "precision", false},
                                                   {"protocol", "protocol", false},
                                                   {"grader", "grader", false},
                                                   {"prompt", "prompt", false}}};

/// Empty: they agree.
std::string one_difference(const SettingName& setting, const json& claimed, const json& found) {
  if (std::string_view(setting.name) == "precision") {
    const auto claim = claimed.get<std::string>();
    const auto other = found.get<std::string>();
    if (precision_covers(claim, other)) return {};
    return fmt::format("at {}, the claim is about {}", other, claim);
  }
  if (claimed == found) return {};
  return fmt::format("{} {}, the claim's is {}", setting.words, show_value(found),
                     show_value(claimed));
}

}  // namespace

json read_settings(Fields& of, bool strict) {
  constexpr double kMost = 1e9;
  json out = json::object();
  for (const SettingName& setting : kSettings) {
    const json& value = json_member(of.object(), setting.name);
    if (value.is_null()) continue;
    if (!strict && !(setting.is_number ? value.is_number() : value.is_string())) continue;
    if (setting.is_number) {
      out[setting.name] = of.number(setting.name, 0, kMost).value_or(0);
    } else {
      out[setting.name] = of.text(setting.name);
    }
  }
  return out;
}

std::string why_settings_differ(const json& claimed, const json& found) {
  std::string out;
  for (const SettingName& setting : kSettings) {
    const json& left = json_member(claimed, setting.name);
    const json& right = json_member(found, setting.name);
    if (left.is_null() || right.is_null()) continue;
    const std::string why = one_difference(setting, left, right);
    if (!why.empty()) out += (out.empty() ? "" : "; ") + why;
  }
  return out;
}

}  // namespace assay
