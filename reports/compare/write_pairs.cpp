#include "reports/compare/write_pairs.h"

#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "core/json_access.h"
#include "reports/common/look.h"
#include "reports/common/show.h"
#include "reports/compare/html_parts.h"

namespace assay {
namespace {

using nlohmann::json;

std::string points(double difference) {
  return fmt::format("{:+.1f}", difference * 100);
}

/// "-11.0 points (-19.0 to -3.0)"
std::string difference_shown(const json& table) {
  const json& difference = json_member(table, "difference");
  std::string out = "<b>" + points(json_number(difference, "value").value_or(0)) + "</b> points";
  const json& interval = json_list(difference, "ci95");
  if (interval.size() == 2 && interval[0].is_number() && interval[1].is_number()) {
    out += fmt::format(" <span class=\"soft\">({} to {})</span>", points(interval[0]),
                       points(interval[1]));
  }
  return out;
}

TableCell chance_cell(const json& table) {
  const auto p = json_number(table, "p_value");
  if (!p) {
    return {explained("\u2013",
                      "Several samples a problem depend on each other, so the interval is "
                      "what counts."),
            {}};
  }
  return {*p < 0.001 ? "below 0.1 %" : show_percent(p), p};
}

TableRow table_row(const std::string& head, std::size_t run, const json& table, const char* label) {
  TableRow row{{{head, static_cast<double>(run)}, {label, {}}}, run};
  for (const char* name : {"both", "a_only", "b_only", "neither"}) {
    const auto count = json_integer(table, name);
    row.cells.push_back({show_count(count), static_cast<double>(count.value_or(0))});
  }
  row.cells.push_back(
      {difference_shown(table), json_number(json_member(table, "difference"), "value")});
  row.cells.push_back(chance_cell(table));
  return row;
}

}  // namespace

std::string pairs_html(const json& comparison, const json& task) {
  std::vector<TableRow> rows;
  std::size_t a = 0;
  for (const json& pair : json_list(task, "paired")) {
    a = static_cast<std::size_t>(json_integer(pair, "a").value_or(0));
    const auto b = static_cast<std::size_t>(json_integer(pair, "b").value_or(0));
    for (const auto& [name, label] :
         {std::pair("correct", "right"), std::pair("complete", "chain complete")}) {
      const json& table = json_member(pair, name);
      if (table.is_object()) rows.push_back(table_row(run_head(comparison, b), b, table, label));
    }
  }
  if (rows.empty()) return {};
  const std::vector<TableColumn> columns = {{"run", false, {}},
                                            {"what", false, {}},
                                            {"both", true, {}},
                                            {"only the baseline", true, {}},
                                            {"only this run", true, {}},
                                            {"neither", true, {}},
                                            {"this run minus the baseline", false, {}},
                                            {term("mcnemar", "chance alone"), true, {}}};
  return "<h3>Sample by sample</h3>" +
         sortable_table(
             "Samples that both finished, beside the baseline " + run_head(comparison, a), columns,
             rows);
}

}  // namespace assay
