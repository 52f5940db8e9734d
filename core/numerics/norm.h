// RMSNorm (Zhang and Sennrich 2019, arXiv 1910.07467) in exact/1.
#pragma once

#include <cstdint>

#include "core/numerics/dot.h"
#include "core/numerics/functions.h"

namespace assay::numerics {
inline namespace ASSAY_ISA {

/// 1 / sqrt(mean(x^2) + eps); the sum of squares is dot(x, x), n is exact in fp32 (below 2^24).
ASSAY_HD inline float rms_scale(const float* x, float eps, std::int64_t n) {
  return reciprocal_sqrt(dot(x, x, n) / static_cast<float>(n) + eps);
}

/// out[i] = (x[i] * scale) * gain[i], rounded after each product. out may be x.
ASSAY_HD inline void rms_norm(const float* x, const float* gain, float eps, std::int64_t n,
                              float* out) {
  const float scale = rms_scale(x, eps, n);
  for (std::int64_t i = 0; i < n; ++i) out[i] = (x[i] * scale) * gain[i];
}

}  // namespace ASSAY_ISA
}  // namespace assay::numerics
