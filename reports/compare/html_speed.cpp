// Speed: of the runs, and of the bench by batch, depth and length.
#include <fmt/core.h>

#include <algorithm>
#include <set>

#include "core/json_access.h"
#include "reports/common/look.h"
#include "reports/common/page.h"
#include "reports/common/plot.h"
#include "reports/common/show.h"
#include "reports/compare/html_parts.h"

namespace assay {
namespace {

using nlohmann::json;

/// A bar for each run from one number of its throughput.
std::string throughput_bars(const json& comparison, const char* name, const std::string& title,
                            const std::string& words) {
  const json& runs = json_list(comparison, "runs");
  std::vector<Bar> bars;
  std::vector<double> values;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const auto value = json_number(json_member(runs[i], "throughput"), name);
    if (!value) continue;  // of the bench alone, or a build that reports no speed: see the table
    values.push_back(*value);
    bars.push_back(
        {{i, run_label(comparison, i), "<b>" + show_number(value) + "</b>", ""}, value, {}});
  }
  if (values.empty()) return {};
  return "<div><h3>" + title + "</h3>" + bar_chart(words, linear_scale(values, "tokens/s"), bars) +
         "</div>";
}

/// Percentiles of TTFT or TPOT, a strip a run.
std::string spread_strips(const json& comparison, const char* name, const std::string& title,
                          const std::string& words) {
  const json& runs = json_list(comparison, "runs");
  std::vector<Spread> spreads;
  std::vector<double> values;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const json& of = json_member(json_member(runs[i], "throughput"), name);
    Spread it;
    it.low = json_number(of, "p5"), it.quarter = json_number(of, "p25");
    it.middle = json_number(of, "p50"), it.three_quarters = json_number(of, "p75");
    it.high = json_number(of, "p90"), it.highest = json_number(of, "p99");
    for (const auto& value : {it.low, it.middle, it.highest}) {
      if (value) values.push_back(*value);
    }
    if (!it.middle) continue;
    it.row = {i, run_label(comparison, i),
              fmt::format("<b>{}</b> <span class=\"soft\">({} to {})</span>",
                          show_number(it.middle), show_number(it.low), show_number(it.highest)),
              ""};
    spreads.push_back(std::move(it));
  }
  if (values.empty()) return {};
  return "<div><h3>" + title + "</h3>" + spread_chart(words, log_scale(values, "ms"), spreads) +
         "</div>";
}

std::string throughput_table(const json& comparison) {
  std::vector<TableColumn> columns = {{"run", false, {}},
                                      {term("decode") + ", tokens/s", true, {}},
                                      {term("prefill") + ", tokens/s", true, {}}};
  for (const char* name : {"ttft", "tpot"}) {
    for (const char* part : {"5 %", "25 %", "50 %", "75 %", "90 %", "99 %"}) {
      columns.push_back({term(name) + fmt::format(" {}, ms", part), true, {}});
    }
  }
  columns.push_back({term("cpu_use"), true, {}});
  columns.push_back({term("energy") + ", J", true, {}});
  std::vector<TableRow> rows;
  const json& runs = json_list(comparison, "runs");
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const json& speed = json_member(runs[i], "throughput");
    std::vector<TableCell> cells;
    const auto add = [&cells](std::optional<double> value) {
      cells.push_back(number_cell(value, show_number(value)));
    };
    add(json_number(speed, "decode_tokens_per_s"));
    add(json_number(speed, "prefill_tokens_per_s"));
    for (const char* name : {"ttft_ms", "tpot_ms"}) {
      for (const char* part : {"p5", "p25", "p50", "p75", "p90", "p99"}) {
        add(json_number(json_member(speed, name), part));
      }
    }
    const auto use = json_number(runs[i], "cpu_utilization");
    cells.push_back(number_cell(use, show_percent(use)));
    add(json_number(json_member(runs[i], "energy"), "joules"));
    rows.push_back(run_row(comparison, i, std::move(cells)));
  }
  return table_behind("Table: speed of the runs", columns, rows);
}

/// Points of the bench of one phase, and what varies between them.
struct Phase {
  const json& comparison;
  std::string name;
  std::vector<const json*> points;
  std::set<std::int64_t> tokens, depths, batches;

  Phase(const json& of, std::string phase) : comparison(of), name(std::move(phase)) {
    for (const json& it : json_list(of, "bench")) {
      const json& point = json_member(it, "point");
      if (json_text(point, "phase") != name) continue;
      points.push_back(&it);
      tokens.insert(json_integer(point, "tokens").value_or(0));
      depths.insert(json_integer(point, "depth").value_or(0));
      batches.insert(json_integer(point, "batch").value_or(1));
    }
  }
};

