// A validator of JSON Schema's supported part, written apart from the grammar: it looks at parsed
// values, the grammar at bytes. And random schemas with random instances.
#pragma once

#include <nlohmann/json.hpp>
#include <random>
#include <string>

namespace assay::testing {

using OrderedJson = nlohmann::ordered_json;

bool is_instance(const OrderedJson& root, const OrderedJson& schema, const OrderedJson& value);

/// Of at most `depth` levels; with $defs that it refers to.
OrderedJson random_schema(std::mt19937& random, int depth);

/// An instance with members in the schema's order, or null with *found false where none was found.
OrderedJson random_instance(std::mt19937& random, const OrderedJson& root,
                            const OrderedJson& schema, int depth, bool* found);

}  // namespace assay::testing
