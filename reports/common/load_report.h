// Reading report.json files that someone else may have written.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "core/error.h"
#include "core/journal.h"

namespace assay {

/// A finished report and the name of the file it came from.
struct NamedReport {
  std::string name;
  nlohmann::json report;
  /// Its run's journal: the chains' texts, and where two of them part. Null: not at hand.
  std::shared_ptr<const Journal> journal = nullptr;
  std::string why_no_journal = "journal.jsonl was not looked for";
};

/// Reads a report for comparing. Error{environment}, one line: unreadable, not JSON, not a report,
/// of another schema version, of a run that is not finished, or one whose members are of another
/// type or range than they can have (the first is named).
Result<NamedReport> load_report(const std::string& path);
Result<NamedReport> parse_report(std::string_view text, const std::string& name);

}  // namespace assay
