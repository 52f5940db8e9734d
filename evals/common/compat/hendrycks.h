// The grader of the MATH release (Hendrycks et al., "Measuring mathematical problem solving with
// the MATH dataset", 2021): the last box, two normalised strings, equal or not. Right answers in
// another form are wrong; so are tuples with other blanks inside \text.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "evals/common/compat/compat_grader.h"

namespace assay::evals::compat {

/// Where the protocols that keep this normalisation differ from the release.
struct HendrycksVariant {
  bool bare_percent = true;  ///< '%' goes too, not only "\%"
};

/// The string that is compared; nothing where the original raises an exception.
std::optional<std::string> hendrycks_normalised(std::string_view answer,
                                                const HendrycksVariant& variant = {});

CompatGrader hendrycks_grader();

}  // namespace assay::evals::compat
