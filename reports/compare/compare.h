// Any number of report.json files side by side. compare_reports finds out everything; the writers
// below only put its object into words, so that a page, a pull request's comment and a script say
// the same.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "reports/common/load_report.h"

namespace assay {

/// Looks for journal.jsonl in the report's folder; takes it if it is this report's, else says in
/// why_no_journal why not.
void attach_journal(NamedReport* report);

/// The text of a proof of `assay verify --transfer` (reports/common/transfer.h): adds it to the
/// identity of the report it is about. Error{environment}: no sound proof, or of none of these
/// runs.
Result<void> add_transfer_proof(std::string_view text, const std::string& name,
                                std::span<NamedReport> reports);

/// The comparison as an object (docs/formats.md). The first report is the baseline. What must not
/// be compared is in "refused", by name. At least one report.
nlohmann::json compare_reports(std::span<const NamedReport> reports);

struct PageOptions {
  /// Bytes of packed chains in the page, at most; the problems that differ most come first.
  std::int64_t text_bytes = 2'000'000;
};
/// A self-contained page. `reports`: those of the comparison, for the chains' texts.
std::string comparison_html(const nlohmann::json& comparison,
                            std::span<const NamedReport> reports = {},
                            const PageOptions& options = {});
/// For a pull request's comment.
std::string comparison_markdown(const nlohmann::json& comparison);
/// One line a value: run, section, task, name, value, ci95_low, ci95_high.
std::string comparison_csv(const nlohmann::json& comparison);
/// For a terminal.
std::string comparison_text(const nlohmann::json& comparison);

/// What the runs came to, in one sentence for a person: the first run's speed, memory and scores, a
/// clause for each of up to three further ones beside it, then which runs gave the same tokens.
std::string summary_sentence(std::span<const NamedReport> reports);

}  // namespace assay
