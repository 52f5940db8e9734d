// Which samplings can be drawn: one rule for options, model files and requests.
#pragma once

#include <fmt/core.h>

#include <string>
#include <tl/expected.hpp>

#include "core/completer.h"
#include "core/numerics/sampler.h"

namespace assay {

/// The least top-p there is: it keeps the best token alone.
inline constexpr double kMinTopP = 1e-9;
inline constexpr double kMaxTemperature = 100;

/// A value that no draw can be made with.
struct SamplingFault {
  std::string field;    ///< "top_p"
  std::string problem;  ///< "is nan, expected 0 to 1"
};

/// As the sampler takes it. A temperature below the sampler's least is greedy; a top-p below its
/// least keeps the best token, which is what those who send 0 mean. NaN is outside of every range.
inline tl::expected<Sampling, SamplingFault> checked_sampling(Sampling sampling) {
  const struct {
    const char* name;
    double value;
    double largest;
  } ranges[] = {{"temperature", sampling.temperature, kMaxTemperature},
                {"top_p", sampling.top_p, 1},
                {"min_p", sampling.min_p, 1}};
  for (const auto& [name, value, largest] : ranges) {
    if (value >= 0 && value <= largest) continue;
    return tl::unexpected(
        SamplingFault{name, fmt::format("is {:g}, expected 0 to {:g}", value, largest)});
  }
  if (sampling.top_k < 0) {
    return tl::unexpected(
        SamplingFault{"top_k", fmt::format("is {}, expected 0 or more", sampling.top_k)});
  }
  if (sampling.temperature < numerics::kMinTemperature) sampling.temperature = 0;
  if (sampling.top_p < kMinTopP) sampling.top_p = kMinTopP;
  return sampling;
}

}  // namespace assay
