// How many bytes a model of some shape takes in each file type, without a file: for projections.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/model_config.h"

namespace assay {

struct TypeSizes {
  std::string name;                ///< a type of `assay quantize`: "Q4_K_M"
  std::int64_t weights_bytes = 0;  ///< all tensors
  std::int64_t read_bytes = 0;     ///< those that one decode step reads
};

/// Every type but F32 and BF16 (of F16's size), tensor by tensor as `assay quantize` would write
/// it.
std::vector<TypeSizes> sizes_by_type(const ModelConfig& config);

/// Activations, logits and position tables of the forward pass, as the memory plan counts them, for
/// the reference device.
std::int64_t projected_scratch_bytes(const ModelConfig& config, std::int64_t context,
                                     std::int64_t batch);

}  // namespace assay
