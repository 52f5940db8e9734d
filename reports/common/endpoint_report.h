// What a run against a server found out about it: report.json's `endpoint`.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "core/journal.h"

namespace assay {

/// The plan's endpoint with `replies`; null when the run had none. speed_allowed: this build may
/// report speed.
nlohmann::json endpoint_report(const Journal& journal, bool speed_allowed);

struct EndpointWarning {
  std::string code;
  std::string text;
};
/// What a reader of the scores must know, from the probes and the replies.
std::vector<EndpointWarning> endpoint_warnings(const nlohmann::json& endpoint);

/// One line a finding: {"context", "truncated: of 4096 tokens ..."}; for pages and terminals.
struct EndpointFinding {
  std::string name;
  std::string text;
};
std::vector<EndpointFinding> endpoint_findings(const nlohmann::json& endpoint);

}  // namespace assay
