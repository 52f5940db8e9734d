// LaTeX as the Python package pylatexenc writes it in plain text: what the prm800k grader compares.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace assay::evals::compat {

/// \frac{x+1}{2} is "x+1/2" (the parentheses are lost), \sqrt{3} is "√(3)", \pi is "π", a matrix
/// "[ 1 2; 3 4 ]"; braces and unknown commands are dropped, their arguments kept. Nothing beyond
/// the budget of nesting.
std::optional<std::string> latex_as_text(std::string_view latex);

}  // namespace assay::evals::compat
