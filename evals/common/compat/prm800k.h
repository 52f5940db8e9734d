// The grader of PRM800K (Lightman et al., "Let's verify step by step", 2023): the MATH release's
// strings, then its own normalisation, then sympy on what is left. Strict where it matters to it:
// an integer must be an integer, a fraction must be in the gold answer's form; 2/4 is not 1/2.
#pragma once

#include <string>
#include <string_view>

#include "evals/common/compat/compat_grader.h"

namespace assay::evals::compat {

/// Units, currency, percent signs and braces dropped, LaTeX as text, mixed numbers as sums, lower
/// case, integers in shortest form.
std::string prm800k_normalised(std::string_view answer);

CompatComparison prm800k_equal(std::string_view gold, std::string_view prediction);

CompatGrader prm800k_grader();

}  // namespace assay::evals::compat
