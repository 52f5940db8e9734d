#include "reports/compare/write_pairs.h"

#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "core/json_access.h"
#include "reports/common/page.h"
#include "reports/common/show.h"

namespace assay {
namespace {

using nlohmann::json;

std::string points(double difference) {
  return fmt::format("{:+.1f}", difference * 100);
}

std::string verdict(const json& table) {
  const json& difference = json_member(table, "difference");
  std::string out = points(json_number(difference, "value").value_or(0)) + " points";
  const json& interval = json_list(difference, "ci95");
  if (interval.size() == 2 && interval[0].is_number() && interval[1].is_number()) {
    out += fmt::format(" ({} to {})", points(interval[0]), points(interval[1]));
  }
  if (const auto p = json_number(table, "p_value")) {
    return out + fmt::format(
                     "; chance alone gives a split as uneven in {} of cases "
                     "(McNemar, exact)",
                     *p < 0.001 ? "fewer than 0.1 %" : show_percent(p));
  }
  return out + "; several samples a problem depend on each other, so the interval is what counts";
}

std::string table_row(const json& table, const char* label) {
  if (!table.is_object()) return {};
  std::string out = fmt::format("<tr><th>{}</th>", label);
  for (const char* name : {"both", "a_only", "b_only", "neither"}) {
    out += fmt::format("<td class=\"n\">{}</td>", show_count(json_integer(table, name)));
  }
  return out + "<td>" + verdict(table) + "</td></tr>";
}

}  // namespace

std::string pairs_html(const json& comparison, const json& task) {
  const json& runs = json_list(comparison, "runs");
  const auto label = [&runs](const json& pair, const char* side) {
    const auto i = static_cast<std::size_t>(json_integer(pair, side).value_or(0));
    return i < runs.size() ? inline_text(json_text(runs[i], "label")) : std::string();
  };
  std::string out;
  for (const json& pair : json_list(task, "paired")) {
    const std::string rows = table_row(json_member(pair, "correct"), "right") +
                             table_row(json_member(pair, "complete"), "chain complete");
    if (rows.empty()) continue;
    out += fmt::format(
        "<div class=\"scroll\"><table><caption>A = {}, B = {}</caption><tr><th></th><th>both</th>"
        "<th>only A</th><th>only B</th><th>neither</th><th>B minus A</th></tr>{}</table></div>",
        label(pair, "a"), label(pair, "b"), rows);
  }
  return out.empty() ? out : "<h3>Sample by sample</h3>" + out;
}

}  // namespace assay
