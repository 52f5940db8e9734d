// Generates what a plan holds and a journal lacks, then grades what is ungraded.
#pragma once

#include <string>

#include "core/journal.h"
#include "harness/plan.h"
#include "harness/progress.h"

namespace assay {

/// Runs the plan into `journal_path`. resume: go on with the journal that is there (its plan must
/// be this plan's; Error{usage} names the first difference); otherwise the file must not exist.
/// A kill at any moment loses at most the samples in flight. Returns false when it was cancelled:
/// the journal is sound and can be resumed. Throws Error.
bool execute_plan(RunPlan plan, const std::string& journal_path, const Listener& listener);

}  // namespace assay
