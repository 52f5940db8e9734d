// What excuses an equation that does not hold as written: units, relative percents, residues, text
// that ends inside a number.
#pragma once

#include <string_view>

#include "evals/chain/arithmetic/expression.h"
#include "evals/chain/regions.h"

namespace assay::chain {

/// Whether any of the manners of writing below makes the claim hold, or leaves it open.
bool is_written_loosely(std::string_view text, ByteSpan claim, const Expression& left,
                        const Expression& right, const Values& values);

/// "1 hour + 30 minutes": one side counts in two units of one kind.
bool mixes_units(const Expression& side);

/// "11 + 3 = 2 mod 12": the right side is a residue.
bool is_residue(const Expression& left, const Expression& right, const Values& values);

/// "4 \u00D7 25\u00A2 = $1"
bool counts_in_cents(std::string_view claim);

/// "1,540,000 / 1 = 1.5 million": words round what digits would not.
bool counts_in_words(std::string_view claim);

/// "10 AM + 5 hours = 3 PM"
bool is_on_a_clock(std::string_view text, ByteSpan claim);

/// "1/3 = 33%": rounded to the digits shown, which the exact result does not fit.
bool is_rounded_percent(const Expression& left, const Expression& right, const Values& values);

/// "- 12 + 7 = -5" at the start of a line: a minus that looks like a bullet.
bool is_minus_of_bullet(std::string_view text, std::size_t claim_begin, const Expression& left,
                        const Expression& right, const Values& values);

/// "$50 - 20% = $40": the percent are of what stands before them.
bool is_relative_percent(const Expression& left, const Expression& right, const Values& values);

/// "Suppose 2 + 2 = 5": the claim itself is supposed.
bool is_supposed(std::string_view text, std::size_t claim_begin);

/// "12 + 5 = 1" at the text's very end: the rest of the number may be missing. `end`: of the claim.
bool is_cut_off(std::string_view text, std::size_t end, const Expression& left,
                const Expression& right, const Values& values);

}  // namespace assay::chain
