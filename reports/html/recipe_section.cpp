// Whether the run reproduces its recipe's published numbers.
#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "core/json_access.h"
#include "reports/common/page.h"
#include "reports/common/show.h"
#include "reports/html/sections.h"

namespace assay {

using nlohmann::json;

std::string recipe_section(const json& report) {
  const json& recipe = json_member(report, "recipe");
  if (!recipe.is_object()) return {};
  std::string out = fmt::format(
      "<h2>Published score: {}</h2><p>{}. Prompt: {}.</p>", inline_text(json_text(recipe, "name")),
      inline_text(json_text(recipe, "title")), inline_text(json_text(recipe, "template")));
  out +=
      "<div class=\"scroll\"><table><tr><th>score</th><th>published</th><th>measured</th>"
      "<th>verdict</th><th>why</th><th>source</th></tr>";
  for (const json& row : json_list(recipe, "published")) {
    const json measured = {{"value", json_member(row, "measured")},
                           {"ci95", json_member(row, "ci95")}};
    const std::string verdict = json_text(row, "verdict");
    out += fmt::format(
        "<tr><th>{} of {}</th><td class=\"n\">{}</td><td class=\"n\">{}</td><td><b>{}</b></td>"
        "<td>{}</td><td>{}</td></tr>",
        inline_text(json_text(row, "metric")), inline_text(json_text(row, "task")),
        show_percent(json_number(row, "value")), show_rate(measured),
        verdict.empty() ? "none" : inline_text(verdict), inline_text(json_text(row, "why")),
        inline_text(json_text(row, "source")));
  }
  return out + "</table></div>";
}

}  // namespace assay
