// How much of a reference run's chains a run keeps.
#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/json_access.h"
#include "reports/common/page.h"
#include "reports/common/retention_words.h"
#include "reports/common/show.h"
#include "reports/html/sections.h"

namespace assay {
namespace {

using nlohmann::json;

/// The survival curve at powers of two: "16 tokens: 75.0 %".
std::string survival_line(const json& free) {
  const json& curve = json_list(free, "survival");
  if (curve.empty()) return {};
  const std::int64_t last = json_integer(curve.back(), "tokens").value_or(0);
  std::string out;
  std::size_t next = 0;
  std::optional<double> share = 1;
  const std::int64_t until = std::clamp<std::int64_t>(last, 1, 1 << 20);
  for (std::int64_t tokens = 1; tokens / 2 < until; tokens *= 2) {
    while (next < curve.size() && json_integer(curve[next], "tokens").value_or(0) <= tokens) {
      share = json_number(curve[next++], "share");
    }
    out +=
        fmt::format("{}{}: {}", out.empty() ? "" : " · ", show_count(tokens), show_percent(share));
  }
  return "<p>Share of completions that are still the same after so many tokens: " + out + ".</p>";
}

}  // namespace

std::string retention_section(const json& retention) {
  if (!retention.is_object()) return {};
  std::string out =
      "<h3>Chain retention</h3><div class=\"scroll\"><table><tr><th></th><th>value</th>"
      "<th>meaning</th></tr>";
  for (const RetentionValue& value : retention_values()) {
    out += fmt::format("<tr><th>{}</th><td>{}</td><td>{}</td></tr>", value.label,
                       retention_cell(value, retention), escape_html(value.text));
  }
  out += "</table></div>" + survival_line(json_member(retention, "free"));
  const std::string gaps = retention_gaps(retention);
  if (!gaps.empty()) out += "<p class=\"soft\">" + inline_text(gaps) + "</p>";
  return out + "<p class=\"soft\">" + escape_html(published_retention_note()) + "</p>";
}

}  // namespace assay
