// The comparison as CSV, one value a line.
#include <fmt/core.h>

#include "core/json_access.h"
#include "core/text.h"
#include "reports/compare/compare.h"
#include "reports/compare/values.h"

namespace assay {
namespace {

using nlohmann::json;

struct CsvValue {
  std::string name;
  json value;  ///< a number, a rate, or something that has no line
};

/// One line for a number or a rate; a 2x2 table is its counts, difference and p value.
std::vector<CsvValue> csv_values(const ComparedValue& value, const json& of_run) {
  if (json_member(of_run, "both").is_null()) return {{value.name, of_run}};
  std::vector<CsvValue> out;
  for (const char* part : {"both", "a_only", "b_only", "neither", "difference", "p_value"}) {
    out.push_back({value.name + "_" + part, json_member(of_run, part)});
  }
  return out;
}

/// RFC 4180, and no cell that a spreadsheet would run: text that starts like a formula gets an
/// apostrophe in front.
std::string csv_cell(std::string_view text) {
  std::string out = sanitize_for_terminal(text);
  const bool formula =
      !out.empty() && std::string_view("=+-@\t\r\n").find(out[0]) != std::string_view::npos;
  if (formula) out.insert(out.begin(), '\'');
  if (out.find_first_of(",\"\n\r") == std::string::npos) return out;
  std::string quoted = "\"";
  for (const char c : out) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

std::string csv_number(const json& value) {
  return value.is_number() ? value.dump() : std::string();
}

}  // namespace

std::string comparison_csv(const json& comparison) {
  const json& runs = json_list(comparison, "runs");
  std::string out = "run,section,task,name,value,ci95_low,ci95_high\n";
  for (const ComparedValue& value : compared_values(comparison)) {
    for (std::size_t i = 0; i < value.runs.size(); ++i) {
      for (const auto& [name, of_run] : csv_values(value, value.runs[i])) {
        const json& number = of_run.is_object() ? json_member(of_run, "value") : of_run;
        if (!number.is_number()) continue;
        const json& interval = json_list(of_run, "ci95");
        const bool bounded = interval.size() == 2;
        out += fmt::format("{},{},{},{},{},{},{}\n", csv_cell(json_text(runs[i], "label")),
                           value.section, csv_cell(value.task), csv_cell(name), csv_number(number),
                           bounded ? csv_number(interval[0]) : "",
                           bounded ? csv_number(interval[1]) : "");
      }
    }
  }
  return out;
}

}  // namespace assay
