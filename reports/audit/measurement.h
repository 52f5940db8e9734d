// What one report measured of what a claim is about, and whether it may decide.
#pragma once

#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "reports/audit/verdict.h"
#include "reports/common/load_report.h"

namespace assay {

struct ReportMeasurement {
  nlohmann::json shown;  ///< as in the audit's `measurements[]`
  double value = 0;
  double low = 0;  ///< interval of a score, range of a speed's runs; else the value itself
  double high = 0;
  bool has_interval = false;
  std::string weight_type;
  std::string conditions;
  std::string flag;             ///< what makes it doubtful; empty: nothing does
  std::string why_not;          ///< why it decides nothing; empty: it does
  std::string why_not_for;      ///< why it may not support the claim
  std::string why_not_against;  ///< why it may not contradict it
};

/// Of every report of the claim's model that has its metric, in their order.
std::vector<ReportMeasurement> measurements_of(const Claim& claim, const AuditContext& context,
                                               std::span<const NamedReport> reports);

/// "50.0 %", "2.9 GB", "205".
std::string measured_number(const Claim& claim, double value);
/// "50.0 % (42.4 % to 57.6 %)"
std::string measured_value(const Claim& claim, const ReportMeasurement& it);
/// The same with its device, weights and conditions.
std::string measured_in_words(const Claim& claim, const ReportMeasurement& it);

}  // namespace assay
