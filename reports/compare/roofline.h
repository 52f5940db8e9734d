// Where each run stands under what its device can do.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <vector>

#include "reports/compare/compare.h"

namespace assay {

/// {devices[], points[], missing[]} as docs/formats.md has them: memory traffic and arithmetic of
/// each run's decode and prefill, beside the bandwidth and the peaks measured on its device.
nlohmann::json compare_roofline(std::span<const NamedReport> reports);

/// "B, bench decode of 128 tokens after 0, batch 1: 27.4 GB/s, above the 12.6 measured; ..." of
/// each point above its ceilings, for Markdown and a terminal.
std::vector<std::string> roofline_warnings(const nlohmann::json& comparison);

}  // namespace assay
