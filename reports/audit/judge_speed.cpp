// Speeds against what a device's memory and arithmetic can do.
#include <fmt/format.h>

#include <algorithm>

#include "reports/audit/verdict.h"
#include "reports/common/show.h"

namespace assay {
namespace {

using nlohmann::json;

constexpr const char* kStream = "single stream, without speculation";

std::string number(double value) {
  return value >= 999.5 ? fmt::format("{:.0f}", value) : fmt::format("{:.1f}", value);
}

std::string gigabytes(double bytes) {
  return fmt::format("{:.3f} GB", bytes / 1e9);
}

/// A sentence that another may follow.
std::string without_stop(std::string text) {
  if (text.ends_with('.')) text.pop_back();
  return text;
}

/// Bits a weight as they really come out.
double bits_of(const WeightSizes& row, const ModelShape& shape) {
  return static_cast<double>(row.read_bytes) * 8 / static_cast<double>(shape.weights_read());
}

Verdict without_bound(const std::string& why) {
  Verdict out;
  out.why = why;
  return out;
}

std::string not_known(const Claim& claim, const ModelShape* shape, const DeviceProfile* device) {
  if (shape == nullptr) {
    return fmt::format(
        "no shape of '{}' is known, so its bytes cannot be counted (the claims file "
        "may give one in models[])",
        claim.model);
  }
  if (device == nullptr && claim.device.empty()) return "no device is named";
  if (device == nullptr) {
    return fmt::format(
        "no profile of '{}' is known (assay list devices; the claims file may give "
        "one in devices[])",
        claim.device);
  }
  return {};
}

struct Decode {
  const Claim& claim;
  const ModelShape& shape;
  const DeviceProfile& device;
  double needed;  ///< tokens a second
  std::string why_needed;
};

void decide(const Decode& it, const std::vector<WeightSizes>& rows, const std::vector<bool>& allows,
            Verdict* out) {
  const auto n_allowed = std::count(allows.begin(), allows.end(), true);
  const double limit = it.device.bandwidth_gb_per_s * 1e9 * 8 *
                       static_cast<double>(it.claim.batch) /
                       (it.needed * static_cast<double>(it.shape.weights_read()));
  const std::string must_fit = fmt::format(
      "{}{} tokens/s leave {} of {}'s {:.4g} GB/s for a token: {} weights fit into that "
      "at {:.2f} bits and less",
      it.why_needed, number(it.needed),
      gigabytes(it.device.bandwidth_gb_per_s * 1e9 * static_cast<double>(it.claim.batch) /
                it.needed),
      it.device.title, it.device.bandwidth_gb_per_s, show_count(it.shape.weights_read()), limit);
  out->why = must_fit;
  if (n_allowed == static_cast<std::ptrdiff_t>(allows.size())) {
    out->verdict = kNotTested;
    out->why += "; the claim is below the bound, and only a measurement on that device can tell";
    return;
  }
  out->verdict = kImpossible;
  out->scope = n_allowed == 0 && !it.claim.precision.empty()
                   ? fmt::format("at {}, {}", it.claim.precision, kStream)
                   : fmt::format("{}, {}", impossible_precisions(rows, allows), kStream);
  if (n_allowed > 0) {
    std::string possible;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (!allows[i]) continue;
      possible = rows[i].name;
      break;
    }
    out->why += fmt::format("; {} and less are not excluded, and not tested", possible);
  }
}

Verdict judge_decode(const Decode& it, const AuditContext& context) {
  Verdict out;
  const std::vector<WeightSizes> rows = rows_for(it.claim, it.shape, context);
  if (rows.empty()) return without_bound("no format of that precision is known");
  std::vector<bool> allows;
  for (const WeightSizes& row : rows) {
    const auto batch = static_cast<double>(it.claim.batch);
    const double bound =
        it.device.bandwidth_gb_per_s * 1e9 * batch / static_cast<double>(row.read_bytes);
    allows.push_back(it.needed <= bound);
    json entry = bound_row(
        row.name, bound, "tokens/s", allows.back(),
        fmt::format("{:.4g} GB/s{} / {} ({} weights x {:.4g} bits / 8) = {} tokens/s; the claim is "
                    "{:.0f} % of it",
                    it.device.bandwidth_gb_per_s,
                    it.claim.batch > 1 ? fmt::format(" x {} sequences", it.claim.batch) : "",
                    gigabytes(static_cast<double>(row.read_bytes)),
                    show_count(it.shape.weights_read()), bits_of(row, it.shape), number(bound),
                    100 * it.needed / bound),
        it.device.name + " (datasheet)");
    entry["bits_per_weight"] = bits_of(row, it.shape);
    entry["bytes_per_token"] = row.read_bytes;
    entry["bandwidth_gb_per_s"] = it.device.bandwidth_gb_per_s;
    entry["fits"] = row.weights_bytes <= it.device.usable_bytes();
    out.bounds.push_back(std::move(entry));
  }
  decide(it, rows, allows, &out);
  const bool fits = std::any_of(rows.begin(), rows.end(), [&it](const WeightSizes& row) {
    return row.weights_bytes <= it.device.usable_bytes();
  });
  if (!fits) out.why += "; nor do the weights fit into its memory";
  if (!it.device.note.empty()) out.why += ". " + without_stop(it.device.note);
  return out;
}

}  // namespace

