// Random weights in the bytes of any tensor type.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/types.h"

namespace assay::testing {

/// A matrix whose elements have mean 0 and a standard deviation of about `deviation`, made from
/// the seed and the name alone. Quantised types are made of random blocks: every bit of the format
/// is used, there is no float original.
std::string random_matrix(TensorType type, std::int64_t rows, std::int64_t cols, double deviation,
                          std::uint64_t seed, std::string_view name);

/// `n` elements of type F32, F16 or BF16 around `mean`.
std::string random_vector(TensorType type, std::int64_t n, double mean, double deviation,
                          std::uint64_t seed, std::string_view name);

}  // namespace assay::testing
