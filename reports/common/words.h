// What the names in a report mean, in words: one place for every page.
#pragma once

#include <span>
#include <string_view>

namespace assay {

struct Words {
  std::string_view name;   ///< as in report.json
  std::string_view label;  ///< short, for a table
  std::string_view text;   ///< one sentence
};

/// In the order of kOutcomes.
std::span<const Words> outcome_words();
/// C1 to C10.
std::span<const Words> component_words();
/// Settings by their path ("device.threads"); those of any task as "task.protocol".
std::span<const Words> setting_words();
/// Terms that pages use: TTFT, pass@1, exact, ...
std::span<const Words> glossary_words();

}  // namespace assay
