// One verdict on one claim, with the arithmetic that led to it.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "reports/audit/claims.h"

namespace assay {

inline constexpr std::string_view kSupported = "supported";
inline constexpr std::string_view kConditional = "supported under named conditions";
inline constexpr std::string_view kContradicted = "contradicted";
inline constexpr std::string_view kImpossible = "impossible";
inline constexpr std::string_view kUndefined = "undefined";
inline constexpr std::string_view kNotTested = "not tested";

struct Verdict {
  std::string verdict{kNotTested};
  std::string scope;  ///< for which precisions, under which conditions; may be empty
  std::string why;
  nlohmann::json bounds = nlohmann::json::array();
  /// Conditions of the evidence that agrees; stays known where `scope` has no need of it.
  std::string agreeing;
  /// Nobody else's number decides: a report could.
  bool asks_for_report = false;
  nlohmann::json measured;  ///< null, or the value of a given report beside the claim
  nlohmann::json measurements = nlohmann::json::array();  ///< of every report that has one
};

/// What a verdict may draw on beside the claim itself.
struct AuditContext {
  const ClaimsFile* file = nullptr;
  SizesOf sizes_of;
  ScratchOf scratch_of;
};

/// From shapes, device profiles and the claim's own evidence; reports come later (measured.h).
Verdict judge_claim(const Claim& claim, const AuditContext& context);

// The parts, by kind of metric.
Verdict judge_speed(const Claim& claim, const AuditContext& context);
Verdict judge_prefill(const Claim& claim, const AuditContext& context);
Verdict judge_bytes(const Claim& claim, const AuditContext& context);
Verdict judge_memory(const Claim& claim, const AuditContext& context);
Verdict judge_count(const Claim& claim, const AuditContext& context);
Verdict judge_score(const Claim& claim);
Verdict judge_evidence(const Claim& claim);

/// A row of `bounds`: every row has the same members.
nlohmann::json bound_row(const std::string& name, const nlohmann::json& value,
                         std::string_view unit, const nlohmann::json& allows,
                         const std::string& arithmetic, const std::string& source);

/// Rows of the claim's precision, the largest first.
std::vector<WeightSizes> rows_for(const Claim& claim, const ModelShape& shape,
                                  const AuditContext& context);
/// "at 3 bits and more (and in Q2_K)" of the rows that are impossible.
std::string impossible_precisions(const std::vector<WeightSizes>& rows,
                                  const std::vector<bool>& allows);

}  // namespace assay
