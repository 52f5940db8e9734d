// Speed, memory and settings of a run.
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "core/json_access.h"
#include "reports/common/bars.h"
#include "reports/common/charts.h"
#include "reports/common/look.h"
#include "reports/common/page.h"
#include "reports/common/show.h"
#include "reports/html/sections.h"

namespace assay {
namespace {

using nlohmann::json;

std::string percentile_row(const json& speed, const char* name, const std::string& label) {
  const json& values = json_member(speed, name);
  return fmt::format(
      "<tr><th>{}</th><td class=\"n\">{}</td><td class=\"n\">{}</td>"
      "<td class=\"n\">{}</td></tr>",
      label, show_number(json_number(values, "p50")), show_number(json_number(values, "p90")),
      show_number(json_number(values, "p99")));
}

std::string bench_table(const json& rows) {
  if (rows.empty()) return {};
  std::string out =
      "<h3>Bench</h3><div class=\"scroll\"><table><tr><th>phase</th><th class=\"n\">tokens</th>"
      "<th class=\"n\">after tokens</th><th class=\"n\">batch</th><th class=\"n\">tokens/s</th>"
      "<th class=\"n\">GB/s of weights</th><th class=\"n\">share of memory bandwidth</th></tr>";
  for (const json& row : rows) {
    out += fmt::format(
        "<tr><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td>"
        "<td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td></tr>",
        escape_html(json_text(row, "phase")), show_count(json_integer(row, "tokens")),
        show_count(json_integer(row, "depth")), show_count(json_integer(row, "batch")),
        show_number(json_number(row, "tokens_per_s")), show_number(json_number(row, "gb_per_s")),
        show_percent(json_number(row, "roofline_fraction")));
  }
  return out + "</table></div>";
}

/// An object's members as rows, nested ones by their path.
std::string setting_rows(const json& object, const std::string& prefix) {
  std::string out;
  for (const auto& [name, value] : object.items()) {
    const std::string path = prefix.empty() ? name : fmt::format("{}.{}", prefix, name);
    if (value.is_object()) {
      out += setting_rows(value, path);
    } else {
      const bool is_policy = name == "numerics" && value.is_string();
      out += fmt::format(
          "<tr><th>{}</th><td>{}</td></tr>", inline_text(path),
          is_policy ? policy_term(value.get<std::string>()) : inline_text(show_value(value)));
    }
  }
  return out;
}

}  // namespace

std::string speed_section(const json& report) {
  const json& speed = json_member(report, "throughput");
  std::string out =
      "<h2>Speed</h2><div class=\"scroll\"><table><caption>Milliseconds over all "
      "samples</caption><tr><th></th><th class=\"n\">median</th>"
      "<th class=\"n\">90 %</th><th class=\"n\">99 %</th></tr>";
  out += percentile_row(speed, "ttft_ms", term("ttft", "Time to first token (TTFT)"));
  out += percentile_row(speed, "tpot_ms", term("tpot", "Time per output token (TPOT)")) +
         "</table></div>";
  out += fmt::format(
      "<p>Decode read {} GB of weights per second, {} of the bandwidth measured on this device. "
      "{}: {} of the backend's threads.</p>",
      show_number(json_number(speed, "gb_per_s")),
      show_percent(json_number(speed, "roofline_fraction")), term("cpu_use"),
      show_percent(json_number(report, "cpu_utilization")));
  const json& energy = json_member(report, "energy");
  if (const auto joules = json_number(energy, "joules")) {
    out += fmt::format("<p>{}: {} J ({}).</p>", term("energy", "Energy"), show_number(joules),
                       inline_text(json_text(energy, "source")));
  } else {
    out += "<p>" + term("energy", "Energy") + ": not measured.</p>";
  }
  return out + bench_table(json_list(report, "bench"));
}

std::string memory_section(const json& report) {
  struct Part {
    const char* name;
    const char* label;
    const char* style;
  };
  constexpr std::array<Part, 3> kParts = {{{"weights_bytes", "weights", "m1"},
                                           {"kv_bytes", "keys and values (KV)", "m2"},
                                           {"scratch_bytes", "scratch", "m3"}}};
  const json& memory = json_member(report, "memory");
  const auto planned = json_number(memory, "planned_bytes").value_or(0);
  const auto peak = json_number(memory, "host_peak_bytes").value_or(0);
  const double whole = std::max(planned, peak);
  std::vector<BarPart> parts;
  std::string legend = "<ul class=\"legend\">";
  for (const Part& part : kParts) {
    const auto bytes = json_integer(memory, part.name);
    const std::string label = fmt::format("{}: {}", part.label, show_bytes(bytes));
    parts.push_back({static_cast<double>(bytes.value_or(0)), part.style, label, ""});
    legend += "<li>" + swatch(part.style) + label + "</li>";
  }
  std::string out =
      "<h2>Memory</h2><h3>Plan: " + show_bytes(json_integer(memory, "planned_bytes")) + "</h3>";
  if (whole > 0) out += stacked_bar(parts, whole);
  const std::string measured = show_bytes(json_integer(memory, "host_peak_bytes"));
  out += legend + "</ul><h3>Measured peak of the host: " + measured + "</h3>";
  if (whole > 0 && peak > 0)
    out += stacked_bar({{peak, "peak-part", "peak: " + measured, ""}}, whole);
  if (const auto device = json_integer(memory, "device_peak_bytes")) {
    out += "<p>Measured peak of the device: " + show_bytes(device) + "</p>";
  }
  return out;
}

std::string settings_section(const json& report) {
  std::string out = "<h2>Settings</h2><div class=\"scroll\"><table>";
  for (const char* group : {"model", "device", "backend", "decoding", "identity", "tool"}) {
    out += setting_rows(json_member(report, group), group);
  }
  return out + "</table></div>";
}

}  // namespace assay
