// Plots with two axes: lines with the run's letter at their end, or single marks. Places are
// percentages of the width, so a plot fits any screen and its words keep their size.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reports/common/bars.h"

namespace assay {

struct PlotPoint {
  double x = 0;
  double y = 0;
  std::optional<double> low, high;  ///< an interval of y
  std::string tip;                  ///< foreign text
};

struct PlotLine {
  std::size_t run = 0;
  std::vector<PlotPoint> points;  ///< by ascending x
  bool steps = false;             ///< y holds until the next point
  bool marks = true;              ///< a mark at each point
};

/// A line without a run: a ceiling, a chance level.
struct PlotGuide {
  double x1 = 0, y1 = 0, x2 = 0, y2 = 0;
  std::string label;   ///< foreign text
  bool at_end = true;  ///< the label stands above its end, else below it at `along`
  double along = 0.5;
};

struct PlotAxis {
  std::string label;  ///< finished HTML
  Scale scale;
  std::vector<Tick> ticks;  ///< empty: round values
};

struct Plot {
  std::string name;  ///< for screen readers
  PlotAxis x, y;
  std::vector<PlotLine> lines;
  std::vector<PlotGuide> guides;
  int height = 240;
  /// Marks alone, each with its run's letter beside it, instead of lines with a letter at the end.
  bool scatter = false;
};

std::string plot_html(const Plot& plot);

}  // namespace assay
