// Two runs of one task, sample by sample: who was right, and whose chain was complete.
#pragma once

#include <nlohmann/json_fwd.hpp>

namespace assay {

/// {correct, complete, why}: for each, {both, a_only, b_only, neither, pairs, problems, difference
/// {value, ci95}, p_value}, over the samples of the same problem and number that both runs
/// finished; a result that does not apply in either is left out. Both null, with `why`, where the
/// scores may not stand side by side. p_value is McNemar's exact test, two-sided; null with more
/// than one sample a problem, because those pairs depend on each other: `difference` counts.
/// `a` and `b` are entries of report.json's tasks.
nlohmann::json compare_pairs(const nlohmann::json& a, const nlohmann::json& b);

}  // namespace assay
