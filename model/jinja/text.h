// Text as Python sees it: by code point. Bytes that are not UTF-8 count as one character each and
// pass through unchanged, so no input can make these functions fail.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace assay::jinja {

/// A code point, or the negated byte where the text is not UTF-8.
struct Character {
  std::int32_t code = 0;
  std::size_t bytes = 1;
};

/// The character at byte `pos`, which must be inside the text.
Character character_at(std::string_view text, std::size_t pos);
/// Number of characters.
std::size_t char_count(std::string_view text);
/// The character with this index, which must be below char_count.
std::string_view nth_character(std::string_view text, std::size_t index);
/// The characters one by one, as views into `text`.
std::vector<std::string_view> characters(std::string_view text);
/// Writes a Character's code back.
void append_character(std::string& out, std::int32_t code);

/// str.isspace of one character.
bool is_space(std::int32_t code);
/// str.isprintable of one character.
bool is_printable(std::int32_t code);

enum class StripSide { left, right, both };
/// str.strip: of whitespace, or of any character in `chars`.
std::string_view strip(std::string_view text, StripSide side,
                       std::optional<std::string_view> chars = std::nullopt);

/// Position of the first occurrence at or after `from`, in linear time; npos if there is none.
std::size_t find_text(std::string_view text, std::string_view needle, std::size_t from = 0);

/// str.split without a separator: runs of whitespace; at most `limit` cuts (negative: all).
std::vector<std::string_view> split_whitespace(std::string_view text, std::int64_t limit);
/// str.split(separator); the separator must not be empty.
std::vector<std::string_view> split(std::string_view text, std::string_view separator,
                                    std::int64_t limit);
/// str.splitlines.
std::vector<std::string_view> split_lines(std::string_view text);
/// str.replace; `limit` negative: all.
std::string replace(std::string_view text, std::string_view from, std::string_view to,
                    std::int64_t limit);

/// Case mapping by utf8proc's simple mappings, and "SS" for the German sharp s.
std::string upper(std::string_view text);
std::string lower(std::string_view text);
/// str.capitalize.
std::string capitalize(std::string_view text);
/// str.title: every run of letters.
std::string title(std::string_view text);
/// str.isupper or str.islower.
bool is_upper(std::string_view text);
bool is_lower(std::string_view text);

/// repr() of a string, quotes included.
std::string repr_of_text(std::string_view text);
/// repr() of a float.
std::string repr_of_float(double value);
/// The number that int(text, base) or float(text) reads; nothing where Python raises ValueError or
/// the integer needs more than 64 bits.
std::optional<std::int64_t> parse_int(std::string_view text, int base);
std::optional<double> parse_float(std::string_view text);

}  // namespace assay::jinja
