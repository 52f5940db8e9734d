// Scales for groups of integers: x ~ scale * integer + offset with the smallest weighted error.
#pragma once

namespace assay::quant {

struct AffineFit {
  float scale = 0;  ///< not negative
  float offset = 0;
};

/// Nearest even, then into [low, high]; `low` for NaN.
int nearest_integer(float x, int low, int high);

/// weights[i] = |x[i]| + rms(x): large elements matter more, small ones still count.
void magnitude_weights(const float* x, int n, float* weights);

/// For integers in [low, high], low = -high - 1 or -high. 0 where all elements are.
float fit_symmetric(const float* x, const float* weights, int n, int low, int high);

/// For integers in [0, levels]. Unless `any_offset`, the offset is at most 0.
AffineFit fit_affine(const float* x, const float* weights, int n, int levels, bool any_offset);

}  // namespace assay::quant
