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

std::string in_gib(double bytes) {
  return fmt::format("{:.2f} GiB", bytes / (1024.0 * 1024 * 1024));
}

/// Formats that exist and what each of them takes.
struct Sizes {
  double low = HUGE_VAL;
  double high = 0;
  std::string all;
  std::string within;  ///< names of those within the claim's resolution
};

bool take(const Claim& claim, const std::string& name, double bytes, Sizes* out) {
  out->low = std::min(out->low, bytes);
  out->high = std::max(out->high, bytes);
  out->all += fmt::format("{}{} {}", out->all.empty() ? "" : ", ", name, show_decimal_gb(bytes));
  const bool near = std::fabs(bytes - claim.number()) <= resolution_of(claim);
  if (near) out->within += (out->within.empty() ? "" : ", ") + name;
  return near;
}

}  // namespace

Verdict judge_bytes(const Claim& claim, const AuditContext& context) {
  const ModelShape* shape = find_shape(context.file->shapes, claim.model);
  if (shape == nullptr) return no_shape(claim);
  const bool is_file = claim.metric == "file_bytes";
  const std::int64_t weights = is_file ? shape->parameters() : shape->weights_read();
  Verdict out;
  Sizes sizes;
  for (const WeightSizes& row : rows_for(claim, *shape, context)) {
    const auto bytes = static_cast<double>(is_file ? row.weights_bytes : row.read_bytes);
    const std::string arithmetic =
        fmt::format("{} weights x {:.4g} bits / 8 = {}", show_count(weights),
                    bytes * 8 / static_cast<double>(weights), show_decimal_gb(bytes));
    // Bare bits are a floor, not a file that exists.
    const json allows = row.is_real ? json(take(claim, row.name, bytes, &sizes))
                                    : json(claim.number() + resolution_of(claim) >= bytes);
    out.bounds.push_back(bound_row(row.name, bytes, "bytes", allows, arithmetic, shape->source));
  }
  for (const Evidence& it : claim.evidence) {
    if (!it.value.is_number()) continue;
    const double bytes = it.value.get<double>();
    const json allows =
        it.verified ? json(take(claim, it.conditions + " as listed", bytes, &sizes)) : json();
    out.bounds.push_back(bound_row(it.conditions, bytes, "bytes", allows,
                                   fmt::format("{} by {}; the claim is {}", show_decimal_gb(bytes),
                                               it.source, show_decimal_gb(claim.number())),
                                   it.source));
  }
  if (sizes.high == 0) {
    out.why = "no format of that precision is known";
    return out;
  }
  out.why = fmt::format("{}; the claimed {} are {:.2f} bits for each of {} weights", sizes.all,
                        show_decimal_gb(claim.number()),
                        claim.number() * 8 / static_cast<double>(weights), show_count(weights));
  if (sizes.within.empty()) {
    out.verdict = kContradicted;
    out.scope =
        fmt::format("it takes {}, and no format lies within {} of the claim",
                    sizes_in_words(sizes.low, sizes.high), show_decimal_gb(resolution_of(claim)));
  } else if (sizes.low == sizes.high) {
    out.verdict = kSupported;
  } else {
    out.verdict = kConditional;
    out.scope = "in " + sizes.within;
  }
  return out;
}

