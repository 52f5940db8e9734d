// Records in HumanEval's schema.
#pragma once

#include "datasets/common/records.h"

namespace assay::datasets {

/// {"task_id", "prompt", "entry_point", "test", "canonical_solution"}: the question is the prompt,
/// the other three stand in Problem::extra. The entry point must be a Python name that the prompt
/// defines.
Result<Problem> read_code_problem(const RecordSource& source);

}  // namespace assay::datasets
