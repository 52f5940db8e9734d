// What the run's server is, as far as it could be found out.
#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "core/json_access.h"
#include "reports/common/endpoint_report.h"
#include "reports/common/page.h"
#include "reports/common/show.h"
#include "reports/html/sections.h"

namespace assay {

using nlohmann::json;

std::string endpoint_section(const json& report) {
  const json& endpoint = json_member(report, "endpoint");
  if (!endpoint.is_object()) return {};
  std::string out = fmt::format(
      "<h2>Endpoint</h2><p>Identity: {}. A server shows no weights and no logits, so nothing here "
      "proves which model answered.</p><div class=\"scroll\"><table>",
      inline_text(json_text(endpoint, "identity")));
  const auto row = [&out](const std::string& name, const std::string& text) {
    out += fmt::format("<tr><th>{}</th><td>{}</td></tr>", inline_text(name), inline_text(text));
  };
  for (const char* name : {"url", "api", "model", "server", "context"}) {
    row(name, show_value(json_member(endpoint, name)));
  }
  const json& tokenizer = json_member(endpoint, "tokenizer");
  row("tokens", tokenizer.is_object()
                    ? "counted by the vocabulary of " + json_text(tokenizer, "name")
                    : std::string("not counted: no local vocabulary"));
  for (const EndpointFinding& finding : endpoint_findings(endpoint)) {
    row(finding.name, finding.text);
  }
  return out + "</table></div>";
}

}  // namespace assay
