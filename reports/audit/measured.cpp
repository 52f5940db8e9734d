#include "reports/audit/measured.h"

#include <fmt/format.h>

#include <cmath>
#include <functional>

#include "core/json_access.h"
#include "reports/audit/measurement.h"

namespace assay {
namespace {

using nlohmann::json;
using Measurements = std::vector<ReportMeasurement>;

double room_of(const Claim& claim) {
  const bool is_count = claim.metric == "parameters" || claim.metric == "file_bytes";
  return claim.resolution.value_or((is_count ? 0.025 : 0.05) * claim.number());
}

/// Whether the claim is true of what was measured.
bool holds(const Claim& claim, const ReportMeasurement& it) {
  const double claimed = claim.number();
  if (claim.metric == "score") return claimed >= it.low && claimed <= it.high;
  const double room = room_of(claim);
  if (claim.metric.ends_with("tokens_per_s")) return it.high + room >= claimed;
  if (claim.metric == "request_seconds" || claim.metric == "peak_memory_bytes") {
    return it.low - room <= claimed;
  }
  return std::fabs(it.value - claimed) <= room;
}

bool supports(const Claim& claim, const ReportMeasurement& it) {
  return it.why_not.empty() && it.why_not_for.empty() && holds(claim, it);
}

/// A speed that was timed once has no interval: it contradicts nothing.
std::string why_not_against(const Claim& claim, const ReportMeasurement& it) {
  if (!it.why_not_against.empty()) return it.why_not_against;
  const bool is_speed = claim.metric.ends_with("tokens_per_s") || claim.metric == "request_seconds";
  return is_speed && !it.has_interval ? "timed once, so it has no range" : "";
}

bool contradicts(const Claim& claim, const ReportMeasurement& it) {
  return it.why_not.empty() && !holds(claim, it) && why_not_against(claim, it).empty();
}

/// Why it leaves the verdict alone; empty: it does not.
std::string why_it_is_silent(const Claim& claim, const ReportMeasurement& it) {
  if (supports(claim, it) || contradicts(claim, it)) return {};
  if (!it.why_not.empty()) return it.why_not;
  return holds(claim, it) ? it.why_not_for : why_not_against(claim, it);
}

/// Those for which `is_it` holds, put into words once each.
template <class Is, class Say>
std::string listed(const Measurements& all, const Is& is_it, const Say& say,
                   const char* separator = "; or ") {
  std::string out;
  for (const ReportMeasurement& it : all) {
    if (!is_it(it)) continue;
    const std::string words = say(it);
    if (out.find(words) == std::string::npos) out += (out.empty() ? "" : separator) + words;
  }
  return out;
}

std::string precision_and_conditions(const ReportMeasurement& it) {
  return fmt::format("{} ({})", it.conditions, it.weight_type);
}

/// The bound of the row that a measurement belongs to; null: it has none.
json* row_of(const ReportMeasurement& it, json* bounds) {
  for (json& row : *bounds) {
    if (!row.contains("bits_per_weight")) continue;
    const std::string name = json_text(row, "name");
    if (name == it.weight_type || (name == "F16" && it.weight_type == "BF16")) return &row;
  }
  return nullptr;
}

/// Decode measured on the claim's device stands in the row of its precision. Above that row's bound
/// it is doubtful, and decides nothing.
void place_in_rows(const Claim& claim, Measurements* all, Verdict* verdict) {
  for (ReportMeasurement& it : *all) {
    if (it.shown["same_device"] != true) continue;
    json* row = row_of(it, &verdict->bounds);
    if (row == nullptr || it.value <= 0) continue;
    const bool is_request = claim.metric == "request_seconds";
    const double rate = is_request ? static_cast<double>(claim.output_tokens) / it.value : it.value;
    if (is_request || claim.metric == "decode_tokens_per_s") (*row)["measured"] = rate;
    const double bound = (*row)["value"].get<double>();
    if (rate <= bound) continue;
    it.flag = fmt::format(
        "above the bound of its own row, {:.1f} tokens/s: the data sheet is not of that device, or "
        "the measurement is wrong",
        bound);
    if (it.why_not.empty()) it.why_not = it.flag;
  }
}

struct Sides {
  std::string for_it;   ///< conditions under which the claim holds
  std::string against;  ///< values and conditions under which it does not
};

Sides sides_of(const Claim& claim, const Measurements& all) {
  return {listed(
              all, [&](const auto& it) { return supports(claim, it); },
              [](const auto& it) { return precision_and_conditions(it); }),
          listed(
              all, [&](const auto& it) { return contradicts(claim, it); },
              [&](const auto& it) {
                return fmt::format("{}: {}", measured_value(claim, it),
                                   precision_and_conditions(it));
              },
              "; ")};
}

std::string joined(std::string left, const std::string& right, const char* separator) {
  if (!left.empty() && !right.empty()) left += separator;
  return left + right;
}

/// Evidence and measurements together: whatever holds the claim supports it under its conditions.
void decide(const Claim& claim, const Measurements& all, Verdict* verdict) {
  const Sides sides = sides_of(claim, all);
  const bool had_support = verdict->verdict == kSupported || verdict->verdict == kConditional;
  if (!sides.for_it.empty()) {
    if (verdict->verdict == kSupported && sides.against.empty()) return;
    verdict->scope = joined(had_support ? verdict->agreeing : "", sides.for_it, "; or ");
    if (!sides.against.empty()) verdict->scope += "; not under " + sides.against;
    if (verdict->verdict == kContradicted) {
      verdict->why += "; a measurement agrees under its own conditions";
    }
    verdict->verdict = kConditional;
  } else if (!sides.against.empty() && had_support) {
    verdict->verdict = kConditional;
    verdict->scope = joined(verdict->agreeing.empty() ? verdict->scope : verdict->agreeing,
                            "not under " + sides.against, "; ");
  } else if (!sides.against.empty()) {
    const bool was_contradicted = verdict->verdict == kContradicted;
    verdict->verdict = kContradicted;
    verdict->scope =
        joined(was_contradicted ? verdict->scope : "", "measured " + sides.against, "; ");
  }
}

/// A claim that is impossible in some precisions may hold in others: "supported in Q8_0 (measured
/// 205)".
void decide_by_row(const Claim& claim, const Measurements& all, Verdict* verdict) {
  const auto in_row = [&](const ReportMeasurement& it) {
    return fmt::format("in {} (measured {})", it.weight_type, measured_value(claim, it));
  };
  const std::string for_it = listed(
      all, [&](const auto& it) { return supports(claim, it); }, in_row, ", ");
  const std::string against = listed(
      all, [&](const auto& it) { return contradicts(claim, it); }, in_row, ", ");
  if (!for_it.empty()) verdict->scope += "; supported " + for_it;
  if (!against.empty()) verdict->scope += "; contradicted " + against;
}

void add_words(const Claim& claim, const Measurements& all, Verdict* verdict) {
  for (const ReportMeasurement& it : all) {
    verdict->why += ". Measured: " + measured_in_words(claim, it);
    const std::string silent = why_it_is_silent(claim, it);
    if (!silent.empty()) verdict->why += ": " + silent + ": decides nothing";
    if (!it.flag.empty() && it.flag != silent) verdict->why += "; " + it.flag;
  }
}

/// The one that says most comes first: it supports, it contradicts, it is there.
void show(const Claim& claim, const Measurements& all, Verdict* verdict) {
  int best_rank = -1;
  for (const ReportMeasurement& it : all) {
    json shown = it.shown;
    const std::string silent =
        claim.undefined.empty() ? why_it_is_silent(claim, it) : "the claim has no definition";
    shown["decides"] = silent.empty();
    shown["holds"] = silent.empty() ? json(holds(claim, it)) : json();
    shown["why_not"] = silent.empty() ? json() : json(silent);
    shown["flag"] = it.flag.empty() ? json() : json(it.flag);
    const int rank = supports(claim, it) ? 2 : contradicts(claim, it) ? 1 : 0;
    if (rank > best_rank) verdict->measured = shown;
    best_rank = std::max(best_rank, rank);
    verdict->measurements.push_back(std::move(shown));
  }
}

}  // namespace

void add_measured(const Claim& claim, const AuditContext& context,
                  std::span<const NamedReport> reports, Verdict* verdict) {
  Measurements all = measurements_of(claim, context, reports);
  if (all.empty()) {
    if (!verdict->asks_for_report) return;
    verdict->why += reports.empty() ? ", and no report was given"
                                    : ", and none of the reports given measures it";
    return;
  }
  place_in_rows(claim, &all, verdict);
  if (claim.undefined.empty()) {
    if (verdict->verdict == kImpossible) {
      decide_by_row(claim, all, verdict);
    } else if (claim.metric == "score" || verdict->verdict == kNotTested) {
      decide(claim, all, verdict);
    }
  }
  add_words(claim, all, verdict);
  show(claim, all, verdict);
}

}  // namespace assay
