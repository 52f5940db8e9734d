// Charts with a row for each run: bars, ranges, intervals, stacked parts. Widths are percentages,
// so a chart fits any screen and its words keep their size.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace assay {

/// What every row starts and ends with.
struct ChartRow {
  std::size_t run = 0;
  std::string label;  ///< finished HTML, beside the run's letter
  std::string value;  ///< finished HTML, at the end of the row
  std::string tip;    ///< foreign text, for the tooltip of the row's mark
};

/// A linear scale from 0, or a logarithmic one.
struct Scale {
  double from = 0;
  double to = 1;
  bool logarithmic = false;
  std::string unit;      ///< behind the axis's numbers: "ms"
  bool percent = false;  ///< values are fractions, shown as percentages

  /// 0 to 1; values outside are put at the ends.
  double place(double value) const;
};
/// A scale that holds all values, with round ends.
Scale linear_scale(const std::vector<double>& values, std::string unit);
Scale log_scale(const std::vector<double>& values, std::string unit);
Scale percent_scale();  ///< 0 to 100 %

struct Tick {
  double value = 0;
  std::string label;
};
/// About `count` round values of the scale.
std::vector<Tick> ticks_of(const Scale& scale, int count = 4);

struct Bar {
  ChartRow row;
  std::optional<double> value;
  /// Single measurements around the value, drawn as a thin line from the least to the largest.
  std::vector<double> runs;
};
std::string bar_chart(const std::string& name, const Scale& scale, const std::vector<Bar>& bars);

/// Five numbers of a distribution; absent ones are not drawn.
struct Spread {
  ChartRow row;
  std::optional<double> low, quarter, middle, three_quarters, high, highest;
};
std::string spread_chart(const std::string& name, const Scale& scale,
                         const std::vector<Spread>& spreads);

/// A value with its interval.
struct Estimate {
  ChartRow row;
  std::optional<double> value, low, high;
};
std::string interval_chart(const std::string& name, const Scale& scale,
                           const std::vector<Estimate>& estimates);

struct Part {
  double size = 0;
  std::string style;   ///< "o1" to "o9", "m1" to "m3": a colour and a pattern
  std::string label;   ///< foreign text, for the tooltip
  std::string inside;  ///< finished text inside the part where there is room
};
struct Stack {
  ChartRow row;
  std::vector<Part> parts;
  std::optional<double> mark;  ///< a measured value beside the parts
  std::string mark_label;
};
std::string stack_chart(const std::string& name, double whole, const std::vector<Stack>& stacks);

/// A swatch of a part's colour and pattern.
std::string swatch(const std::string& style);

}  // namespace assay
