// Published numbers as data: who says what of which model, under which conditions.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "reports/audit/device.h"
#include "reports/audit/shape.h"

namespace assay {

/// What someone else found for the same thing.
struct Evidence {
  nlohmann::json value;       ///< a number or a text
  std::int64_t problems = 0;  ///< 0: unknown
  std::int64_t samples = 0;   ///< per problem; 0: unknown
  std::string conditions;
  std::string source;
  nlohmann::json settings = nlohmann::json::object();  ///< settings.h
  bool verified = true;                                ///< false: it is shown and decides nothing
};

struct Claim {
  std::string id;
  std::string claim;  ///< in words
  std::string reading;
  std::string model;
  std::string device;
  std::string precision;
  std::string task;
  std::string metric;         ///< one of known_metrics()
  nlohmann::json value;       ///< a number, or a text for licence, feature, comparison
  nlohmann::json conditions;  ///< "unstated", a text, or an object: as it was given
  nlohmann::json settings = nlohmann::json::object();  ///< those that can be compared: settings.h
  std::string source;
  std::string undefined;  ///< why the number has no meaning; empty: it has
  std::string note;
  std::string statistic;             ///< of a score: "pass@1", "cons@k"
  std::optional<double> resolution;  ///< the difference that would matter
  std::int64_t problems = 0;
  std::int64_t samples = 0;
  std::int64_t prompt_tokens = 0;
  std::int64_t output_tokens = 0;
  std::int64_t context = 0;
  std::int64_t batch = 1;
  std::vector<Evidence> evidence;

  double number() const { return value.is_number() ? value.get<double>() : 0; }
  bool conditions_stated() const { return conditions != "unstated"; }
};

struct ClaimsFile {
  std::string title;
  std::vector<Claim> claims;
  std::vector<ModelShape> shapes;      ///< the file's own, then those compiled in
  std::vector<DeviceProfile> devices;  ///< likewise
  std::vector<std::string> notes;      ///< members that were ignored
};

/// Names and meanings of the metrics, for errors and help.
struct MetricWords {
  std::string_view name;
  std::string_view unit;
  std::string_view text;
};
const std::vector<MetricWords>& known_metrics();

/// Reads a claims file (docs/formats.md, "Claims"). Error{environment} on one line: not JSON, no
/// claims, an unknown metric, a value out of range.
Result<ClaimsFile> parse_claims(std::string_view text, const std::string& name);
/// The same from a path, or from the name of one that is compiled in.
Result<ClaimsFile> load_claims(const std::string& name_or_path);

}  // namespace assay
