// Sets of Unicode characters as byte sequences of UTF-8, and as a JSON string shows them.
#pragma once

#include <utility>
#include <vector>

#include "decode/grammar/grammar.h"

namespace assay::grammar {

/// Inclusive ranges of code points, ascending and apart.
using CodePoints = std::vector<std::pair<char32_t, char32_t>>;

inline constexpr char32_t kLastCodePoint = 0x10FFFF;

/// Sorted, and joined where they touch.
CodePoints normalised(CodePoints set);
CodePoints complement(const CodePoints& set);

/// Their UTF-8; surrogates are left out.
Sequence utf8_of(Grammar& grammar, const CodePoints& set);
/// As they stand in a JSON string: escaped where they must be.
Sequence json_characters(Grammar& grammar, const CodePoints& set);
/// All that a JSON string may hold without an escape.
Sequence plain_characters(Grammar& grammar);
/// Those above ASCII.
Sequence wide_characters(Grammar& grammar);

}  // namespace assay::grammar
