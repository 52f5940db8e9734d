// The order of sums over K in exact/1, for float weights and for dequantised rows (`f32`
// semantics).
//
// K is cut into chunks of 512 elements; the last may be short and runs only its own elements.
// Within a chunk, element k belongs to lane k mod 16, and each lane is one fma chain in ascending k
// that starts at +0. Chunk vectors are added lane by lane in ascending order to a total that starts
// at +0; the total is folded once: a[i] += a[i + w] for w = 8, 4, 2, 1. The sums of RMSNorm and
// softmax follow the same rule.
//
// A backend may pad a short chunk with zero weights and zero inputs: fma(0, 0, acc) changes at most
// the sign of a zero, and the total never is -0, so the result has the same bits.
#pragma once

#include <cstdint>

#include "core/numerics/portable.h"

namespace assay::numerics {
inline namespace ASSAY_ISA {

inline constexpr int kChunkElements = 512;
inline constexpr int kLanes = 16;

/// Sixteen partial sums. On the host a vector of the compiler's, so that they stay in registers.
#ifdef __CUDACC__
struct Lanes {
  float lane[kLanes];
  ASSAY_HD float& operator[](int i) { return lane[i]; }
};
#else
using Lanes = float __attribute__((vector_size(kLanes * sizeof(float))));
#endif

/// lanes[k mod 16] = fma(a[k], b[k], lanes[k mod 16]) for k = 0 .. n-1, in order.
ASSAY_HD inline void lanes_multiply_add(const float* a, const float* b, int n, float* lanes) {
  Lanes acc;
  __builtin_memcpy(&acc, lanes, sizeof(acc));
  int k = 0;
  for (; k + kLanes <= n; k += kLanes) {
    Lanes x;
    Lanes y;
    __builtin_memcpy(&x, a + k, sizeof(x));
    __builtin_memcpy(&y, b + k, sizeof(y));
    for (int lane = 0; lane < kLanes; ++lane) acc[lane] = fma(x[lane], y[lane], acc[lane]);
  }
  for (int lane = 0; k + lane < n; ++lane) {
    acc[lane] = fma(a[k + lane], b[k + lane], acc[lane]);
  }
  __builtin_memcpy(lanes, &acc, sizeof(acc));
}

/// Folds 16 lanes into one sum; overwrites them.
ASSAY_HD inline float fold_lanes(float* lanes) {
  for (int width = kLanes / 2; width > 0; width /= 2) {
    for (int lane = 0; lane < width; ++lane) lanes[lane] += lanes[lane + width];
  }
  return lanes[0];
}

/// sum a[k] * b[k] over n elements. n == 0 gives +0.
ASSAY_HD inline float dot(const float* a, const float* b, std::int64_t n) {
  float total[kLanes] = {};
  for (std::int64_t start = 0; start < n; start += kChunkElements) {
    const std::int64_t left = n - start;
    float chunk[kLanes] = {};
    lanes_multiply_add(a + start, b + start,
                       static_cast<int>(left < kChunkElements ? left : kChunkElements), chunk);
    for (int lane = 0; lane < kLanes; ++lane) total[lane] += chunk[lane];
  }
  return fold_lanes(total);
}

/// sum x[k] by the same rule with additions in place of fma: fma(x, 1, acc) = x + acc exactly
/// rounded, so a backend may use either.
ASSAY_HD inline float sum(const float* x, std::int64_t n) {
  float total[kLanes] = {};
  for (std::int64_t start = 0; start < n; start += kChunkElements) {
    const std::int64_t end = n - start < kChunkElements ? n : start + kChunkElements;
    float chunk[kLanes] = {};
    for (std::int64_t k = start; k < end; ++k) chunk[(k - start) % kLanes] += x[k];
    for (int lane = 0; lane < kLanes; ++lane) total[lane] += chunk[lane];
  }
  return fold_lanes(total);
}

}  // namespace ASSAY_ISA
}  // namespace assay::numerics