namespace {

/// Of bare bits, and of a peak that was measured, it is a floor: an embedding table that is read by
/// the row need not be there whole.
json need_row(const Claim& claim, const ModelShape& shape, const WeightSizes& row,
              const MemoryNeed& need) {
  const auto gb = [](std::int64_t bytes) { return show_decimal_gb(static_cast<double>(bytes)); };
  const std::string scratch =
      need.scratch > 0 ? fmt::format(" + {} of scratch", gb(need.scratch)) : "";
  const auto total = static_cast<double>(need.total());
  return bound_row(
      row.name, total, "bytes", claim.number() >= total,
      fmt::format("{} of weights{} + {} tokens x {} bytes of keys and values{} = {} ({}); the "
                  "claim is {}",
                  gb(need.weights), need.weights < row.weights_bytes ? " read a token" : "",
                  show_count(std::max<std::int64_t>(claim.context, 1)),
                  show_count(shape.kv_bytes_per_token()), scratch, show_decimal_gb(total),
                  in_gib(total), in_gib(claim.number())),
      shape.source);
}

/// "in F16 (3.42 GiB), Q8_0 (1.87 GiB)" of the real formats that fit.
std::string formats_that_fit(const std::vector<WeightSizes>& rows, const std::vector<bool>& allows,
                             const json& bounds) {
  std::string out;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!rows[i].is_real || !allows[i]) continue;
    out += fmt::format("{}{} ({})", out.empty() ? "in " : ", ", rows[i].name,
                       in_gib(bounds[i]["value"].get<double>()));
  }
  return out;
}

/// What is enough can be projected, and only a measurement shows it.
void decide_suffices(const Claim& claim, const std::vector<WeightSizes>& rows,
                     const std::vector<bool>& allows, bool with_scratch, Verdict* out) {
  const std::string fits = formats_that_fit(rows, allows, out->bounds);
  const std::string where = fmt::format("by projection, for {} tokens of context",
                                        show_count(std::max<std::int64_t>(claim.context, 1)));
  out->why += fmt::format(
      "; the claim is {}; the runtime's own memory and what else uses the device come on top",
      in_gib(claim.number()));
  if (fits.empty() || !with_scratch) return;
  const bool all = std::find(allows.begin(), allows.end(), false) == allows.end();
  out->verdict = kConditional;
  out->scope = fmt::format("{}: {}{}", where, fits,
                           all ? "" : "; not " + impossible_precisions(rows, allows));
}

}  // namespace

Verdict judge_memory(const Claim& claim, const AuditContext& context) {
  const ModelShape* shape = find_shape(context.file->shapes, claim.model);
  if (shape == nullptr) return no_shape(claim);
  const bool suffices = claim.metric == "memory_suffices_bytes";
  const std::int64_t tokens = std::max<std::int64_t>(claim.context, 1);
  const bool with_scratch = suffices && context.scratch_of != nullptr;
  Verdict out;
  const std::vector<WeightSizes> rows = rows_for(claim, *shape, context);
  if (rows.empty()) {
    out.why = "no format of that precision is known";
    return out;
  }
  const std::int64_t scratch = with_scratch ? context.scratch_of(*shape, tokens) : 0;
  std::vector<bool> allows;
  for (const WeightSizes& row : rows) {
    const MemoryNeed need = {suffices ? row.weights_bytes : row.read_bytes,
                             tokens * shape->kv_bytes_per_token(), row.is_real ? scratch : 0};
    out.bounds.push_back(need_row(claim, *shape, row, need));
    allows.push_back(out.bounds.back()["allows"].get<bool>());
  }
  const auto n_allowed = std::count(allows.begin(), allows.end(), true);
  out.why = fmt::format(
      "{} of {} tokens take {}{}",
      suffices ? "weights, keys and values" : "the weights that are read and the context",
      show_count(tokens),
      sizes_in_words(out.bounds.back()["value"].get<double>(),
                     out.bounds.front()["value"].get<double>()),
      with_scratch ? " with scratch" : ", scratch and the runtime apart");
  if (n_allowed == 0) {
    out.verdict = kImpossible;
    out.scope = claim.precision.empty() ? "at every precision" : "at " + claim.precision;
    return out;
  }
  if (suffices) decide_suffices(claim, rows, allows, with_scratch, &out);
  if (out.verdict != kNotTested) return out;
  if (n_allowed < static_cast<std::ptrdiff_t>(rows.size())) {
    out.scope = "excluded " + impossible_precisions(rows, allows);
  }
  out.why += "; the claim is above that floor, and only a measurement can tell";
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
