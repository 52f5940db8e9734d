#include "core/numerics/rope.h"

#include <cstddef>

#include "core/error.h"
#include "core/numerics/functions.h"

namespace assay::numerics {
namespace {

constexpr double kTwoPi = 0x1.921fb54442d18p+2;

/// Nearest integer by adding and subtracting 1.5 * 2^52; |x| < 2^51.
double nearest_integer(double x) {
  constexpr double kRounder = 6755399441055744.0;
  return (x + kRounder) - kRounder;
}

/// e^x in double for |x| < 700, by the Taylor series of degree 14 on |r| <= ln 2 / 2.
double exp_double(double x) {
  constexpr double kLn2High = 0x1.62e42feep-1;
  constexpr double kLn2Low = 0x1.a39ef35793c76p-33;
  const double n = nearest_integer(x * 0x1.71547652b82fep+0);
  const double r = fma(n, -kLn2Low, fma(n, -kLn2High, x));
  double p = 1;
  for (int k = 14; k >= 1; --k) p = fma(p, r / k, 1.0);
  const auto exponent = static_cast<std::uint64_t>(static_cast<std::int64_t>(n) + 1023);
  return p * double_of(exponent << 52);
}

/// base^exponent for a positive base.
double power(double base, double exponent) {
  return exp_double(exponent * log(base));
}

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

SinCos sin_cos(double angle) {
  // angle = k pi/2 + r, |r| <= pi/4, with pi/2 in two parts: k < 2^27 times the second part's own
  // error is below 2^-80.
  constexpr double kHalfPiHigh = 0x1.921fb54442d18p+0;
  constexpr double kHalfPiLow = 0x1.1a62633145c07p-54;
  const double k = nearest_integer(angle * 0x1.45f306dc9c883p-1);
  const double r = fma(k, -kHalfPiLow, fma(k, -kHalfPiHigh, angle));
  const double t = r * r;

  // Taylor series, nested: sin r = r (1 - t/(2*3) (1 - t/(4*5) (...))), to degree 19 and 20.
  double s = 1;
  for (int n = 18; n >= 2; n -= 2) s = fma(-t / (n * (n + 1)), s, 1.0);
  s *= r;
  double c = 1;
  for (int n = 19; n >= 1; n -= 2) c = fma(-t / (n * (n + 1)), c, 1.0);

  switch (static_cast<std::int64_t>(k) & 3) {
    case 0:
      return {s, c};
    case 1:
      return {c, -s};
    case 2:
      return {-s, -c};
    default:
      return {-c, s};
  }
}

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
