// The sampling that a model file recommends.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
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
/// on numbers out of range (core/checked_sampling.h).
Result<std::optional<Sampling>> recommended_sampling(const StatedSampling& stated,
                                                     std::string_view file);

/// Collects what a file recommends and assay does not do: "repetition_penalty 1.1, num_beams 4".
class UnservedSampling {
 public:
  /// A number beside the one that changes nothing.
  void number(std::string_view name, std::optional<double> value, double neutral);
  /// Anything that is stated at all, as the file writes it.
  void stated(std::string_view name, std::string_view value);
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

}  // namespace assay
