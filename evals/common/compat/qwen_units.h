// The unit words that qwen's normalisation drops.
#pragma once

#include <string>

namespace assay::evals::compat {

/// Without the listed unit words and their plurals, each searched twice; never made empty.
std::string without_qwen_units(std::string text);

}  // namespace assay::evals::compat
