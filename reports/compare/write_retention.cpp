#include "reports/compare/write_retention.h"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/json_access.h"
#include "reports/common/look.h"
#include "reports/common/page.h"
#include "reports/common/retention_words.h"
#include "reports/compare/html_parts.h"

namespace assay {
namespace {

using nlohmann::json;

bool has_retention(const json& run) {
  return json_member(run, "retention").is_object();
}

/// A rate of each run that has it.
std::string rate_chart(const json& comparison, const json& runs, const char* name) {
  const RetentionValue& value = *retention_value(name);
  std::vector<Estimate> estimates;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    if (!has_retention(runs[i])) continue;
    Estimate it =
        estimate_of(comparison, i, read_retention(value, json_member(runs[i], "retention")));
    if (it.value) estimates.push_back(std::move(it));
  }
  if (estimates.empty()) return {};
  return "<div><h4>" + explained(value.label, value.text) + "</h4>" +
         interval_chart(std::string(value.label), percent_scale(), estimates) + "</div>";
}

/// What is beside the numbers: how long each stays the same, and what is not known.
std::string notes_of(const json& comparison, const json& runs) {
  std::string out;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    if (!has_retention(runs[i])) continue;
    const json& retention = json_member(runs[i], "retention");
    const std::string survival = retention_survival(retention);
    const std::string gaps = retention_gaps(retention);
    if (!survival.empty()) {
      out += fmt::format("<p class=\"r{}\">{}: {}</p>", i, run_head(comparison, i), survival);
    }
    if (!gaps.empty()) {
      out += fmt::format("<p class=\"soft r{}\">{}: {}</p>", i, run_head(comparison, i),
                         inline_text(gaps));
    }
  }
  return out;
}

}  // namespace

std::string retention_html(const json& comparison, const json& task) {
  const json& runs = json_list(task, "runs");
  if (std::none_of(runs.begin(), runs.end(), has_retention)) return {};
  std::string charts;
  for (const char* name : {"forced_step_share", "milestones_found", "milestones_by_chance",
                           "milestones_self_ceiling"}) {
    charts += rate_chart(comparison, runs, name);
  }
  SurvivalCurves curves;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const json& free = json_member(json_member(runs[i], "retention"), "free");
    if (!json_list(free, "survival").empty()) curves.emplace_back(i, json_list(free, "survival"));
  }
  if (!curves.empty()) {
    charts += "<div><h4>" + term("survival", "The same as the reference's for so many tokens") +
              "</h4>" + survival_plot(comparison, curves, "The same as the reference's") + "</div>";
  }
  std::vector<TableColumn> columns = {{"what is kept", false, {}}};
  for (std::size_t i = 0; i < runs.size(); ++i) {
    if (has_retention(runs[i])) columns.push_back(run_column(comparison, i, false));
  }
  std::vector<TableRow> rows;
  for (const RetentionValue& value : retention_values()) {
    TableRow row{{{explained(value.label, value.text), {}}}, {}};
    for (const json& run : runs) {
      if (!has_retention(run)) continue;
      row.cells.push_back({retention_cell(value, json_member(run, "retention")), {}});
    }
    rows.push_back(std::move(row));
  }
  return "<h3>" + term("retention", "Chain retention") +
         ": how much of a reference run's chains each run keeps</h3><div class=\"pair\">" + charts +
         "</div>" + sortable_table("", columns, rows) + notes_of(comparison, runs) +
         "<p class=\"soft\">" + escape_html(published_retention_note()) + "</p>";
}

}  // namespace assay
