#include "reports/compare/write_retention.h"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/json_access.h"
#include "reports/common/page.h"
#include "reports/common/retention_words.h"

namespace assay {

using nlohmann::json;

std::string retention_html(const json& comparison, const json& task) {
  const json& runs = json_list(task, "runs");
  const json& names = json_list(comparison, "runs");
  const auto has_retention = [](const json& run) {
    return json_member(run, "retention").is_object();
  };
  if (std::none_of(runs.begin(), runs.end(), has_retention)) return {};
  std::string out =
      "<h3>Chain retention</h3><div class=\"scroll\"><table><caption>How much of a reference run's "
      "chains each run keeps</caption><tr><th></th>";
  std::string notes;
  for (std::size_t i = 0; i < runs.size() && i < names.size(); ++i) {
    if (!has_retention(runs[i])) continue;
    const std::string label = inline_text(json_text(names[i], "label"));
    out += "<th>" + label + "</th>";
    const json& retention = json_member(runs[i], "retention");
    const std::string survival = retention_survival(retention);
    if (!survival.empty()) notes += fmt::format("<p>{}: {}</p>", label, survival);
    const std::string gaps = retention_gaps(retention);
    if (!gaps.empty()) {
      notes += fmt::format("<p class=\"soft\">{}: {}</p>", label, inline_text(gaps));
    }
  }
  out += "<th>meaning</th></tr>";
  for (const RetentionValue& value : retention_values()) {
    out += fmt::format("<tr><th>{}</th>", value.label);
    for (const json& run : runs) {
      if (!has_retention(run)) continue;
      out += "<td>" + retention_cell(value, json_member(run, "retention")) + "</td>";
    }
    out += "<td>" + escape_html(value.text) + "</td></tr>";
  }
  return out + "</table></div>" + notes + "<p class=\"soft\">" +
         escape_html(published_retention_note()) + "</p>";
}

}  // namespace assay
