// What the journals beside the reports add to a comparison.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>

#include "core/journal.h"
#include "reports/compare/compare.h"

namespace assay {

/// A task's sample records by problem and number; they point into the journal.
using SamplesByKey = std::map<std::pair<std::string, std::int64_t>, const nlohmann::json*>;
SamplesByKey samples_by_key(const Journal& journal, const std::string& task);

/// How long `b` writes the same tokens as `a` (Partings::to_json), whatever their models are; null
/// with `why` where a journal is missing or the tokens are drawn otherwise.
nlohmann::json compare_partings(const NamedReport& a, const NamedReport& b,
                                const std::string& task);

}  // namespace assay
