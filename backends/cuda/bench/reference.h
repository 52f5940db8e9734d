// What the kernels must give, computed on the host in the words of core/numerics and core/quant.
#pragma once

#include <cstdint>
#include <vector>

#include "backends/cuda/fast/attention.h"
#include "backends/cuda/fast/gemv.h"

namespace assay::cuda::bench {

/// Copies `n` values from the device.
std::vector<float> to_host(const float* device, std::int64_t n);

/// Row `row` of w times x under exact/1.
float reference_dot(const WeightPlanes& w, std::int64_t row, const std::vector<float>& x);
/// A row's values, dequantised, in natural order.
std::vector<float> reference_row(const WeightPlanes& w, std::int64_t row);

/// Attention of one row, and what it appends to the cache, as attention_decode does it.
std::vector<float> reference_attention(const fast::AttentionArgs& args, int row);

}  // namespace assay::cuda::bench
