#include "core/numerics/rope.h"

#include "core/error.h"
#include "core/numerics/angle.h"

namespace assay::numerics {
namespace {

constexpr double kTwoPi = 0x1.921fb54442d18p+2;

/// llama3: long wavelengths are stretched by `factor`, short ones kept, those between blended.
double scale_frequency(double freq, const RopeScaling& scaling) {
  const auto context = static_cast<double>(scaling.original_context);
  const double wavelength = kTwoPi / freq;
  if (wavelength < context / scaling.high_freq_factor) return freq;
  if (wavelength > context / scaling.low_freq_factor) return freq / scaling.factor;
  const double blend = (context / wavelength - scaling.low_freq_factor) /
                       (scaling.high_freq_factor - scaling.low_freq_factor);
  return (1 - blend) * (freq / scaling.factor) + blend * freq;
}

}  // namespace

RopeTable::RopeTable(const ModelConfig& config, std::int64_t positions)
    : style_(config.rope_style) {
  ASSAY_ASSERT(config.head_dim > 0 && config.head_dim % 2 == 0 && config.rope_theta > 0);
  const std::int64_t half = config.head_dim / 2;
  const auto& factors = config.rope_freq_factors;
  ASSAY_ASSERT(factors.empty() || static_cast<std::int64_t>(factors.size()) == half);
  for (std::int64_t i = 0; i < half; ++i) {
    const double fraction = static_cast<double>(2 * i) / static_cast<double>(config.head_dim);
    double freq = power(config.rope_theta, -fraction);
    if (!factors.empty()) {
      freq /= static_cast<double>(factors[static_cast<std::size_t>(i)]);
    } else if (config.rope_scaling.factor != 0) {
      freq = scale_frequency(freq, config.rope_scaling);
    }
    inv_freq_.push_back(freq);
  }
  extend(positions);
}

void RopeTable::extend(std::int64_t positions) {
  if (positions <= positions_) return;
  const auto size = static_cast<std::size_t>(positions * half_dim());
  cos_.reserve(size);
  sin_.reserve(size);
  for (std::int64_t position = positions_; position < positions; ++position) {
    for (const double freq : inv_freq_) {
      const SinCos value = sin_cos(static_cast<double>(position) * freq);
      cos_.push_back(static_cast<float>(value.cos));
      sin_.push_back(static_cast<float>(value.sin));
    }
  }
  positions_ = positions;
}

}  // namespace assay::numerics
