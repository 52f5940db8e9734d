// Grades and analyses what a journal holds and has not graded: a pure pass over text that exists.
#pragma once

#include <string>

#include "harness/journal_writer.h"
#include "harness/plan.h"
#include "harness/progress.h"

namespace assay {

/// Appends a grade and a chain record for each sample of the journal without them. Returns false
/// when it was cancelled. Throws Error.
bool grade_journal(const RunPlan& plan, const std::string& journal_path, JournalWriter& writer,
                   const Listener& listener);

}  // namespace assay
