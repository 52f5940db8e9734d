// What given reports measured, beside what is claimed.
#pragma once

#include <span>

#include "reports/audit/verdict.h"
#include "reports/common/load_report.h"

namespace assay {

/// Looks for the claim's model and metric in the reports. What it finds stands in
/// `verdict->measured`; a score decides (inside or outside of its interval), a speed or a memory
/// peak only where the report's device is the claim's.
void add_measured(const Claim& claim, const AuditContext& context,
                  std::span<const NamedReport> reports, Verdict* verdict);

}  // namespace assay
