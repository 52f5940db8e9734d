// A chain annotated for a person: what holds, what does not, and where the text shows it.
#pragma once

#include <string>

#include "harness/chain/analyse_text.h"

namespace assay::tool {

/// Parts and their reasons, then the text with its steps numbered and the findings marked in place.
/// `colour`: ANSI colours for a terminal; without them each mark stands in brackets. Foreign text
/// is made safe for a terminal.
std::string annotated_chain(const ChainText& text, const TextAnalysis& result, bool colour);

}  // namespace assay::tool
