#include "reports/compare/roofline.h"

#include <fmt/core.h>

#include <algorithm>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "core/json_access.h"
#include "core/text.h"
#include "reports/common/look.h"
#include "reports/common/show.h"

namespace assay {
namespace {

using nlohmann::json;

constexpr const char* kPeaks[] = {"int8_gops", "bf16_gflops", "fp32_gflops"};

/// The larger of two values of which each may be missing.
void keep_largest(json* kept, const std::optional<double>& value) {
  if (value && (!kept->is_number() || *value > kept->get<double>())) *kept = *value;
}

void keep_least(json* kept, const std::optional<double>& value) {
  if (value && (!kept->is_number() || *value < kept->get<double>())) *kept = *value;
}

/// Runs of one device share their ceilings: the largest that any of them measured.
json devices_of(std::span<const NamedReport> reports) {
  json out = json::array();
  for (std::size_t i = 0; i < reports.size(); ++i) {
    const json& device = json_member(reports[i].report, "device");
    json key = json::object();
    for (const char* name : {"name", "cpu", "gpu", "threads"})
      key[name] = json_member(device, name);
    auto it = std::find_if(out.begin(), out.end(),
                           [&key](const json& other) { return other["device"] == key; });
    if (it == out.end()) {
      out.push_back({{"device", key},
                     {"runs", json::array()},
                     {"bandwidth_gb_per_s", nullptr},
                     {"least_bandwidth_gb_per_s", nullptr},
                     {"peaks", json::object()}});
      it = out.end() - 1;
    }
    (*it)["runs"].push_back(i);
    const auto bandwidth = json_number(device, "bandwidth_gb_per_s");
    keep_largest(&(*it)["bandwidth_gb_per_s"], bandwidth);
    keep_least(&(*it)["least_bandwidth_gb_per_s"], bandwidth);
    for (const json& row : json_list(reports[i].report, "bench")) {
      keep_largest(&(*it)["bandwidth_gb_per_s"], json_number(row, "bandwidth_gb_per_s"));
    }
    const json& peaks = json_member(device, "peaks");
    for (const char* name : kPeaks) keep_largest(&(*it)["peaks"][name], json_number(peaks, name));
  }
  return out;
}

std::optional<double> largest_peak(const json& peaks) {
  std::optional<double> out;
  for (const char* name : kPeaks) {
    const auto value = json_number(peaks, name);
    if (value) out = std::max(out.value_or(0), *value);
  }
  return out;
}

/// A point with its flags; nothing where one of both rates is unknown. `device`: the run's group,
/// whose largest measurements are the ceilings of all of its runs.
std::optional<json> point_of(std::size_t run, const json& device, const json& row,
                             const char* gflop_name) {
  const auto bytes = json_number(row, "gb_per_s");
  const auto flops = json_number(row, gflop_name);
  if (!bytes || !flops || *bytes <= 0 || *flops <= 0) return std::nullopt;
  json above = json::array();
  // A row may know the bandwidth that was measured beside it: one more measurement of the group.
  const auto beside = json_number(row, "bandwidth_gb_per_s");
  auto bandwidth = json_number(device, "bandwidth_gb_per_s");
  if (beside && *beside > bandwidth.value_or(0)) bandwidth = beside;
  if (bandwidth && *bytes > *bandwidth) above.push_back("bandwidth");
  const auto peak = largest_peak(json_member(device, "peaks"));
  if (peak && *flops > *peak) above.push_back("peak");
  return json{{"run", run},
              {"gb_per_s", *bytes},
              {"gflop_per_s", *flops},
              {"flop_per_byte", *flops / *bytes},
              {"bandwidth_gb_per_s", bandwidth ? json(*bandwidth) : json()},
              {"peak_gflop_per_s", peak ? json(*peak) : json()},
              {"above", above}};
}

const json& group_of(const json& devices, std::size_t run) {
  static const json kNone;
  for (const json& device : devices) {
    const json& runs = device["runs"];
    if (std::find(runs.begin(), runs.end(), json(run)) != runs.end()) return device;
  }
  return kNone;
}

}  // namespace

json compare_roofline(std::span<const NamedReport> reports) {
  const json devices = devices_of(reports);
  json points = json::array();
  json missing = json::array();
  for (std::size_t i = 0; i < reports.size(); ++i) {
    const json& report = reports[i].report;
    const json& device = group_of(devices, i);
    const std::size_t before = points.size();
    if (auto point = point_of(i, device, json_member(report, "throughput"), "decode_gflop_per_s")) {
      (*point)["from"] = "run";
      (*point)["phase"] = "decode";
      points.push_back(std::move(*point));
    }
    for (const json& row : json_list(report, "bench")) {
      auto point = point_of(i, device, row, "gflop_per_s");
      if (!point) continue;
      (*point)["from"] = "bench";
      for (const char* name : {"phase", "tokens", "depth", "batch"}) {
        (*point)[name] = json_member(row, name);
      }
      points.push_back(std::move(*point));
    }
    if (points.size() > before) continue;
    const bool has_speed = json_number(json_member(report, "throughput"), "decode_tokens_per_s") ||
                           !json_list(report, "bench").empty();
    missing.push_back({{"run", i},
                       {"why", has_speed ? "the report does not say how many operations a token "
                                           "takes: an older assay made it"
                                         : "the report has no speed"}});
  }
  return {{"devices", devices}, {"points", points}, {"missing", missing}};
}

std::vector<std::string> roofline_warnings(const json& comparison) {
  std::vector<std::string> out;
  for (const json& point : json_list(json_member(comparison, "roofline"), "points")) {
    const json& above = json_list(point, "above");
    if (above.empty()) continue;
    const bool is_run = json_text(point, "from") == "run";
    std::string text = fmt::format(
        "{}, {}: ", run_letter(static_cast<std::size_t>(json_integer(point, "run").value_or(0))),
        is_run ? "decode of the whole run"
               : fmt::format("bench {} of {} tokens after {}, batch {}",
                             name_for_message(json_text(point, "phase"), 20),
                             show_count(json_integer(point, "tokens")),
                             show_count(json_integer(point, "depth")),
                             show_count(json_integer(point, "batch"))));
    for (const json& it : above) {
      const bool is_bandwidth = it == "bandwidth";
      text +=
          fmt::format("{}{} {}, above the {} measured", it == above.front() ? "" : "; ",
                      show_number(json_number(point, is_bandwidth ? "gb_per_s" : "gflop_per_s")),
                      is_bandwidth ? "GB/s" : "GFLOP/s",
                      show_number(json_number(
                          point, is_bandwidth ? "bandwidth_gb_per_s" : "peak_gflop_per_s")));
    }
    out.push_back(text + ": the weights fit in a cache, or a measurement is wrong");
  }
  return out;
}

}  // namespace assay
