// Sizes against the model's own shape.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "reports/audit/verdict.h"
#include "reports/common/show.h"

namespace assay {
namespace {

using nlohmann::json;

Verdict no_shape(const Claim& claim) {
  Verdict out;
  out.why = fmt::format(
      "no shape of '{}' is known, so its bytes cannot be counted (the claims file may give one in "
      "models[])",
      claim.model);
  return out;
}

/// The difference that would matter: as claimed, else 2.5 %.
double resolution_of(const Claim& claim) {
  return claim.resolution.value_or(0.025 * claim.number());
}

std::string sizes_in_words(double low, double high) {
  return low == high ? show_decimal_gb(low)
                     : fmt::format("{} to {}", show_decimal_gb(low), show_decimal_gb(high));
}

}  // namespace

Verdict judge_bytes(const Claim& claim, const AuditContext& context) {
  const ModelShape* shape = find_shape(context.file->shapes, claim.model);
  if (shape == nullptr) return no_shape(claim);
  const bool is_file = claim.metric == "file_bytes";
  Verdict out;
  double low = HUGE_VAL;
  double high = 0;
  std::string within;
  const double room = resolution_of(claim);
  const auto take = [&](const std::string& name, double bytes) {
    low = std::min(low, bytes);
    high = std::max(high, bytes);
    const bool near = std::fabs(bytes - claim.number()) <= room;
    if (near) within += (within.empty() ? "" : ", ") + name;
    return near;
  };
  for (const WeightSizes& row : rows_for(claim, *shape, context)) {
    const auto bytes = static_cast<double>(is_file ? row.weights_bytes : row.read_bytes);
    const std::int64_t weights = is_file ? shape->parameters() : shape->weights_read();
    const std::string arithmetic =
        fmt::format("{} weights x {:.4g} bits / 8 = {}", show_count(weights),
                    bytes * 8 / static_cast<double>(weights), show_decimal_gb(bytes));
    // Bare bits are a floor, not a file that exists.
    json allows = row.is_real ? json(take(row.name, bytes)) : json(claim.number() + room >= bytes);
    out.bounds.push_back(bound_row(row.name, bytes, "bytes", allows, arithmetic, shape->source));
  }
  for (const Evidence& it : claim.evidence) {
    if (!it.value.is_number()) continue;
    const double bytes = it.value.get<double>();
    const json allows = it.verified ? json(take(it.conditions, bytes)) : json();
    out.bounds.push_back(bound_row(it.conditions, bytes, "bytes", allows, "as listed", it.source));
  }
  if (high == 0) {
    out.why = "no format of that precision is known";
    return out;
  }
  const double bits = claim.number() * 8 /
                      static_cast<double>(is_file ? shape->parameters() : shape->weights_read());
  out.why = fmt::format("{}; the claimed {} are {:.2f} bits for each of {} weights",
                        sizes_in_words(low, high), show_decimal_gb(claim.number()), bits,
                        show_count(is_file ? shape->parameters() : shape->weights_read()));
  if (!within.empty() && low == high) {
    out.verdict = kSupported;
  } else if (!within.empty() || (claim.number() > low && claim.number() < high)) {
    out.verdict = kConditional;
    out.scope = within.empty() ? "a format between those" : "in " + within;
  } else {
    out.verdict = kContradicted;
    out.scope = fmt::format("it takes {}", sizes_in_words(low, high));
  }
  return out;
}

Verdict judge_memory(const Claim& claim, const AuditContext& context) {
  const ModelShape* shape = find_shape(context.file->shapes, claim.model);
  if (shape == nullptr) return no_shape(claim);
  const bool suffices = claim.metric == "memory_suffices_bytes";
  const std::int64_t context_tokens = claim.context > 0 ? claim.context : 1;
  const std::int64_t kv = context_tokens * shape->kv_bytes_per_token();
  Verdict out;
  const std::vector<WeightSizes> rows = rows_for(claim, *shape, context);
  std::vector<bool> allows;
  for (const WeightSizes& row : rows) {
    const std::int64_t need = row.weights_bytes + kv;
    allows.push_back(claim.number() >= static_cast<double>(need));
    out.bounds.push_back(
        bound_row(row.name, need, "bytes", allows.back(),
                  fmt::format("weights {} + {} tokens x {} bytes of keys and values = {}",
                              show_decimal_gb(static_cast<double>(row.weights_bytes)),
                              show_count(context_tokens), show_count(shape->kv_bytes_per_token()),
                              show_decimal_gb(static_cast<double>(need))),
                  shape->source));
  }
  if (rows.empty()) {
    out.why = "no format of that precision is known";
    return out;
  }
  const auto n_allowed = std::count(allows.begin(), allows.end(), true);
  const std::string floor =
      fmt::format("weights and {} tokens of context alone take {}, scratch and the runtime apart",
                  show_count(context_tokens),
                  sizes_in_words(out.bounds.back()["value"].get<double>(),
                                 out.bounds.front()["value"].get<double>()));
  out.why = floor;
  if (n_allowed == 0) {
    out.verdict = kImpossible;
    out.scope = claim.precision.empty() ? "at every precision" : "at " + claim.precision;
  } else if (suffices) {
    out.verdict = kConditional;
    out.scope = n_allowed == static_cast<std::ptrdiff_t>(rows.size())
                    ? fmt::format("for {} tokens of context", show_count(context_tokens))
                    : fmt::format("for {} tokens of context, not {}", show_count(context_tokens),
                                  impossible_precisions(rows, allows));
  } else if (n_allowed < static_cast<std::ptrdiff_t>(rows.size())) {
    out.verdict = kNotTested;
    out.scope = "excluded " + impossible_precisions(rows, allows);
  }
  if (out.verdict == kNotTested) {
    out.why += "; the claim is above that floor, and only a measurement can tell";
  }
  return out;
}

Verdict judge_count(const Claim& claim, const AuditContext& context) {
  const ModelShape* shape = find_shape(context.file->shapes, claim.model);
  if (shape == nullptr) return no_shape(claim);
  const bool all = claim.metric == "parameters";
  const std::int64_t count = all ? shape->parameters() : shape->weights_read();
  const double room = resolution_of(claim);
  const bool near = std::fabs(static_cast<double>(count) - claim.number()) <= room;
  Verdict out;
  out.verdict = near ? kSupported : kContradicted;
  out.bounds.push_back(bound_row(
      all ? "all weights" : "weights read", count, "weights", near,
      all ? shape->parameters_arithmetic() : shape->weights_read_arithmetic(), shape->source));
  out.why = fmt::format("{} weights; the claim allows {} to {}", show_count(count),
                        show_number(claim.number() - room), show_number(claim.number() + room));
  if (near && !claim.reading.empty()) {
    out.verdict = kConditional;
    out.scope = "counting " + claim.reading;
  }
  return out;
}

}  // namespace assay
