// How much of a reference run's chains a run keeps.
#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "reports/common/page.h"
#include "reports/common/retention_words.h"
#include "reports/html/sections.h"

namespace assay {

using nlohmann::json;

std::string retention_section(const json& retention) {
  if (!retention.is_object()) return {};
  std::string out =
      "<h3>Chain retention</h3><div class=\"scroll\"><table><tr><th></th><th>value</th>"
      "<th>meaning</th></tr>";
  for (const RetentionValue& value : retention_values()) {
    out += fmt::format("<tr><th>{}</th><td>{}</td><td>{}</td></tr>", value.label,
                       retention_cell(value, retention), escape_html(value.text));
  }
  out += "</table></div>";
  const std::string survival = retention_survival(retention);
  if (!survival.empty()) out += "<p>" + survival + "</p>";
  const std::string gaps = retention_gaps(retention);
  if (!gaps.empty()) out += "<p class=\"soft\">" + inline_text(gaps) + "</p>";
  return out + "<p class=\"soft\">" + escape_html(published_retention_note()) + "</p>";
}

}  // namespace assay
