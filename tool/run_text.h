// What `assay run` and `assay score` print for a person.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace assay::tool {

/// The results of a report, task by task, with the speed and the memory.
std::string run_text(const nlohmann::json& report);

/// "25.0 % (11.2 to 46.9)", or why there is no value. `rate` is one of report.json.
std::string rate_text(const nlohmann::json& rate);

/// A line that says how many samples a rate leaves out because they failed, and what they could
/// change; empty when none did.
std::string failures_text(const nlohmann::json& rate);

/// "5 correct complete, 15 wrong complete": the classes of a task that are not empty.
std::string outcomes_text(const nlohmann::json& task);

}  // namespace assay::tool
