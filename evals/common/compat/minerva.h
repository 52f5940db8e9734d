// The minerva_math task of lm-evaluation-harness: "Final Answer: The final answer is ... I hope it
// is correct.", the normalisation of Lewkowycz et al., "Solving quantitative reasoning problems
// with language models", 2022, appendix D, and sympy. What sympy cannot read is wrong even if it is
// the same text: tuples, intervals, matrices, inequalities, \infty.
#pragma once

#include <string>
#include <string_view>

#include "evals/common/compat/compat_grader.h"

namespace assay::evals::compat {

std::string minerva_normalised(std::string_view answer);

CompatComparison minerva_equal(std::string_view gold, std::string_view prediction);

/// "lm-eval".
CompatGrader minerva_grader();

}  // namespace assay::evals::compat
