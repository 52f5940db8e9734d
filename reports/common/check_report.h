// Whether the members of a report that readers rely on are of their type and range.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace assay {

/// "tasks[0].metrics.pass@1.value is 7.5, not a share from 0 to 1" of the first that is not; empty:
/// all are. Absent members and nulls are unknown, not wrong.
std::string first_wrong_member(const nlohmann::json& report);

}  // namespace assay
