// Where each run stands under what its device can do.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <span>

#include "reports/compare/compare.h"

namespace assay {

/// {devices[], points[], missing[]} as docs/formats.md has them: memory traffic and arithmetic of
/// each run's decode and prefill, beside the bandwidth and the peaks measured on its device.
nlohmann::json compare_roofline(std::span<const NamedReport> reports);

}  // namespace assay
