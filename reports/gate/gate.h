// `assay gate`: what a change of a kernel did to quality, identity, memory and speed, as a list of
// checks that pass or fail. Nothing is run here: reports come from files, times from speed_gate.h.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "reports/common/load_report.h"
#include "reports/gate/speed_gate.h"

namespace assay {

enum class CheckStatus {
  passed,
  failed,
  skipped,  ///< it could not be made; `why` says the reason
  note      ///< for a person; decides nothing
};
std::string_view check_status_name(CheckStatus status);

struct GateCheck {
  std::string subject;  ///< a task, a benchmark, "memory"
  std::string name;     ///< "logits", "right", "host peak", "time"
  CheckStatus status = CheckStatus::passed;
  std::string baseline;  ///< as a person reads it; may be empty
  std::string candidate;
  std::string why;
};

struct GateOutcome {
  std::string kind;  ///< "reports" or "binaries"
  std::string baseline;
  std::string candidate;
  std::string rule;  ///< one line: what decided
  std::vector<GateCheck> checks;
  std::optional<SpeedResult> speed;
  bool passed() const;
};

struct ReportGateOptions {
  double memory_tolerance = 0.05;         ///< the candidate's peak may be this much larger
  std::optional<double> speed_tolerance;  ///< none: speeds are shown and decide nothing
  double alpha = 0.05;                    ///< of the paired tests, after Holm over all
};

/// Report against report. Error{environment} on one line with every reason where the two may not be
/// compared: another model, decoding, dataset, budget.
Result<GateOutcome> gate_reports(const NamedReport& baseline, const NamedReport& candidate,
                                 const ReportGateOptions& options);

/// Peak memory of single runs of both sides in bytes, beside the times.
struct PeakMemory {
  std::vector<double> baseline;
  std::vector<double> candidate;
};

/// A speed result as checks; `peaks` may be empty.
GateOutcome gate_of_speed(const SpeedRule& rule, SpeedResult result, const PeakMemory& peaks,
                          double memory_tolerance);

/// docs/formats.md, "Gate".
nlohmann::json gate_json(const GateOutcome& outcome);
/// For a terminal.
std::string gate_text(const GateOutcome& outcome);
/// For a pull request, or GITHUB_STEP_SUMMARY.
std::string gate_markdown(const GateOutcome& outcome);
/// JUnit XML: one case a check.
std::string gate_junit(const GateOutcome& outcome);
/// GitHub workflow commands: an ::error line for each failed check, else one ::notice.
std::string gate_annotations(const GateOutcome& outcome);

}  // namespace assay
