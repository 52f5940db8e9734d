// C7: the equations that a text states, checked exactly.
//
// A detector of contradictions and nothing else: a claim is contradicted only when no reasonable
// reading of it holds, and everything that is not plain arithmetic stays unchecked. It says nothing
// about whether the reasoning is right.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "evals/chain/regions.h"

namespace assay::chain {

enum class ClaimVerdict {
  holds,         ///< equal, or equal once rounded as shown
  contradicted,  ///< no reading of it is true
  unchecked      ///< an equation, but not one that arithmetic alone decides
};
/// "holds", "contradicted", "unchecked".
std::string_view claim_verdict_name(ClaimVerdict verdict);

struct Claim {
  ClaimVerdict verdict = ClaimVerdict::unchecked;
  ByteSpan span;    ///< from the start of its left side to the end of its right side
  std::string why;  ///< of a contradiction: "6*7 is 42, not 43"
};

struct ArithmeticReport {
  std::size_t found = 0;    ///< equations: pairs of sides with "=" (or a like sign) between them
  std::size_t checked = 0;  ///< of those, decided by arithmetic
  std::size_t contradicted = 0;
  std::vector<Claim> claims;  ///< those that are checked, in order of the text

  /// checked / found; nothing was found: 0.
  double coverage() const {
    return found == 0 ? 0 : static_cast<double>(checked) / static_cast<double>(found);
  }
};

/// All equations of `text`. `problem`: what it answers; functions that are defined there are known.
/// Deterministic; linear in the text for bounded formulas; every number is
/// bounded in size (thresholds.h), and what would exceed it stays unchecked.
ArithmeticReport check_arithmetic(std::string_view text, std::string_view problem = {});

}  // namespace assay::chain
