// How long a task's completions are, and its score at smaller token budgets, both from one run.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>

#include "reports/common/task_samples.h"

namespace assay {

/// tasks[].length: {median_tokens, ci95 [low, high], ended, censored, why}. A completion that the
/// budget cut is censored (core/survival.h); failed ones are left out.
nlohmann::json length_of(const TaskSamples& samples);

/// tasks[].score_by_budget: for budgets up to the run's own, the share of all samples that were
/// right and had ended by then, which is the least a run of that budget scores; null when the task
/// has no score.
nlohmann::json score_by_budget_of(const TaskSamples& samples, std::int64_t budget);

}  // namespace assay
