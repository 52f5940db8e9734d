#include "reports/audit/project.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/json_access.h"
#include "core/text.h"
#include "reports/common/show.h"

namespace assay {
namespace {

using nlohmann::json;

constexpr int kProjectVersion = 1;

MemoryNeed need_of(const ProjectRequest& request, const WeightSizes& row) {
  return {row.weights_bytes, request.context * request.batch * request.shape->kv_bytes_per_token(),
          request.scratch_bytes};
}

json row_json(const ProjectRequest& request, const WeightSizes& row) {
  const DeviceProfile& device = *request.device;
  const MemoryNeed need = need_of(request, row);
  const double bandwidth = device.bandwidth_gb_per_s * 1e9;
  const auto batch = static_cast<double>(request.batch);
  const double empty = bandwidth * batch / static_cast<double>(row.read_bytes);
  const double full = bandwidth * batch / static_cast<double>(row.read_bytes + need.kv);
  const bool fits = need.total() <= device.usable_bytes();
  return {{"precision", row.name},
          {"bits_per_weight", static_cast<double>(row.weights_bytes) * 8 /
                                  static_cast<double>(request.shape->parameters())},
          {"fits", fits},
          {"weights_bytes", need.weights},
          {"kv_bytes", need.kv},
          {"scratch_bytes", need.scratch},
          {"total_bytes", need.total()},
          {"free_bytes", device.usable_bytes() - need.total()},
          {"bytes_read_per_token", row.read_bytes},
          {"bound_tokens_per_s", fits ? json(empty) : json()},
          {"bound_tokens_per_s_full_context", fits ? json(full) : json()},
          {"arithmetic",
           fmt::format(
               "{} weights + {} keys and values ({} tokens x {} sequences x {} bytes) + {} "
               "scratch = {} of {}; {:.4g} GB/s / {:.3f} GB = {:.1f} tokens/s, {:.1f} at full "
               "context",
               show_decimal_gb(static_cast<double>(need.weights)),
               show_decimal_gb(static_cast<double>(need.kv)), show_count(request.context),
               request.batch, show_count(request.shape->kv_bytes_per_token()),
               show_decimal_gb(static_cast<double>(need.scratch)),
               show_decimal_gb(static_cast<double>(need.total())),
               show_decimal_gb(static_cast<double>(device.usable_bytes())),
               device.bandwidth_gb_per_s, static_cast<double>(row.read_bytes) / 1e9, empty, full)}};
}

/// The least memory, in whole and half GiB, from which each precision fits: what a selection guide
/// should say.
json guide_of(const ProjectRequest& request, const std::vector<WeightSizes>& rows) {
  constexpr double kStep = 512.0 * 1024 * 1024;
  json out = json::array();
  for (const WeightSizes& row : rows) {
    if (!row.is_real) continue;
    const auto total = static_cast<double>(need_of(request, row).total());
    const double least = std::ceil(total / kStep) * kStep;
    out.push_back({{"precision", row.name},
                   {"total_bytes", need_of(request, row).total()},
                   {"from_gib", least / (1024.0 * 1024 * 1024)}});
  }
  return out;
}

const WeightSizes* best_of(const ProjectRequest& request, const std::vector<WeightSizes>& rows) {
  for (const WeightSizes& row : rows) {  // the largest first
    if (row.is_real && need_of(request, row).total() <= request.device->usable_bytes()) return &row;
  }
  return nullptr;
}

std::string cell(const json& row, const char* name) {
  const auto value = json_number(row, name);
  return value ? fmt::format("{:.1f}", *value) : std::string("-");
}

}  // namespace

json project_model(const ProjectRequest& request) {
  const ModelShape& shape = *request.shape;
  std::vector<WeightSizes> rows =
      request.sizes_of ? request.sizes_of(shape) : std::vector<WeightSizes>{};
  std::stable_sort(rows.begin(), rows.end(), [](const WeightSizes& a, const WeightSizes& b) {
    return a.weights_bytes > b.weights_bytes;
  });
  json table = json::array();
  if (request.own.is_real) table.push_back(row_json(request, request.own));
  for (const WeightSizes& row : rows) table.push_back(row_json(request, row));
  const WeightSizes* best = best_of(request, rows);
  return {{"schema_version", kProjectVersion},
          {"projection", true},
          {"note",
           "a projection: memory from the model's shape, speed from the data sheet's bandwidth; "
           "nothing was measured, and every real run is slower than its bound"},
          {"device", device_json(*request.device)},
          {"model",
           {{"name", shape.name},
            {"title", shape.title},
            {"parameters", shape.parameters()},
            {"weights_read_per_token", shape.weights_read()},
            {"kv_bytes_per_token", shape.kv_bytes_per_token()},
            {"source", shape.source}}},
          {"context", request.context},
          {"batch", request.batch},
          {"rows", table},
          {"fits", best != nullptr},
          {"best_precision", best == nullptr ? json() : json(best->name)},
          {"guide", guide_of(request, rows)}};
}

std::string project_text(const json& projection) {
  const json& device = json_member(projection, "device");
  const json& model = json_member(projection, "model");
  std::string out = fmt::format("projection, nothing was measured: {} on {}\n",
                                json_text(model, "title"), json_text(device, "title"));
  const auto app = json_integer(device, "app_memory_bytes");
  out += fmt::format("{} weights, {} read a token; {} of memory{} at {:.4g} GB/s (datasheet: {})\n",
                     show_count(json_integer(model, "parameters")),
                     show_count(json_integer(model, "weights_read_per_token")),
                     show_bytes(json_integer(device, "memory_bytes")),
                     app ? fmt::format(" ({} for one app)", show_bytes(app)) : "",
                     json_number(device, "bandwidth_gb_per_s").value_or(0),
                     json_text(device, "arithmetic"));
  out += fmt::format("{} tokens of context, {} sequence{}\n\n",
                     show_count(json_integer(projection, "context")),
                     json_integer(projection, "batch").value_or(1),
                     json_integer(projection, "batch") == 1 ? "" : "s");
  out +=
      fmt::format("{:<12}{:>7}{:>10}{:>10}{:>10}{:>10}{:>7}  {:>12}{:>14}\n", "precision", "bits",
                  "weights", "KV", "scratch", "total", "fits", "tokens/s <", "full context <");
  for (const json& row : json_list(projection, "rows")) {
    out += fmt::format(
        "{:<12}{:>7.2f}{:>10}{:>10}{:>10}{:>10}{:>7}  {:>12}{:>14}\n",
        name_for_message(json_text(row, "precision"), 11),
        json_number(row, "bits_per_weight").value_or(0),
        show_bytes(json_integer(row, "weights_bytes")), show_bytes(json_integer(row, "kv_bytes")),
        show_bytes(json_integer(row, "scratch_bytes")),
        show_bytes(json_integer(row, "total_bytes")), json_flag(row, "fits") == true ? "yes" : "no",
        cell(row, "bound_tokens_per_s"), cell(row, "bound_tokens_per_s_full_context"));
  }
  const std::string best = json_text(projection, "best_precision");
  out +=
      best.empty() ? "\nNothing fits.\n" : fmt::format("\nThe most precise that fits: {}.\n", best);
  out += "This model and context, by memory:";
  std::string separator = " ";
  for (const json& row : json_list(projection, "guide")) {
    const std::string name = json_text(row, "precision");
    if (name != "F16" && name != "Q8_0" && name != "Q4_K_M" && name != "Q2_K") continue;
    out += fmt::format("{}{} from {:.3g} GiB", separator, name,
                       json_number(row, "from_gib").value_or(0));
    separator = ", ";
  }
  out += ".\n";
  if (const std::string note = json_text(device, "note"); !note.empty()) out += note + "\n";
  return out;
}

}  // namespace assay
