// The roofline: what each run achieved under what its device can do.
#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "core/json_access.h"
#include "core/text.h"
#include "reports/common/look.h"
#include "reports/common/page.h"
#include "reports/common/plot.h"
#include "reports/common/show.h"
#include "reports/compare/html_parts.h"

namespace assay {
namespace {

using nlohmann::json;

struct Peak {
  const char* name;
  const char* label;
};
constexpr std::array<Peak, 3> kPeaks = {{{"int8_gops", "int8, Gop/s"},
                                         {"bf16_gflops", "bf16, GFLOP/s"},
                                         {"fp32_gflops", "fp32, GFLOP/s"}}};

std::string point_name(const json& point) {
  if (json_text(point, "from") == "run") return "decode, whole run";
  return fmt::format("bench {}: {} tokens after {}, batch {}", json_text(point, "phase"),
                     show_count(json_integer(point, "tokens")),
                     show_count(json_integer(point, "depth")),
                     show_count(json_integer(point, "batch")));
}

/// "AMD EPYC, 2 threads": whose ceilings these are.
std::string device_name(const json& device) {
  const json& of = json_member(device, "device");
  if (json_member(of, "gpu").is_string()) return name_for_message(json_text(of, "gpu"), 40);
  return fmt::format("{}, {} thread{}", name_for_message(show_value(json_member(of, "name")), 40),
                     show_count(json_integer(of, "threads")),
                     json_integer(of, "threads") == 1 ? "" : "s");
}

std::string flag_of(const json& point) {
  std::string out;
  for (const json& it : json_list(point, "above")) {
    out += out.empty() ? "above the measured " : " and the measured ";
    out += it == "bandwidth" ? "bandwidth" : "peak";
  }
  return out;
}

void add_ceilings(const json& devices, double from, double to, Plot* plot) {
  double along = 0.4;  // labels of several devices stand apart
  for (const json& device : devices) {
    const auto bandwidth = json_number(device, "bandwidth_gb_per_s");
    double top = 0;
    for (const Peak& peak : kPeaks) {
      const auto height = json_number(json_member(device, "peaks"), peak.name);
      if (!height) continue;
      top = std::max(top, *height);
      const double start = bandwidth ? std::max(from, *height / *bandwidth) : from;
      if (start >= to) continue;
      plot->guides.push_back(
          {start, *height, to, *height,
           fmt::format("{}: {} {}", device_name(device), show_number(height), peak.label), true});
    }
    if (!bandwidth) continue;
    // Cut where it leaves the plot, above or below.
    const double begin = std::max(from, plot->y.scale.from / *bandwidth);
    const double reach = top > 0 ? std::min(to, top / *bandwidth) : to;
    const double end = std::min(reach, plot->y.scale.to / *bandwidth);
    if (end <= begin) continue;
    plot->guides.push_back({begin, begin * *bandwidth, end, end * *bandwidth,
                            fmt::format("{}: {} GB/s", device_name(device), show_number(bandwidth)),
                            false, along});
    along = along > 0.7 ? 0.2 : along + 0.18;
  }
}

std::string roofline_plot(const json& comparison, const json& of) {
  std::vector<double> across;
  std::vector<double> up;
  Plot plot;
  const json& runs = json_list(comparison, "runs");
  for (std::size_t run = 0; run < runs.size(); ++run) {
    PlotLine line{run, {}, false, true};
    for (const json& point : json_list(of, "points")) {
      if (json_integer(point, "run") != static_cast<std::int64_t>(run)) continue;
      const double x = json_number(point, "flop_per_byte").value_or(1);
      const double y = json_number(point, "gflop_per_s").value_or(1);
      across.push_back(x), up.push_back(y);
      const std::string flag = flag_of(point);
      line.points.push_back(
          {x,
           y,
           {},
           {},
           fmt::format("{} {}\n{}\n{} GFLOP/s at {} GB/s{}{}", run_letter(run),
                       json_text(runs[run], "label"), point_name(point), show_number(y),
                       show_number(json_number(point, "gb_per_s")), flag.empty() ? "" : "\n",
                       flag)});
    }
    if (!line.points.empty()) plot.lines.push_back(std::move(line));
  }
  if (across.empty()) return {};
  for (const json& device : json_list(of, "devices")) {
    const auto bandwidth = json_number(device, "bandwidth_gb_per_s");
    if (bandwidth) up.push_back(*bandwidth * *std::min_element(across.begin(), across.end()));
    for (const Peak& peak : kPeaks) {
      const auto height = json_number(json_member(device, "peaks"), peak.name);
      if (height) up.push_back(*height);
    }
  }
  plot.name = "Roofline";
  plot.scatter = true;
  plot.height = 340;
  plot.x = {"operations per byte of memory traffic (logarithmic)", log_scale(across, ""), {}};
  plot.y = {"GFLOP/s (logarithmic)", log_scale(up, ""), {}};
  add_ceilings(json_list(of, "devices"), plot.x.scale.from, plot.x.scale.to, &plot);
  return plot_html(plot);
}

std::string roofline_table(const json& comparison, const json& of) {
  const std::vector<TableColumn> columns = {{"run", false, {}},
                                            {"what", false, {}},
                                            {"GB/s", true, {}},
                                            {"measured bandwidth", true, {}},
                                            {term("roofline", "share of it"), true, {}},
                                            {"GFLOP/s", true, {}},
                                            {"operations / byte", true, {}},
                                            {"", false, {}}};
  std::vector<TableRow> rows;
  for (const json& point : json_list(of, "points")) {
    const auto run = static_cast<std::size_t>(json_integer(point, "run").value_or(0));
    const auto bytes = json_number(point, "gb_per_s");
    const auto bandwidth = json_number(point, "bandwidth_gb_per_s");
    std::optional<double> share;
    if (bytes && bandwidth && *bandwidth > 0) share = *bytes / *bandwidth;
    const auto number = [&point](const char* name) {
      const auto value = json_number(point, name);
      return number_cell(value, show_number(value));
    };
    const std::string flag = flag_of(point);
    rows.push_back(run_row(comparison, run,
                           {{escape_html(point_name(point)), {}},
                            number("gb_per_s"),
                            number("bandwidth_gb_per_s"),
                            number_cell(share, show_percent(share)),
                            number("gflop_per_s"),
                            number("flop_per_byte"),
                            {flag.empty() ? "" : "<b class=\"bad\">\u26A0 " + flag + "</b>", {}}}));
  }
  return table_behind("Table: achieved rates and ceilings", columns, rows);
}

}  // namespace

std::string roofline_html(const json& comparison) {
  const json& of = json_member(comparison, "roofline");
  std::string out = "<h2 id=\"roofline\">" + term("roofline_plot", "Roofline") + "</h2>";
  const std::string plot = roofline_plot(comparison, of);
  if (plot.empty()) out += "<p>No run has a point.</p>";
  for (const json& point : json_list(of, "points")) {
    const std::string flag = flag_of(point);
    if (flag.empty()) continue;
    const auto run = static_cast<std::size_t>(json_integer(point, "run").value_or(0));
    out += fmt::format(
        "<p class=\"warn r{}\">\u26A0 {}, {}: {}. The weights fit in a cache, or a measurement is "
        "wrong.</p>",
        run, run_head(comparison, run), escape_html(point_name(point)), flag);
  }
  if (!plot.empty()) {
    out +=
        plot +
        "<p class=\"soft\">Sloping lines: the memory bandwidth measured on the device, the most "
        "that a run can do while it waits for memory; level ones: measured peaks of arithmetic. "
        "Traffic counts weights (bench: and keys and values), arithmetic counts matrix products, "
        "so both are lower bounds.</p>" +
        roofline_table(comparison, of);
  }
  for (const json& it : json_list(of, "missing")) {
    const auto run = static_cast<std::size_t>(json_integer(it, "run").value_or(0));
    out += fmt::format("<p class=\"soft r{}\">{}: no point; {}.</p>", run,
                       run_head(comparison, run), inline_text(json_text(it, "why")));
  }
  return out;
}

}  // namespace assay
