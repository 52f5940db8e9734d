// Style and script of every report page.
#pragma once

#include <string_view>

namespace assay {

extern const std::string_view kPageStyle;
/// Hatches and dots over the colours of stacked parts; the first thing of every page's body.
extern const std::string_view kPagePatterns;
/// Explains, sorts, filters, hides runs, opens samples. The page says everything but the chains of
/// a comparison without it.
extern const std::string_view kPageScript;

}  // namespace assay