struct Fixed {
  const char* name;
  std::int64_t value;
};

bool has(const json& it, const std::vector<Fixed>& fixed) {
  return std::all_of(fixed.begin(), fixed.end(), [&it](const Fixed& field) {
    return json_integer(json_member(it, "point"), field.name) == field.value;
  });
}

/// tokens/s over one variable, the others fixed.
std::string bench_plot(const Phase& phase, const char* variable,
                       const std::set<std::int64_t>& along, const std::vector<Fixed>& fixed,
                       const std::string& title, const std::string& axis) {
  const std::vector<std::int64_t> places(along.begin(), along.end());
  const std::size_t n = json_list(phase.comparison, "runs").size();
  Plot plot;
  std::vector<double> values;
  for (std::size_t run = 0; run < n; ++run) {
    PlotLine line{run, {}, false, true};
    for (std::size_t at = 0; at < places.size(); ++at) {
      for (const json* it : phase.points) {
        if (!has(*it, fixed) || json_integer(json_member(*it, "point"), variable) != places[at]) {
          continue;
        }
        const json& row = json_list(*it, "runs")[run];
        const auto value = json_number(row, "tokens_per_s");
        if (!value) continue;
        PlotPoint point{static_cast<double>(at), *value, {}, {}, ""};
        double low = *value;
        double high = *value;
        for (const json& one : json_list(row, "tokens_per_s_runs")) {
          if (!one.is_number()) continue;
          low = std::min(low, one.get<double>());
          high = std::max(high, one.get<double>());
        }
        if (high > low) point.low = low, point.high = high;
        point.tip = fmt::format("{}\n{} {}: {} tokens/s ({} to {})",
                                json_text(json_list(phase.comparison, "runs")[run], "label"),
                                variable, show_count(places[at]), show_number(value),
                                show_number(low), show_number(high));
        values.push_back(high);
        line.points.push_back(std::move(point));
      }
    }
    if (!line.points.empty()) plot.lines.push_back(std::move(line));
  }
  if (values.empty()) return {};
  plot.name = title;
  plot.y = {"tokens/s", linear_scale(values, ""), {}};
  plot.x = {axis, {0, static_cast<double>(places.size() - 1), false, "", false}, {}};
  for (std::size_t at = 0; at < places.size(); ++at) {
    plot.x.ticks.push_back({static_cast<double>(at), show_count(places[at])});
  }
  return "<div><h4>" + title + "</h4>" + plot_html(plot) + "</div>";
}

/// Where nothing varies along an axis: a bar for each run.
std::string bench_bars(const Phase& phase) {
  constexpr std::size_t kCharts = 8;
  std::string out;
  for (std::size_t at = 0; at < std::min(kCharts, phase.points.size()); ++at) {
    const json* it = phase.points[at];
    const json& point = json_member(*it, "point");
    std::vector<Bar> bars;
    std::vector<double> values;
    const json& rows = json_list(*it, "runs");
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const auto value = json_number(rows[i], "tokens_per_s");
      Bar bar{
          {i, run_label(phase.comparison, i), "<b>" + show_number(value) + "</b>", ""}, value, {}};
      for (const json& one : json_list(rows[i], "tokens_per_s_runs")) {
        if (one.is_number())
          bar.runs.push_back(one.get<double>()), values.push_back(bar.runs.back());
      }
      if (value) values.push_back(*value), bars.push_back(std::move(bar));
    }
    if (values.empty()) continue;
    const std::string title = fmt::format(
        "{} {} tokens after {}, batch {}", escape_html(phase.name),
        show_count(json_integer(point, "tokens")), show_count(json_integer(point, "depth")),
        show_count(json_integer(point, "batch")));
    out += "<div><h4>" + title + "</h4>" +
           bar_chart(title, linear_scale(values, "tokens/s"), bars) + "</div>";
  }
  return out;
}

/// The first few: what a report holds beyond them is in the table.
std::vector<std::int64_t> few(const std::set<std::int64_t>& values) {
  constexpr std::size_t kPlots = 4;
  std::vector<std::int64_t> out(values.begin(), values.end());
  out.resize(std::min(out.size(), kPlots));
  return out;
}

