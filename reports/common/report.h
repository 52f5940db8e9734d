// report.json's object (docs/formats.md) from a journal.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "core/journal.h"

namespace assay {

inline constexpr int kReportVersion = 1;

/// A pure function: the same journal gives the same bytes. What is unknown is null, never 0; a
/// metric of an unfinished or partly failed task is null with `why`, never the part's value.
/// Throws nothing on a journal whose records lack fields or hold other types: they read as unknown.
nlohmann::json build_report(const Journal& journal);

}  // namespace assay
