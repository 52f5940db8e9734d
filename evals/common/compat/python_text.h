// Text operations with the meaning they have in Python, in which the reproduced programs are
// written: what counts as a blank, a word character or a number there decides verdicts here. All
// work on UTF-8 and take any bytes.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/ascii.h"

namespace assay::evals::compat {

bool contains(std::string_view text, std::string_view part);
/// Every occurrence, left to right, not rescanned. `from` must not be empty.
void replace_all(std::string& text, std::string_view from, std::string_view to);
/// The parts between occurrences of `separator`: always one more than there are occurrences.
std::vector<std::string_view> split(std::string_view text, std::string_view separator);
std::size_t count(std::string_view text, std::string_view part);
/// What stands behind the last `part`; the whole text without one.
std::string_view after_last(std::string_view text, std::string_view part);

/// str.strip(): without blanks (Unicode's too) at both ends.
std::string_view strip(std::string_view text);
/// str.strip(chars): without any of these ASCII characters at both ends.
std::string_view strip_chars(std::string_view text, std::string_view chars);
std::string_view strip_right(std::string_view text, std::string_view chars);
/// str.lower() for ASCII, Latin-1, Greek and Cyrillic letters; others stay.
std::string lower(std::string_view text);

/// name in set
template <std::size_t N>
bool is_in(std::string_view name, const std::array<std::string_view, N>& set) {
  return std::find(set.begin(), set.end(), name) != set.end();
}

/// Bytes of the character at `at` (1 for a byte that starts none). `at` < size.
std::size_t char_bytes(std::string_view text, std::size_t at);
/// len(str): characters, not bytes.
std::size_t char_count(std::string_view text);
/// Whether a regular expression's \w matches the character at `at`: letters, digits, '_'. Exact for
/// ASCII; beyond it, by block (letters and digits of all scripts, superscripts, no symbols).
bool is_word_char(std::string_view text, std::size_t at);
/// Whether the character before byte `end` is one; false at the start.
bool ends_with_word_char(std::string_view text, std::size_t end);

/// float(text): a decimal literal with optional sign, exponent and single underscores between
/// digits, "inf", "infinity" or "nan", blanks around it ignored. Nothing for what float() refuses.
std::optional<double> python_float(std::string_view text);
/// Whether str(int(text)) == text: an integer in its shortest form.
bool is_canonical_integer(std::string_view text);

}  // namespace assay::evals::compat
