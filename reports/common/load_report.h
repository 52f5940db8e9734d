// Reading report.json files that someone else may have written.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "core/error.h"

namespace assay {

/// A finished report and the name of the file it came from.
struct NamedReport {
  std::string name;
  nlohmann::json report;
};

/// Reads a report for comparing. Error{environment}, one line: unreadable, not JSON, not a report,
/// of another schema version, of a run that is not finished.
Result<NamedReport> load_report(const std::string& path);
Result<NamedReport> parse_report(std::string_view text, const std::string& name);

}  // namespace assay
