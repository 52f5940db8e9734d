// Bars as inline SVG. Every chart's numbers also stand in words or a table beside it.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace assay {

struct BarPart {
  double size = 0;
  std::string style;   ///< CSS class
  std::string label;   ///< for the tooltip and screen readers
  std::string inside;  ///< finished text inside the part where there is room
};

/// Parts side by side on a scale of 0 to `whole`.
std::string stacked_bar(const std::vector<BarPart>& parts, double whole);

/// A task's outcomes as shares of its finished samples, with a legend that counts them.
std::string outcome_bar(const nlohmann::json& outcomes);
std::string outcome_legend(const nlohmann::json& outcomes);

/// A bar from 0 to the rate on a scale of 0 to 1, with its interval as a line; empty when the rate
/// is unknown. `style`: further CSS classes.
std::string rate_bar(const nlohmann::json& rate, const std::string& style = {});

}  // namespace assay
