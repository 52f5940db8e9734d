// What a finished run came to, for a terminal.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace assay::tool {

/// A few lines per task (score with interval, complete chains, outcomes), then speed and memory.
/// Not yet made safe for a terminal.
std::string run_text(const nlohmann::json& report);

}  // namespace assay::tool
