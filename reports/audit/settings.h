// Conditions that two numbers can be compared by: what both state, and state differently, keeps one
// from deciding anything about the other.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "reports/audit/fields.h"

namespace assay {

/// Reads temperature, top_p, max_new_tokens and shots (numbers), precision, protocol, grader and
/// prompt (texts) of an object; others are left to the reader's eyes. One of another type is an
/// error if `strict`, else left out.
nlohmann::json read_settings(Fields& of, bool strict);

/// "temperature 1, the claim's is 0.6; at Q8_0, the claim is about Q4"; empty: nothing that both
/// name differs.
std::string why_settings_differ(const nlohmann::json& claimed, const nlohmann::json& found);

}  // namespace assay
