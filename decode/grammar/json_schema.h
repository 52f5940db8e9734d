// JSON Schema (2020-12, the part that structured outputs use) as a grammar: every text that it
// allows is a valid instance, the members of an object in the schema's order.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "core/error.h"
#include "decode/grammar/grammar.h"

namespace assay::grammar {

inline constexpr int kMaxSchemaDepth = 64;
inline constexpr std::int64_t kMaxItems = 1024;         ///< minItems, maxItems
inline constexpr std::int64_t kMaxStringLength = 8192;  ///< minLength, maxLength
inline constexpr std::size_t kMaxEnum = 4096;

/// A part of `grammar` for instances of the schema. A failure names the keyword that is not
/// supported or not sound, and its place. Keywords that only describe are passed over; any other
/// that is not known is a failure: nothing is ignored that would let a wrong instance through.
Result<Sequence> json_schema_rules(Grammar& grammar, const nlohmann::ordered_json& schema);

/// Ends a grammar; a failure says why nothing can be made of it.
Result<Grammar> finished(Grammar grammar, const Sequence& start);

}  // namespace assay::grammar
