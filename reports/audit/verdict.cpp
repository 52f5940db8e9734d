#include "reports/audit/verdict.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/statistics.h"

namespace assay {
namespace {

using nlohmann::json;

/// A number without a definition still has an interval where its size is known.
Verdict undefined(const Claim& claim) {
  Verdict out;
  out.verdict = kUndefined;
  out.why = claim.undefined;
  const bool is_share = claim.value.is_number() && claim.number() <= 1 && claim.problems > 0;
  if (is_share) {
    const Interval interval =
        wilson_interval_of_rate(claim.number(), static_cast<double>(claim.problems));
    json row =
        bound_row(fmt::format("{} problems", claim.problems), claim.number(), "share", nullptr,
                  fmt::format("{:.1f} of {}: 95 % interval {:.0f} to {:.0f} % (Wilson)",
                              claim.number() * static_cast<double>(claim.problems), claim.problems,
                              interval.low * 100, interval.high * 100),
                  "the claim's own number of problems");
    row["ci95"] = {interval.low, interval.high};
    out.bounds.push_back(std::move(row));
    out.why += fmt::format(" ({:.0f} to {:.0f} %)", interval.low * 100, interval.high * 100);
  }
  return out;
}

}  // namespace

json bound_row(const std::string& name, const json& value, std::string_view unit,
               const json& allows, const std::string& arithmetic, const std::string& source) {
  return {{"name", name},     {"value", value},           {"unit", unit},    {"ci95", nullptr},
          {"allows", allows}, {"arithmetic", arithmetic}, {"source", source}};
}

std::vector<WeightSizes> rows_for(const Claim& claim, const ModelShape& shape,
                                  const AuditContext& context) {
  std::vector<WeightSizes> out;
  for (WeightSizes& row : precisions_of(shape, context.sizes_of)) {
    if (precision_matches(claim.precision, row)) out.push_back(std::move(row));
  }
  return out;
}

std::string impossible_precisions(const std::vector<WeightSizes>& rows,
                                  const std::vector<bool>& allows) {
  // A class is excluded where even its bare bits are; below it, formats by name.
  int fewest = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const bool is_floor = !rows[i].is_real || rows[i].nominal_bits == 16;
    if (is_floor && !allows[i] && (fewest == 0 || rows[i].nominal_bits < fewest)) {
      fewest = rows[i].nominal_bits;
    }
  }
  std::string names;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const bool covered = fewest > 0 && rows[i].nominal_bits >= fewest;
    if (allows[i] || covered || !rows[i].is_real) continue;
    names += (names.empty() ? "" : ", ") + rows[i].name;
  }
  if (fewest == 0) return "in " + names;
  return fmt::format("at {} bits and more{}", fewest,
                     names.empty() ? "" : " (and in " + names + ")");
}

Verdict judge_claim(const Claim& claim, const AuditContext& context) {
  if (!claim.undefined.empty()) return undefined(claim);
  const std::string& metric = claim.metric;
  if (metric == "score") return judge_score(claim);
  if (metric == "decode_tokens_per_s" || metric == "request_seconds") {
    return judge_speed(claim, context);
  }
  if (metric == "prefill_tokens_per_s") return judge_prefill(claim, context);
  if (metric == "file_bytes" || metric == "read_bytes_per_token") {
    return judge_bytes(claim, context);
  }
  if (metric == "peak_memory_bytes" || metric == "memory_suffices_bytes") {
    return judge_memory(claim, context);
  }
  if (metric == "parameters" || metric == "weights_read_per_token") {
    return judge_count(claim, context);
  }
  if (metric == "chain_retention" || metric == "comparison") {
    Verdict out;
    out.verdict = kUndefined;
    out.why = metric == "comparison" ? "what would make them equal is not said"
                                     : "no definition of retention is given";
    return out;
  }
  return judge_evidence(claim);
}

}  // namespace assay
