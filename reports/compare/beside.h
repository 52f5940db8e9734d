// Which earlier run a run's tokens may stand beside.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "reports/common/load_report.h"

namespace assay {

/// The first run before `run` that did the task with the same model file, decoding, dataset,
/// protocol and budget; none: there is none.
std::optional<std::size_t> first_alike(std::span<const NamedReport> reports, std::size_t run,
                                       const std::string& task);

}  // namespace assay
