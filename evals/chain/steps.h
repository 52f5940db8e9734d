// C6: a chain as a list of steps.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "evals/chain/regions.h"

namespace assay::chain {

struct Step {
  ByteSpan span;                      ///< without surrounding blanks
  std::optional<std::size_t> number;  ///< of "Step 3" or "3." at its start
};

/// The steps of `chain` (a part of `text`), deterministic and in order. With [STEP] markers, the
/// parts between them. Otherwise a step begins after a blank line, at a line that begins with
/// "Step N" (in any of Markdown's dresses, or in Chinese), or with a list marker ("1.", "(2)", "-",
/// "*"). A heading belongs to what follows it; a displayed formula, and what goes on in lower case
/// after it, to the step before it. A part without a letter or digit is no step. Nothing is split
/// inside a formula or a code block.
std::vector<Step> steps_of(std::string_view text, ByteSpan chain);

}  // namespace assay::chain
