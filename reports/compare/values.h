// Everything that a comparison holds in single values: what tables in Markdown, CSV and on a
// terminal are made of.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace assay {

/// One value of each run.
struct ComparedValue {
  std::string section;  ///< "speed", "bench", "memory", "score", "chain", "outcome", ...
  std::string task;     ///< foreign text; empty for the run as a whole
  std::string name;     ///< as in CSV
  /// A number, {value, ci95}, a 2x2 table, or a text that says why not; one a run.
  std::vector<nlohmann::json> runs;
};

/// Everything that at least one run has, in the order of the page.
std::vector<ComparedValue> compared_values(const nlohmann::json& comparison);

/// "right (pass@1)", "arithmetic holds (C7)": what a person reads. Never foreign text.
std::string value_label(const ComparedValue& value);
/// One run's value, as a person reads it. Foreign names are on one line, but not escaped.
std::string value_shown(const ComparedValue& value, const nlohmann::json& of_run);
/// "Speed", "Chain, part by part"
std::string section_title(const std::string& section);

}  // namespace assay
