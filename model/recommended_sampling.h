// The sampling that a model file recommends.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/completer.h"
#include "core/error.h"

namespace assay {

/// What a file states, each part optional.
struct StatedSampling {
  std::optional<double> temperature;
  std::optional<double> top_p;
  std::optional<double> min_p;
  std::optional<std::int64_t> top_k;  ///< not negative
};

/// Nothing if nothing is stated; a part that is not stated does not filter (temperature 1). Fails
/// on numbers out of range.
Result<std::optional<Sampling>> recommended_sampling(const StatedSampling& stated,
                                                     std::string_view file);

}  // namespace assay
