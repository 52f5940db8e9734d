// Parts of the page of one run. Each is finished HTML.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "core/journal.h"

namespace assay {

/// Score, outcomes, chain completeness and every sample of one task of report.json.
std::string task_section(const nlohmann::json& task, const Journal& journal);
/// The verdict on each published number of the run's recipe; empty without a recipe.
std::string recipe_section(const nlohmann::json& report);
/// `retention`: of a task of report.json; empty when it is null.
std::string retention_section(const nlohmann::json& retention);
/// What was found out about a server; empty for a run without one.
std::string endpoint_section(const nlohmann::json& report);
std::string speed_section(const nlohmann::json& report);
std::string memory_section(const nlohmann::json& report);
/// Everything that was set or found: model, device, backend, decoding, identity, tool.
std::string settings_section(const nlohmann::json& report);

}  // namespace assay
