// Chain retention as a part of the comparison's page.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace assay {

/// Each run's retention against its own reference, with what the words mean; empty when no run has
/// any. `task` is an entry of the comparison's tasks.
std::string retention_html(const nlohmann::json& comparison, const nlohmann::json& task);

}  // namespace assay
