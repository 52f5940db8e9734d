// The parts of the comparison's page. Each is finished HTML; empty where there is nothing to say.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "reports/common/bars.h"
#include "reports/common/table.h"
#include "reports/compare/compare.h"

namespace assay {

/// What differs between the runs, first of all; then the conditions and what is the same.
std::string settings_html(const nlohmann::json& comparison);
std::string refusals_html(const nlohmann::json& comparison);
/// The figures that most readers come for, a row a run.
std::string overview_html(const nlohmann::json& comparison);
std::string speed_html(const nlohmann::json& comparison);
std::string roofline_html(const nlohmann::json& comparison);
std::string memory_html(const nlohmann::json& comparison);

// Of one task.
std::string scores_html(const nlohmann::json& comparison, const nlohmann::json& task);
std::string budget_html(const nlohmann::json& comparison, const nlohmann::json& task);
std::string partings_html(const nlohmann::json& comparison, const nlohmann::json& task);
/// Survival functions ([{tokens, share}]) of runs in one plot.
using SurvivalCurves = std::vector<std::pair<std::size_t, nlohmann::json>>;
std::string survival_plot(const nlohmann::json& comparison, const SurvivalCurves& curves,
                          const std::string& name);
std::string identity_html(const nlohmann::json& comparison, const nlohmann::json& task);
/// Every problem side by side. `texts`: packed_problems of the task.
std::string problems_html(const nlohmann::json& comparison, const nlohmann::json& task,
                          const std::vector<std::string>& texts);

/// Numerics policies and transfer proofs, of all tasks together.
std::string proofs_html(const nlohmann::json& comparison);

// What the parts share.
std::string run_label(const nlohmann::json& comparison, std::size_t run);  ///< finished HTML
/// Its letter and its label.
std::string run_head(const nlohmann::json& comparison, std::size_t run);
TableColumn run_column(const nlohmann::json& comparison, std::size_t run, bool number);
/// A table with a row for each run of `runs` that is not null.
TableRow run_row(const nlohmann::json& comparison, std::size_t run, std::vector<TableCell> cells);
/// "75.0 % (30.1 to 95.4)", to stand in a chart's last column.
std::string short_rate(const nlohmann::json& rate);
/// {value, ci95} as a row of an interval chart.
Estimate estimate_of(const nlohmann::json& comparison, std::size_t run, const nlohmann::json& rate);

}  // namespace assay
