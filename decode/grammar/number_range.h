// Numbers between bounds, digit by digit.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/error.h"
#include "decode/grammar/grammar.h"

namespace assay::grammar {

/// A bound of a schema; nothing: none.
struct NumberBounds {
  std::optional<double> least;
  std::optional<double> most;
  bool above_least = false;  ///< least itself is excluded
  bool below_most = false;
  bool any() const { return least || most; }
};

/// Whole numbers and, unless `integer`, those with up to 6 decimals. A failure says which bound is
/// beyond what is supported (10^12).
Result<Sequence> number_between(Grammar& grammar, const NumberBounds& bounds, bool integer);

}  // namespace assay::grammar
