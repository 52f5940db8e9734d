// The values that a chain reaches: what retention of content counts (docs/retention.md).
#pragma once

#include <set>
#include <string>
#include <string_view>

namespace assay::chain {

/// Exact rationals in lowest terms, "7" or "-3/4": 0.75, 3/4 and \frac{6}{8} are one value. A
/// percentage is its number ("40 %" is "40"). Irrational and symbolic values are in no set.
using ValueSet = std::set<std::string>;

/// Every value that the text writes down: its numbers, and its expressions and their parts where
/// arithmetic alone evaluates them. Code is left out.
ValueSet stated_values(std::string_view text);

/// The values that the text arrives at: what stands after "=", a like sign, or a verb that states a
/// result ("gives 12"), and what stands in a box. A subset of stated_values.
ValueSet derived_values(std::string_view text);

/// Longer values, in characters of their fraction, are in no set.
inline constexpr std::size_t max_value_characters = 120;

}  // namespace assay::chain
