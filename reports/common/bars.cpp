#include "reports/common/bars.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "reports/common/look.h"
#include "reports/common/page.h"
#include "reports/common/show.h"

namespace assay {
namespace {

constexpr double kMiddle = 11;  ///< of a row's track, which is 22 pixels high

std::string rect(double from, double to, double y, double height, const std::string& attributes) {
  return fmt::format("<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" {}/>", percent_of(from),
                     svg_number(y), percent_of(std::max(0.0, to - from)), svg_number(height),
                     attributes);
}

std::string line(double from, double to, double y, const char* style) {
  return fmt::format("<line class=\"{}\" x1=\"{}\" x2=\"{}\" y1=\"{}\" y2=\"{}\"/>", style,
                     percent_of(from), percent_of(to), svg_number(y), svg_number(y));
}

std::string upright(double at, double from, double to, const char* style) {
  return fmt::format("<line class=\"{}\" x1=\"{}\" x2=\"{}\" y1=\"{}\" y2=\"{}\"/>", style,
                     percent_of(at), percent_of(at), svg_number(from), svg_number(to));
}

std::string grid_lines(const Scale& scale) {
  std::string out;
  for (const Tick& tick : ticks_of(scale)) {
    out += upright(scale.place(tick.value), 0, 22, "grid");
  }
  return out;
}

std::string chart_row(const ChartRow& row, const std::string& track) {
  return fmt::format(
      "<div class=\"bar-row {}\"><span class=\"who\">{} {}</span><svg class=\"track\" "
      "aria-hidden=\"true\">{}</svg><span class=\"val\">{}</span></div>",
      run_classes(row.run), run_badge(row.run), row.label, track, row.value);
}

std::string axis_row(const Scale& scale) {
  std::string marks;
  for (const Tick& tick : ticks_of(scale)) {
    marks += fmt::format("<text x=\"{}\" y=\"12\" text-anchor=\"middle\">{}</text>",
                         percent_of(scale.place(tick.value)), escape_html(tick.label));
  }
  return fmt::format(
      "<div class=\"bar-row axis-row\"><span></span><svg class=\"track\" aria-hidden=\"true\">{}"
      "</svg><span class=\"val soft\">{}</span></div>",
      marks, scale.unit);
}

std::string chart(const std::string& name, const std::string& rows, const std::string& axis) {
  return fmt::format("<div class=\"bars\" role=\"group\" aria-label=\"{}\">{}{}</div>",
                     escape_html(name), rows, axis);
}

/// What a report claims may be absurd; an axis stays within these.
constexpr double kLeast = 1e-9;
constexpr double kMost = 1e15;

double round_up(double value) {
  if (value <= 0) return 1;
  value = std::clamp(value, kLeast, kMost);
  const double power = std::pow(10.0, std::floor(std::log10(value)));
  for (const double step : {1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0}) {
    if (value <= step * power * (1 + 1e-9)) return step * power;
  }
  return 10 * power;
}

std::string tick_label(double value) {
  return value == 0 ? "0" : fmt::format("{:.4g}", value);
}

/// Without those that would stand in their neighbour's way.
std::vector<Tick> spaced(const Scale& scale, std::vector<Tick> ticks) {
  std::vector<Tick> out;
  for (Tick& tick : ticks) {
    const bool fits = out.empty() || scale.place(tick.value) - scale.place(out.back().value) > 0.11;
    if (fits) out.push_back(std::move(tick));
  }
  return out;
}

}  // namespace

double Scale::place(double value) const {
  if (!(to > from)) return 0;
  if (!logarithmic) return std::clamp((value - from) / (to - from), 0.0, 1.0);
  if (value <= 0 || from <= 0) return 0;
  return std::clamp(std::log(value / from) / std::log(to / from), 0.0, 1.0);
}

Scale linear_scale(const std::vector<double>& values, std::string unit) {
  double most = 0;
  for (const double value : values) most = std::max(most, value);
  return {0, round_up(most), false, std::move(unit), false};
}

Scale log_scale(const std::vector<double>& values, std::string unit) {
  double least = 0;
  double most = 0;
  for (const double value : values) {
    if (value <= 0) continue;
    const double kept = std::clamp(value, kLeast, kMost);
    least = least == 0 ? kept : std::min(least, kept);
    most = std::max(most, kept);
  }
  if (most <= 0) return {1, 10, true, std::move(unit), false};
  const double from = std::pow(10.0, std::floor(std::log10(least * 0.98)));
  double to = std::pow(10.0, std::ceil(std::log10(most * 1.02)));
  // Half a decade is enough room where the values fill little of the last one.
  if (most * 1.02 < to / 2) to /= 2;
  return {from, to, true, std::move(unit), false};
}

Scale percent_scale() {
  return {0, 1, false, "", true};
}

std::vector<Tick> ticks_of(const Scale& scale, int count) {
  std::vector<Tick> out;
  if (!(scale.to > scale.from)) return out;
  if (scale.logarithmic) {
    const double decades = std::log10(scale.to / scale.from);
    const int every = std::max(1, static_cast<int>(std::ceil(decades / count)));
    const bool halves = decades < 2.5;
    for (double power = scale.from; power <= scale.to * 1.0001; power *= std::pow(10.0, every)) {
      out.push_back({power, tick_label(power)});
      for (const double step : {2.0, 5.0}) {
        const double value = power * step;
        if (halves && value <= scale.to * 1.0001) out.push_back({value, tick_label(value)});
      }
    }
    return spaced(scale, std::move(out));
  }
  const double span = scale.to - scale.from;
  const double rough = span / count;
  const double power = std::pow(10.0, std::floor(std::log10(rough)));
  double step = 10 * power;
  for (const double factor : {1.0, 2.0, 2.5, 5.0}) {
    if (rough <= factor * power * (1 + 1e-9)) {
      step = factor * power;
      break;
    }
  }
  for (int i = 0; scale.from + i * step <= scale.to * (1 + 1e-9); ++i) {
    const double value = scale.from + i * step;
    out.push_back(
        {value, scale.percent ? fmt::format("{:.4g} %", 100 * value) : tick_label(value)});
  }
  return out;
}

std::string bar_chart(const std::string& name, const Scale& scale, const std::vector<Bar>& bars) {
  std::string rows;
  for (const Bar& bar : bars) {
    std::string track = grid_lines(scale);
    if (bar.value) {
      track += rect(0, scale.place(*bar.value), 4, 14, "class=\"fill\" rx=\"1.5\"");
      if (bar.runs.size() > 1) {
        const auto [least, most] = std::minmax_element(bar.runs.begin(), bar.runs.end());
        track += line(scale.place(*least), scale.place(*most), kMiddle, "whisker");
      }
    }
    rows += chart_row(bar.row, track);
  }
  return chart(name, rows, axis_row(scale));
}

std::string spread_chart(const std::string& name, const Scale& scale,
                         const std::vector<Spread>& spreads) {
  std::string rows;
  for (const Spread& it : spreads) {
    std::string track = grid_lines(scale);
    const auto low = it.low ? it.low : it.middle;
    const auto high = it.highest ? it.highest : it.high;
    if (low && high) track += line(scale.place(*low), scale.place(*high), kMiddle, "stem");
    if (it.quarter && it.three_quarters) {
      track +=
          rect(scale.place(*it.quarter), scale.place(*it.three_quarters), 5, 12, "class=\"box\"");
    }
    for (const auto& end : {it.low, it.highest}) {
      if (end) track += upright(scale.place(*end), 7, 15, "stem");
    }
    if (it.high) track += upright(scale.place(*it.high), 5, 17, "stem");
    if (it.middle) track += upright(scale.place(*it.middle), 2, 20, "median");
    rows += chart_row(it.row, track);
  }
  return chart(name, rows, axis_row(scale));
}

std::string interval_chart(const std::string& name, const Scale& scale,
                           const std::vector<Estimate>& estimates) {
  std::string rows;
  for (const Estimate& it : estimates) {
    std::string track = grid_lines(scale);
    if (it.low && it.high) {
      track += line(scale.place(*it.low), scale.place(*it.high), kMiddle, "stem wide");
      for (const double end : {*it.low, *it.high}) {
        track += upright(scale.place(end), 6, 16, "stem");
      }
    }
    if (it.value) {
      track += run_mark(it.row.run, percent_of(scale.place(*it.value)), kMiddle, it.row.tip);
    }
    rows += chart_row(it.row, track);
  }
  return chart(name, rows, axis_row(scale));
}

std::string stack_chart(const std::string& name, double whole, const std::vector<Stack>& stacks) {
  std::string rows;
  for (const Stack& stack : stacks) {
    std::string track;
    double at = 0;
    for (const Part& part : stack.parts) {
      if (part.size <= 0 || whole <= 0) continue;
      const double from = at / whole;
      at += part.size;
      track += rect(
          from, at / whole, 1, 20,
          fmt::format("class=\"part {}\" data-tip=\"{}\"", part.style, escape_html(part.label)));
      if (!part.inside.empty() && part.size / whole > 0.05) {
        track += fmt::format("<text class=\"inside\" x=\"{}\" y=\"15\">{}</text>",
                             percent_of((from + at / whole) / 2), part.inside);
      }
    }
    if (stack.mark && whole > 0) {
      track += fmt::format(
          "<g class=\"peak\" data-tip=\"{}\">{}<svg x=\"{}\" y=\"0\" overflow=\"visible\"><path "
          "d=\"M-4.5,0H4.5L0,6z\"/></svg></g>",
          escape_html(stack.mark_label), upright(*stack.mark / whole, 0, 22, "peak-line"),
          percent_of(*stack.mark / whole));
    }
    rows += chart_row(stack.row, track);
  }
  return chart(name, rows, "");
}

std::string swatch(const std::string& style) {
  return fmt::format(
      "<svg class=\"swatch\" aria-hidden=\"true\"><rect class=\"part {}\" width=\"100%\" "
      "height=\"100%\"/></svg>",
      style);
}

}  // namespace assay
