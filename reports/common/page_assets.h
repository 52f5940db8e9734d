// Style and script of every report page.
#pragma once

#include <string_view>

namespace assay {

extern const std::string_view kPageStyle;
/// Filters and opens samples. The page says everything without it.
extern const std::string_view kPageScript;

}  // namespace assay
