// Regular expressions of JSON Schema's `pattern`, as far as they are regular: what they match, as a
// part of a grammar.
#pragma once

#include <string_view>

#include "core/error.h"
#include "decode/grammar/grammar.h"
#include "decode/grammar/json_rules.h"

namespace assay::grammar {

inline constexpr std::size_t kMaxPatternBytes = 512;
inline constexpr int kMaxPatternDepth = 32;
inline constexpr int kMaxPatternRepeat = 256;

/// A JSON string, with its quotes, whose text the pattern matches somewhere (as in ECMAScript: `^`
/// and `$` tie it to the ends). Characters, classes, groups, alternatives and counts; a failure
/// names what else stands there. Negated short classes (\D \W \S) give ASCII alone, where all
/// dialects agree.
Result<Sequence> matching_string(JsonRules& rules, std::string_view pattern);

}  // namespace assay::grammar
