// How a run looks wherever a page draws it: a letter, a colour, a dash and a shape, so that neither
// print nor colour blindness can mix two runs up; and how a page explains its terms.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace assay {

/// "A" to "Z", then "AA", "AB", ...
std::string run_letter(std::size_t run);

/// CSS classes of everything that belongs to a run: r3 (to hide it), k3 (its colour), d1 (its
/// dash).
std::string run_classes(std::size_t run);

/// The letter in the run's colour, for headings and rows.
std::string run_badge(std::size_t run);

/// A mark of the run's shape around (x, y) of an SVG; x may be a percentage ("12.5%"). `tip` is
/// foreign text.
std::string run_mark(std::size_t run, const std::string& x, double y, std::string_view tip);

/// The run's letter in a circle at (x, y) of an SVG.
std::string run_letter_mark(std::size_t run, const std::string& x, double y);

/// Words with an explanation for pointer, keyboard and touch: what glossary_words() says about
/// `name`. `label` is finished HTML; empty: the glossary's own.
std::string term(std::string_view name, std::string_view label = {});
/// A numerics policy ("exact/1", foreign text) with what its name, before the version, means.
std::string policy_term(std::string_view policy);
/// The same with another explanation, foreign text.
std::string explained(std::string_view label, std::string_view text);

/// A number of an SVG's attribute: "12.34", without trailing zeros.
std::string svg_number(double value);
std::string percent_of(double fraction);  ///< 0.125: "12.5%"

}  // namespace assay
