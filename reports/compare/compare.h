// Any number of report.json files side by side. compare_reports finds out everything; the writers
// below only put its object into words, so that a page, a pull request's comment and a script say
// the same.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/journal.h"

namespace assay {

/// A finished report and the name of the file it came from.
struct NamedReport {
  std::string name;
  nlohmann::json report;
  /// Its run's journal: the chains' texts and where two of them part. Null: not at hand.
  std::shared_ptr<const Journal> journal = nullptr;
  std::string why_no_journal = "journal.jsonl was not looked for";
};

/// Reads a report for comparing. Error{environment}, one line: unreadable, not JSON, not a report,
/// of another schema version, of a run that is not finished.
Result<NamedReport> load_report(const std::string& path);
Result<NamedReport> parse_report(std::string_view text, const std::string& name);

/// Looks for journal.jsonl in the report's folder; takes it if it is this report's, else says in
/// why_no_journal why not.
void attach_journal(NamedReport* report);

/// A proof of `assay verify --transfer` about one of the runs: bit by bit the same logits on
/// another backend or device. Adds it to the identity of the report it is about. Whether `value` is
/// such a proof at all; an Error{environment} when it is about none of the reports.
bool is_transfer_proof(const nlohmann::json& value);
Result<void> add_transfer_proof(const nlohmann::json& proof, const std::string& name,
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

/// What the runs came to, in one sentence for a person: the first run's speed, memory and scores,
/// then whether each further run gave the same tokens.
std::string summary_sentence(std::span<const NamedReport> reports);

}  // namespace assay
