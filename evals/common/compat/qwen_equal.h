// When Qwen2.5-Math's evaluation calls two answers equal.
#pragma once

#include "evals/common/compat/compat_grader.h"

namespace assay::evals::compat {

/// The rules in their order: same text; gold choice letter found in the prediction; both numbers,
/// within 1e-4 of the gold answer, of a hundredth or of a hundred times it; same text without
/// brackets; lists by element, whichever brackets; matrices by element; equations by difference;
/// what sympy calls equal. Known to accept (2,\infty) for [2,\infty), 4 for 4,7/2, 100 for 1, and
/// 1,5 for 15.
CompatComparison qwen_equal(std::string_view gold, std::string_view prediction);

CompatGrader qwen_grader();

}  // namespace assay::evals::compat
