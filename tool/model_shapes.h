// A model's shape for audits and projections: from its file, or as published.
#pragma once

#include <string>

#include "core/model_config.h"
#include "reports/audit/shape.h"

namespace assay::tool {

/// The formats of a shape, by `assay quantize`'s rules.
std::vector<WeightSizes> sizes_of_shape(const ModelShape& shape);
/// Scratch of one sequence of so many tokens, as the memory plan counts it.
std::int64_t scratch_of_shape(const ModelShape& shape, std::int64_t context);

ModelConfig config_of(const ModelShape& shape);

struct KnownModel {
  ModelShape shape;
  WeightSizes own;  ///< of the file; is_real false: there is none here
};

/// A GGUF file, a Hugging Face directory, a name with a published shape, or a name of `assay list
/// models` that is in the cache. Nothing is downloaded. Throws Error.
KnownModel find_model(const std::string& name_or_path);

}  // namespace assay::tool
