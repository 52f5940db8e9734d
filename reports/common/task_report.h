// One task's part of report.json: metrics, outcomes, chain completeness, a row per sample.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "core/journal.h"

namespace assay {

/// Classes of a sample in report.json's order; every finished sample is in exactly one.
inline constexpr std::string_view kOutcomes[] = {
    "correct_complete", "correct_incomplete", "wrong_complete",
    "wrong_incomplete", "truncated",          "looped",
    "no_answer",        "undecided",          "infrastructure_failure"};

/// Of given texts whose file does not say how they ended; a run's samples are in none of these.
inline constexpr std::string_view kOpenOutcomes[] = {"correct_completeness_unknown",
                                                     "wrong_completeness_unknown"};

inline constexpr std::string_view kChainComponents[] = {"C1", "C2", "C3", "C4", "C5",
                                                        "C6", "C7", "C8", "C9", "C10"};

/// What tells equal from different in rows of problems[]: the first 16 digits of SHA-256.
std::string short_hash(const std::string& text);

/// `task`: the plan's entry. The samples are those of the journal that name it.
nlohmann::json build_task_report(const nlohmann::json& task, const Journal& journal);

}  // namespace assay
