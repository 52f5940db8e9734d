// The string repairs that the MATH release began with and later programs kept in variations: last
// box, \frac12, \sqrt3, a/b. They work on text, not on tokens, and their mistakes are part of the
// scores made with them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace assay::evals::compat {

/// What the MATH release takes for the answer: the inside of the last \boxed{...} (braces matched),
/// or after the last "\boxed " up to a '$'. Nothing without a box, for an unclosed one and for
/// \fbox, which is found but not opened.
std::optional<std::string> last_boxed(std::string_view text);

/// What qwen's program takes for it: behind the last "boxed", the inside of its braces, or, where
/// they never close, everything; without a brace everything up to a '$'. Nothing without "boxed".
std::optional<std::string> behind_boxed(std::string_view text);

/// \frac12 and \frac1{2} to \frac{1}{2}, character by character. Nothing when a \frac ends the
/// text (in the MATH release an exception).
std::optional<std::string> braced_fractions(std::string_view text);

/// \sqrt3 to \sqrt{3}: one character. Nothing when a \sqrt ends the text (an exception there).
std::optional<std::string> braced_roots(std::string_view text);

/// 7/2 to \frac{7}{2} when the whole text is that; `roots`: a side with "sqrt" need not be an
/// integer.
std::string slash_to_fraction(std::string_view text, bool roots);

/// "k=5" to "5": one '=', and at most two characters before it.
std::string without_short_left_side(std::string_view text);

}  // namespace assay::evals::compat
