// Rotary position embedding (Su et al. 2021, arXiv 2104.09864) with llama3 scaling, in exact/1.
//
// Angles, sines and cosines are computed in double by our own polynomials and rounded once to fp32
// into a table that the host builds; devices copy the table and never compute an angle themselves.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/model_config.h"
#include "core/numerics/portable.h"

namespace assay::numerics {

/// cos and sin of position * inv_freq[i], fp32, [positions][head_dim / 2].
///
/// Built up to the positions that were asked for: a session asks for its context once, at its
/// start. Threads: const calls from any; `extend` from one, with no other call under way.
class RopeTable {
 public:
  /// Needs head_dim (even), rope_theta, rope_scaling, rope_freq_factors and rope_style of `config`.
  RopeTable(const ModelConfig& config, std::int64_t positions);

  /// Makes at least `positions` positions available; rows that exist keep their bits (but may
  /// move).
  void extend(std::int64_t positions);

  std::int64_t positions() const { return positions_; }
  std::int64_t half_dim() const { return static_cast<std::int64_t>(inv_freq_.size()); }
  RopeStyle style() const { return style_; }
  /// head_dim / 2 angles per position in radians, after scaling or the file's factors.
  std::span<const double> inv_freq() const { return inv_freq_; }
  /// [half_dim] of one position, which must be below positions().
  const float* cos_row(std::int64_t position) const { return cos_.data() + position * half_dim(); }
  const float* sin_row(std::int64_t position) const { return sin_.data() + position * half_dim(); }

 private:
  RopeStyle style_;
  std::int64_t positions_ = 0;
  std::vector<double> inv_freq_;
  std::vector<float> cos_;
  std::vector<float> sin_;
};

inline namespace ASSAY_ISA {

/// Rotates one head [2 * half_dim] in place. For each pair (a, b) of the style:
///   a' = fma(a, cos, -rn(b * sin));  b' = fma(b, cos, rn(a * sin)).
ASSAY_HD inline void rotate_head(float* head, const float* cos, const float* sin,
                                 std::int64_t half_dim, bool interleaved) {
  const std::int64_t step = interleaved ? 2 : 1;
  const std::int64_t distance = interleaved ? 1 : half_dim;
  for (std::int64_t i = 0; i < half_dim; ++i) {
    const float a = head[i * step];
    const float b = head[i * step + distance];
    head[i * step] = fma(a, cos[i], -(b * sin[i]));
    head[i * step + distance] = fma(b, cos[i], a * sin[i]);
  }
}

}  // namespace ASSAY_ISA
}  // namespace assay::numerics
