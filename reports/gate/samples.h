// Samples of one task in two reports: are they the same ones, and equal?
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace assay {

/// "3 of 20 samples differ, the first is aime-3, sample 0: other tokens"; empty: those that both
/// hold are equal.
std::string differing_samples(const nlohmann::json& task_a, const nlohmann::json& task_b);

/// "2 samples are only in the baseline, the first is aime-3, sample 0"; empty: both hold the same
/// ones, each once.
std::string unshared_samples(const nlohmann::json& task_a, const nlohmann::json& task_b);

}  // namespace assay
