// What the page shows of one problem: each run's answer and chain, packed.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <vector>

#include "reports/compare/compare.h"

namespace assay {

/// For each row of `task`'s problems, in order: base64 of zlib's compression of the JSON object
/// that the page's script reads (page_script.cpp): {title, gold, baseline, other, runs[] (null or
/// {facts [[name, value]], text (a number of `texts`, or null), why, parting}), texts[]}. Texts of
/// the problems that differ most come first, until `budget` bytes are used up; it is lowered by
/// what was used.
std::vector<std::string> packed_problems(const nlohmann::json& comparison,
                                         const nlohmann::json& task,
                                         std::span<const NamedReport> reports,
                                         std::int64_t* budget);

}  // namespace assay