std::string decode_plots(const Phase& phase) {
  std::string out;
  for (const std::int64_t tokens : few(phase.tokens)) {
    if (phase.batches.size() > 1) {
      for (const std::int64_t depth : few(phase.depths)) {
        out += bench_plot(phase, "batch", phase.batches, {{"tokens", tokens}, {"depth", depth}},
                          fmt::format("Decode by batch, {} tokens after {}", show_count(tokens),
                                      show_count(depth)),
                          term("batch", "batch: sequences decoded at once"));
      }
    }
    if (phase.depths.size() > 1) {
      for (const std::int64_t batch : {*phase.batches.begin(), *phase.batches.rbegin()}) {
        out += bench_plot(phase, "depth", phase.depths, {{"tokens", tokens}, {"batch", batch}},
                          fmt::format("Decode by depth, {} tokens, batch {}", show_count(tokens),
                                      show_count(batch)),
                          term("depth", "depth: tokens already in the context"));
        if (phase.batches.size() == 1) break;
      }
    }
  }
  return out.empty() ? bench_bars(phase) : out;
}

std::string prefill_plots(const Phase& phase) {
  std::string out;
  if (phase.tokens.size() > 1) {
    for (const std::int64_t depth : few(phase.depths)) {
      out += bench_plot(phase, "tokens", phase.tokens, {{"depth", depth}},
                        fmt::format("Prefill by length, after {} tokens", show_count(depth)),
                        "tokens of the prompt");
    }
  }
  if (phase.depths.size() > 1) {
    for (const std::int64_t tokens : few(phase.tokens)) {
      out += bench_plot(phase, "depth", phase.depths, {{"tokens", tokens}},
                        fmt::format("Prefill by depth, {} tokens", show_count(tokens)),
                        term("depth", "depth: tokens already in the context"));
    }
  }
  return out.empty() ? bench_bars(phase) : out;
}

std::string bench_table(const json& comparison) {
  std::vector<TableColumn> columns = {{"phase", false, {}},
                                      {"tokens", true, {}},
                                      {term("depth"), true, {}},
                                      {term("batch"), true, {}}};
  const std::size_t n = json_list(comparison, "runs").size();
  for (std::size_t i = 0; i < n; ++i) columns.push_back(run_column(comparison, i, true));
  std::vector<TableRow> rows;
  for (const json& it : json_list(comparison, "bench")) {
    const json& point = json_member(it, "point");
    TableRow row{{{escape_html(json_text(point, "phase")), {}}}, {}};
    for (const char* name : {"tokens", "depth", "batch"}) {
      const auto value = json_integer(point, name);
      row.cells.push_back({show_count(value), static_cast<double>(value.value_or(0))});
    }
    for (const json& run : json_list(it, "runs")) {
      const auto value = json_number(run, "tokens_per_s");
      row.cells.push_back(number_cell(value, show_number(value)));
    }
    rows.push_back(std::move(row));
  }
  return table_behind("Table: every point of the bench, tokens/s", columns, rows);
}

}  // namespace

std::string speed_html(const json& comparison) {
  std::string out = "<h2 id=\"speed\">Speed</h2>";
  const std::string bars =
      throughput_bars(comparison, "decode_tokens_per_s", term("decode", "Decode"), "Decode speed") +
      throughput_bars(comparison, "prefill_tokens_per_s", term("prefill", "Prefill"),
                      "Prefill speed");
  const std::string strips =
      spread_strips(comparison, "ttft_ms", term("ttft", "Time to first token (TTFT)"),
                    "Time to first token") +
      spread_strips(comparison, "tpot_ms", term("tpot", "Time per output token (TPOT)"),
                    "Time per output token");
  if (bars.empty() && strips.empty() && json_list(comparison, "bench").empty()) {
    return out + "<p>No report has a speed.</p>";
  }
  out += "<div class=\"pair\">" + bars + strips + "</div>";
  if (!strips.empty()) {
    out +=
        "<p class=\"soft\">Strips, over all samples of the run: the line from the 5th to the 99th "
        "percentile, the box from the 25th to the 75th, the thick mark at the median, the thin one "
        "at the 90th. The axis is logarithmic.</p>";
  }
  out += throughput_table(comparison);
  if (json_list(comparison, "bench").empty()) return out;
  out += "<h3>" + term("bench", "Bench") + ": by batch, depth and length</h3><div class=\"pair\">" +
         decode_plots(Phase(comparison, "decode")) + prefill_plots(Phase(comparison, "prefill")) +
         bench_bars(Phase(comparison, "scenario")) + "</div>";
  out +=
      "<p class=\"soft\">Each point is the median of repeated measurements; the upright line "
      "spans all of them.</p>";
  return out + bench_table(comparison);
}

}  // namespace assay
