// Writing a run's reports beside its journal.
#pragma once

#include <cstdint>
#include <string>

#include "core/journal.h"

namespace assay::tool {

/// Makes the folder and checks that it can be written to and has room for `bytes_needed`; throws
/// Error{environment}. For use before a model runs.
void prepare_folder(const std::string& folder, std::int64_t bytes_needed);

/// Renders every registered report of the journal into the folder.
void write_reports(const Journal& journal, const std::string& folder);

}  // namespace assay::tool
