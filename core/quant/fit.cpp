#include "core/quant/fit.h"

#include <cmath>

namespace assay::quant {
namespace {

// The grid of candidates: the covering scale, stretched by up to a tenth of its range either way.
constexpr int kSteps = 10;
constexpr float kStep = 0.1F;

struct Sums {
  double w = 0, q = 0, qq = 0, x = 0, xq = 0, xx = 0;
  void add(float weight, float value, int integer) {
    const double wd = weight;
    const double xd = value;
    const double qd = integer;
    w += wd;
    q += wd * qd;
    qq += wd * qd * qd;
    x += wd * xd;
    xq += wd * xd * qd;
    xx += wd * xd * xd;
  }
  /// Of x ~ scale * q + offset.
  double error(double scale, double offset) const {
    return xx - 2 * (scale * xq + offset * x) + scale * scale * qq + 2 * scale * offset * q +
           offset * offset * w;
  }
};

/// The line of least squares through the sums.
AffineFit least_squares(const Sums& sums, bool any_offset) {
  const double determinant = sums.w * sums.qq - sums.q * sums.q;
  double scale = 0;
  double offset = 0;
  // Where all integers are the same, the line goes through the origin.
  const bool is_line = determinant > 1e-9 * sums.w * sums.qq;
  if (is_line) {
    scale = (sums.w * sums.xq - sums.x * sums.q) / determinant;
    offset = (sums.qq * sums.x - sums.q * sums.xq) / determinant;
  }
  if (!is_line || (!any_offset && offset > 0)) {
    scale = sums.qq > 0 ? sums.xq / sums.qq : 0;
    offset = 0;
  }
  return {static_cast<float>(scale > 0 ? scale : 0), static_cast<float>(offset)};
}

}  // namespace

int nearest_integer(float x, int low, int high) {
  if (!(x > static_cast<float>(low))) return low;
  if (x >= static_cast<float>(high)) return high;
  return static_cast<int>(std::nearbyint(x));
}

void magnitude_weights(const float* x, int n, float* weights) {
  double squares = 0;
  for (int i = 0; i < n; ++i) squares += static_cast<double>(x[i]) * static_cast<double>(x[i]);
  const auto rms = static_cast<float>(std::sqrt(squares / n));
  for (int i = 0; i < n; ++i) weights[i] = rms + (x[i] < 0 ? -x[i] : x[i]);
}

float fit_symmetric(const float* x, const float* weights, int n, int low, int high) {
  float extreme = 0;
  for (int i = 0; i < n; ++i) {
    if (std::fabs(x[i]) > std::fabs(extreme)) extreme = x[i];
  }
  if (extreme == 0) return 0;
  double best_gain = -1;
  double best = 0;
  for (int step = -kSteps; step <= kSteps; ++step) {
    // The extreme takes the longer, negative side.
    const float inverse = (static_cast<float>(low) + kStep * static_cast<float>(step)) / extreme;
    double xq = 0;
    double qq = 0;
    for (int i = 0; i < n; ++i) {
      const int q = nearest_integer(x[i] * inverse, low, high);
      const double weighted = static_cast<double>(weights[i]) * q;
      xq += weighted * static_cast<double>(x[i]);
      qq += weighted * q;
    }
    // The error with the best scale for these integers is sum w x^2 - gain.
    const double gain = qq > 0 ? xq * xq / qq : 0;
    if (gain > best_gain) {
      best_gain = gain;
      best = qq > 0 ? xq / qq : 0;
    }
  }
  return static_cast<float>(best);
}

AffineFit fit_affine(const float* x, const float* weights, int n, int levels, bool any_offset) {
  float least = x[0];
  float most = x[0];
  for (int i = 1; i < n; ++i) {
    least = x[i] < least ? x[i] : least;
    most = x[i] > most ? x[i] : most;
  }
  if (!any_offset && least > 0) least = 0;
  if (!(most > least)) return {0, least};
  AffineFit best;
  double best_error = -1;
  for (int step = -kSteps; step <= kSteps; ++step) {
    const float inverse =
        (static_cast<float>(levels) + kStep * static_cast<float>(step)) / (most - least);
    Sums sums;
    for (int i = 0; i < n; ++i) {
      sums.add(weights[i], x[i], nearest_integer((x[i] - least) * inverse, 0, levels));
    }
    const AffineFit fit = least_squares(sums, any_offset);
    const double error =
        sums.error(static_cast<double>(fit.scale), static_cast<double>(fit.offset));
    if (best_error < 0 || error < best_error) {
      best_error = error;
      best = fit;
    }
  }
  return best;
}

}  // namespace assay::quant
