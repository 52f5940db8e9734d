// Paired results of two runs as a part of the page.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace assay {

/// "Sample by sample": both 2x2 tables of each run beside the baseline, in words; empty when there
/// is nothing to say. `task` is an entry of the comparison's tasks.
std::string pairs_html(const nlohmann::json& comparison, const nlohmann::json& task);

}  // namespace assay
