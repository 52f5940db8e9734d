#include "harness/divergence.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "core/error.h"

namespace assay {
namespace {

double sum_of_exponentials(std::span<const float> logits, double max, double temperature) {
  double sum = 0;
  for (const float logit : logits) sum += std::exp((logit - max) / temperature);
  return sum;
}

double largest(std::span<const float> logits) {
  return *std::max_element(logits.begin(), logits.end());
}

}  // namespace

// KL = E_p[log p - log q] = E_p[(a - b) / T] - (log Z_a - log Z_b) for logits a and b: one
// exponential for each of them.
double kl_divergence(std::span<const float> of, std::span<const float> from, double temperature) {
  ASSAY_ASSERT(of.size() == from.size() && !of.empty() && temperature > 0);
  const double max_of = largest(of);
  const double max_from = largest(from);
  double sum = 0;
  double weighted = 0;
  for (std::size_t i = 0; i < of.size(); ++i) {
    const double weight = std::exp((of[i] - max_of) / temperature);
    sum += weight;
    weighted += weight * ((static_cast<double>(of[i]) - from[i]) / temperature);
  }
  const double log_z_of = max_of / temperature + std::log(sum);
  const double log_z_from =
      max_from / temperature + std::log(sum_of_exponentials(from, max_from, temperature));
  return std::max(0.0, weighted / sum - (log_z_of - log_z_from));
}

}  // namespace assay
