// The answer of a MATH solution: MATH marks it by a box and keeps it nowhere else.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace assay::datasets {

/// The inside of the last \boxed{...}, \fbox{...} or "\boxed x", without blanks around it; nothing
/// when there is none or its brace never closes.
std::optional<std::string> boxed_answer(std::string_view solution);

}  // namespace assay::datasets
