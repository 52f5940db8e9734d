#include "harness/divergence.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "core/error.h"

namespace assay {
namespace {

double log_sum_exp(std::span<const float> logits, double temperature) {
  const double max = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (const float logit : logits) sum += std::exp((logit - max) / temperature);
  return max / temperature + std::log(sum);
}

}  // namespace

double kl_divergence(std::span<const float> of, std::span<const float> from, double temperature) {
  ASSAY_ASSERT(of.size() == from.size() && !of.empty() && temperature > 0);
  const double log_z_of = log_sum_exp(of, temperature);
  const double log_z_from = log_sum_exp(from, temperature);
  double sum = 0;
  for (std::size_t i = 0; i < of.size(); ++i) {
    const double log_p = of[i] / temperature - log_z_of;
    const double log_q = from[i] / temperature - log_z_from;
    sum += std::exp(log_p) * (log_p - log_q);
  }
  return std::max(0.0, sum);
}

}  // namespace assay
