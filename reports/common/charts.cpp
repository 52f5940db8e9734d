#include "reports/common/charts.h"

#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "core/json_access.h"
#include "reports/common/bars.h"
#include "reports/common/look.h"
#include "reports/common/page.h"
#include "reports/common/show.h"
#include "reports/common/words.h"

namespace assay {
namespace {

using nlohmann::json;

}  // namespace

std::string stacked_bar(const std::vector<BarPart>& parts, double whole) {
  std::string content;
  std::string label;
  double at = 0;
  for (const BarPart& part : parts) {
    if (part.size <= 0 || whole <= 0) continue;
    content += fmt::format(
        "<rect class=\"part {}\" x=\"{}\" width=\"{}\" height=\"100%\" data-tip=\"{}\"/>",
        part.style, percent_of(at / whole), percent_of(part.size / whole), escape_html(part.label));
    if (!part.inside.empty() && part.size / whole > 0.05) {
      content += fmt::format("<text class=\"inside\" x=\"{}\" y=\"15\">{}</text>",
                             percent_of((at + part.size / 2) / whole), part.inside);
    }
    at += part.size;
    label += (label.empty() ? "" : ", ") + part.label;
  }
  return fmt::format("<svg class=\"track\" role=\"img\" aria-label=\"{}\">{}</svg>",
                     escape_html(label), content);
}

std::string outcome_bar(const json& outcomes) {
  std::vector<BarPart> parts;
  double total = 0;
  int number = 0;
  for (const Words& words : outcome_words()) {
    const std::int64_t count = json_integer(outcomes, words.name).value_or(0);
    parts.push_back({static_cast<double>(count), fmt::format("o{}", ++number),
                     fmt::format("{}: {}", words.label, count), show_count(count)});
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
    out += fmt::format("<li>{}{}: <b>{}</b></li>", swatch(fmt::format("o{}", number)),
                       explained(words.label, words.text), show_count(count));
  }
  return out + "</ul>";
}

std::string rate_bar(const json& rate, const std::string& style) {
  const auto value = json_number(rate, "value");
  if (!value) return {};
  std::string content =
      fmt::format("<rect class=\"fill\" width=\"{:.2f}%\" height=\"100%\"/>", *value * 100);
  const json& interval = json_list(rate, "ci95");
  if (interval.size() == 2 && interval[0].is_number() && interval[1].is_number()) {
    content +=
        fmt::format("<line class=\"whisker\" x1=\"{:.2f}%\" x2=\"{:.2f}%\" y1=\"4\" y2=\"4\"/>",
                    interval[0].get<double>() * 100, interval[1].get<double>() * 100);
  }
  return fmt::format("<svg class=\"meter {}\" role=\"img\" aria-label=\"{}\">{}</svg>", style,
                     escape_html(show_rate(rate)), content);
}

}  // namespace assay
