#include "reports/common/charts.h"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/json_access.h"
#include "reports/common/page.h"
#include "reports/common/show.h"
#include "reports/common/words.h"

namespace assay {
namespace {

using nlohmann::json;

constexpr double kWidth = 1000;

std::string rect(double from, double to, const std::string& style, const std::string& label) {
  return fmt::format(
      R"(<rect class="{}" x="{:.2f}" y="0" width="{:.2f}" height="20"><title>{}</title></rect>)",
      style, from * kWidth, std::max(0.0, to - from) * kWidth, escape_html(label));
}

std::string svg(const std::string& content, const std::string& label) {
  return fmt::format(
      R"(<svg viewBox="0 0 {:.0f} 20" preserveAspectRatio="none" role="img" aria-label="{}">{}</svg>)",
      kWidth, escape_html(label), content);
}

}  // namespace

std::string stacked_bar(const std::vector<BarPart>& parts, double whole) {
  std::string content;
  std::string label;
  double at = 0;
  for (const BarPart& part : parts) {
    if (part.size <= 0 || whole <= 0) continue;
    content += rect(at / whole, (at + part.size) / whole, part.style, part.label);
    at += part.size;
    label += (label.empty() ? "" : ", ") + part.label;
  }
  return svg(content, label);
}

std::string outcome_bar(const json& outcomes) {
  std::vector<BarPart> parts;
  double total = 0;
  int number = 0;
  for (const Words& words : outcome_words()) {
    const std::int64_t count = json_integer(outcomes, words.name).value_or(0);
    parts.push_back({static_cast<double>(count), fmt::format("o{}", ++number),
                     fmt::format("{}: {}", words.label, count)});
    total += static_cast<double>(count);
  }
  return stacked_bar(parts, total);
}

std::string outcome_legend(const json& outcomes) {
  std::string out = "<ul class=\"legend\">";
  int number = 0;
  for (const Words& words : outcome_words()) {
    ++number;
    const std::int64_t count = json_integer(outcomes, words.name).value_or(0);
    if (count == 0) continue;
    out += fmt::format(R"(<li title="{}"><span class="key o{}"></span>{}: <b>{}</b></li>)",
                       escape_html(words.text), number, words.label, show_count(count));
  }
  return out + "</ul>";
}

std::string rate_bar(const json& rate) {
  const auto value = json_number(rate, "value");
  if (!value) return {};
  std::string content;
  const json& interval = json_list(rate, "ci95");
  if (interval.size() == 2 && interval[0].is_number() && interval[1].is_number()) {
    content = rect(interval[0].get<double>(), interval[1].get<double>(), "o4", show_rate(rate));
  }
  content += rect(std::max(0.0, *value - 0.003), std::min(1.0, *value + 0.003), "mark",
                  show_percent(value));
  return svg(content, show_rate(rate));
}

}  // namespace assay
