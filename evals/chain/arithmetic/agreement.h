// Whether two values that a text calls equal are equal: readings, rounding, units.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "evals/chain/arithmetic/expression.h"
#include "evals/chain/regions.h"

namespace assay::chain {

/// Whether some common reading of both sides makes them equal, exactly or as rounded. What turns
/// out to be rounded is remembered in `values`. Nothing: not decided.
std::optional<bool> agree(const Expression& left, const Expression& right, bool approximate,
                          Values& values);

/// Two bare numbers beside "=" or an approximation sign: from here on the second may be rounded.
void note_rounding(const MathToken& left, const MathToken& right, bool approximate, Values& values);

/// "22/7 = 3 (rounded down)", "40/12 = 3 boxes, with 4 left": words near the claim say so.
bool rounded_to_whole(const Expression& left, const Expression& right, std::string_view text,
                      ByteSpan claim, const Values& values);

/// "5 * 12 hours = 2.5 days": both sides have units, not the same, and the ratio is one of
/// conversion. `unit_behind` is the word behind the right side, perhaps empty.
bool converts_units(const Expression& left, const Expression& right, std::string_view unit_behind,
                    const Values& values);

}  // namespace assay::chain