Verdict judge_speed(const Claim& claim, const AuditContext& context) {
  const ModelShape* shape = find_shape(context.file->shapes, claim.model);
  const DeviceProfile* device = find_device(context.file->devices, claim.device);
  if (const std::string why = not_known(claim, shape, device); !why.empty()) {
    return without_bound(why);
  }
  if (claim.metric != "request_seconds") {
    return judge_decode({claim, *shape, *device, claim.number(), ""}, context);
  }
  if (claim.output_tokens == 0) {
    return without_bound("how many tokens come out is not said (output_tokens)");
  }
  const double needed = static_cast<double>(claim.output_tokens) / claim.number();
  return judge_decode({claim, *shape, *device, needed,
                       fmt::format("{} tokens in {:.4g} s, were the prompt free: ",
                                   show_count(claim.output_tokens), claim.number())},
                      context);
}

Verdict judge_prefill(const Claim& claim, const AuditContext& context) {
  const ModelShape* shape = find_shape(context.file->shapes, claim.model);
  const DeviceProfile* device = find_device(context.file->devices, claim.device);
  if (const std::string why = not_known(claim, shape, device); !why.empty()) {
    return without_bound(why);
  }
  if (device->operations_per_s <= 0) {
    return without_bound(
        fmt::format("the profile of {} names no arithmetic to bound prefill with", device->title));
  }
  // The output head is needed for the last position only.
  const std::int64_t per_token = shape->weights_read() - shape->vocab * shape->hidden;
  const double operations = 2 * static_cast<double>(per_token);
  const double bound = device->operations_per_s / operations;
  Verdict out;
  const bool allows = claim.number() <= bound;
  out.bounds.push_back(bound_row(
      "arithmetic", bound, "tokens/s", allows,
      fmt::format(
          "{:.4g} operations/s ({}) / (2 x {} weights) = {} tokens/s; the claim is {:.0f} % "
          "of it",
          device->operations_per_s, device->compute, show_count(per_token), number(bound),
          100 * claim.number() / bound),
      device->name + " (datasheet)"));
  out.verdict = allows ? kNotTested : kImpossible;
  out.why = allows ? fmt::format(
                         "plausible as prefill: {:.0f} % of what the arithmetic allows; only "
                         "a measurement on that device can tell",
                         100 * claim.number() / bound)
                   : "more than the device's arithmetic can do";
  return out;
}

}  // namespace assay
