// What given reports measured, beside what is claimed.
#pragma once

#include <span>

#include "reports/audit/verdict.h"
#include "reports/common/load_report.h"

namespace assay {

/// All measurements of the claim's model and metric stand in `verdict->measurements`; those made
/// under the claim's conditions decide together, in whatever order they come: any that holds the
/// claim supports it under its own conditions, and only if none does is it contradicted.
void add_measured(const Claim& claim, const AuditContext& context,
                  std::span<const NamedReport> reports, Verdict* verdict);

}  // namespace assay
