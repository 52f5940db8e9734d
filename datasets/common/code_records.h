// Records in HumanEval's schema.
#pragma once

#include "datasets/common/records.h"

namespace assay::datasets {

/// {"task_id", "prompt", "entry_point", "test", "canonical_solution"}: the question is the prompt,
/// the other three stand in Problem::extra. The entry point must be a Python name that the prompt
/// defines.
Result<Problem> read_code_problem(const RecordSource& source);

/// Records of HumanEval+: as HumanEval's, with inputs instead of assertions. Problem::extra has
/// `base_input` and `plus_input` (arrays of argument lists; the published early file has no
/// plus_input: an empty array), `atol` (absolute tolerance of floats), `contract`, `entry_point`,
/// `canonical_solution` (called `reference` in the early file: a function's body) and `test`, which
/// is empty where the file has none.
Result<Problem> read_plus_problem(const RecordSource& source);

}  // namespace assay::datasets
