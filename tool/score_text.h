// What `assay score` prints for a person.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace assay::tool {

/// The score with its interval, and everything that was left out on the way to it.
std::string score_text(const nlohmann::json& report);

/// Agreement with the labels, the undecided pairs, and the first disagreements.
std::string pairs_text(const nlohmann::json& result);

}  // namespace assay::tool
