#include "reports/common/plot.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "reports/common/look.h"
#include "reports/common/page.h"

namespace assay {
namespace {

constexpr double kLetterGap = 16;    ///< pixels between two letters
constexpr double kGuessWidth = 640;  ///< pixels; only letters' collisions depend on it

std::vector<Tick> ticks(const PlotAxis& axis) {
  return axis.ticks.empty() ? ticks_of(axis.scale) : axis.ticks;
}

constexpr double kLetterWidth = 6.2;  ///< of a guide's label, on average

/// Pixels of a plot of kGuessWidth.
struct Box {
  double left = 0, top = 0, right = 0, bottom = 0;
};

bool meet(const Box& a, const Box& b) {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}

struct LabelPlace {
  double across = 0;  ///< share of the width
  double down = 0;    ///< pixels
  bool ends_there = false;
};

class Painter {
 public:
  explicit Painter(const Plot& plot) : plot_(plot), height_(plot.height) {}

  std::string html() const {
    std::string out = fmt::format(
        "<figure class=\"plot{}\" role=\"group\" aria-label=\"{}\"><div class=\"y-label\">{}</div>",
        plot_.scatter ? " scatter" : "", escape_html(plot_.name), plot_.y.label);
    out += fmt::format("<svg class=\"y-axis\" height=\"{}\" aria-hidden=\"true\">{}</svg>",
                       plot_.height, y_ticks());
    out += fmt::format("<svg class=\"field\" height=\"{}\" aria-hidden=\"true\">{}{}{}{}</svg>",
                       plot_.height, grid(), guides(), curves(), marks());
    if (!plot_.scatter) {
      out += fmt::format("<svg class=\"ends\" height=\"{}\" aria-hidden=\"true\">{}</svg>",
                         plot_.height, end_letters());
    }
    return out + fmt::format(
                     "<svg class=\"x-axis\" aria-hidden=\"true\">{}</svg>"
                     "<div class=\"x-label\">{}</div></figure>",
                     x_ticks(), plot_.x.label);
  }

 private:
  double x(double value) const { return plot_.x.scale.place(value); }
  /// Pixels from the top.
  double y(double value) const { return height_ * (1 - plot_.y.scale.place(value)); }

  std::string y_ticks() const {
    std::string out;
    for (const Tick& tick : ticks(plot_.y)) {
      const double at = std::clamp(y(tick.value) + 4, 10.0, height_);
      out += fmt::format("<text x=\"100%\" y=\"{}\" text-anchor=\"end\">{}</text>", svg_number(at),
                         escape_html(tick.label));
    }
    return out;
  }

  std::string x_ticks() const {
    std::string out;
    for (const Tick& tick : ticks(plot_.x)) {
      const double at = x(tick.value);
      const char* anchor = at < 0.02 ? "start" : at > 0.98 ? "end" : "middle";
      out += fmt::format("<text x=\"{}\" y=\"13\" text-anchor=\"{}\">{}</text>", percent_of(at),
                         anchor, escape_html(tick.label));
    }
    return out;
  }

  std::string grid() const {
    std::string out;
    for (const Tick& tick : ticks(plot_.y)) {
      const std::string at = svg_number(y(tick.value));
      out += fmt::format("<line class=\"grid\" x1=\"0\" x2=\"100%\" y1=\"{}\" y2=\"{}\"/>", at, at);
    }
    for (const Tick& tick : ticks(plot_.x)) {
      const std::string at = percent_of(x(tick.value));
      out += fmt::format("<line class=\"grid\" x1=\"{}\" x2=\"{}\" y1=\"0\" y2=\"100%\"/>", at, at);
    }
    return out;
  }

  std::vector<Box> mark_boxes() const {
    std::vector<Box> out;
    for (const PlotLine& it : plot_.lines) {
      for (const PlotPoint& point : it.points) {
        // The mark, and its letter above it to the right.
        const double across = x(point.x) * kGuessWidth;
        out.push_back({across - 10, y(point.y) - 24, across + 32, y(point.y) + 10});
      }
    }
    return out;
  }

  /// Where a guide's label would stand.
  LabelPlace label_at(const PlotGuide& guide, double along, bool below, bool ends_there) const {
    const double across = x(guide.x1) + along * (x(guide.x2) - x(guide.x1));
    const double down = y(guide.y1) + along * (y(guide.y2) - y(guide.y1)) + (below ? 16 : -5);
    return {across, std::clamp(down, 12.0, height_ - 3), ends_there};
  }

  Box box_of(const LabelPlace& at, const std::string& label) const {
    const double width = kLetterWidth * static_cast<double>(label.size());
    const double from = at.across * kGuessWidth - (at.ends_there ? width : 0);
    return {from, at.down - 12, from + width, at.down + 4};
  }

  /// The first place along the guide where the label covers no mark and no other label; else the
  /// one that covers least.
  LabelPlace place_label(const PlotGuide& guide, std::vector<Box>* taken) const {
    std::vector<LabelPlace> places;
    const bool below = !guide.at_end;
    places.push_back(label_at(guide, guide.at_end ? 1 : guide.along, below, guide.at_end));
    for (const double along : {1.0, 0.8, 0.6, 0.4, 0.2, 0.0}) {
      for (const bool under : {below, !below}) {
        for (const bool ends : {guide.at_end, !guide.at_end}) {
          places.push_back(label_at(guide, along, under, ends));
        }
      }
    }
    const LabelPlace* best = nullptr;
    std::ptrdiff_t fewest = 0;
    for (const LabelPlace& place : places) {
      const Box box = box_of(place, guide.label);
      const bool first = best == nullptr;
      if (!first && (box.left < -1 || box.right > kGuessWidth + 1)) continue;
      const auto covered = std::count_if(taken->begin(), taken->end(),
                                         [&box](const Box& other) { return meet(box, other); });
      if (first || covered < fewest) {
        best = &place;
        fewest = covered;
      }
      if (fewest == 0) break;
    }
    taken->push_back(box_of(*best, guide.label));
    return *best;
  }

  std::string guides() const {
    std::string out;
    std::vector<Box> taken = mark_boxes();
    for (const PlotGuide& guide : plot_.guides) {
      out += fmt::format("<line class=\"guide\" x1=\"{}\" x2=\"{}\" y1=\"{}\" y2=\"{}\"/>",
                         percent_of(x(guide.x1)), percent_of(x(guide.x2)), svg_number(y(guide.y1)),
                         svg_number(y(guide.y2)));
      const LabelPlace at = place_label(guide, &taken);
      out +=
          fmt::format("<text class=\"guide-label\" x=\"{}\" y=\"{}\" text-anchor=\"{}\">{}</text>",
                      percent_of(at.across), svg_number(at.down), at.ends_there ? "end" : "start",
                      escape_html(guide.label));
    }
    return out;
  }

  /// Lines as one stretched drawing: their width does not scale, their places do.
  std::string curves() const {
    if (plot_.scatter) return {};
    std::string out;
    for (const PlotLine& it : plot_.lines) {
      std::string path;
      for (const PlotPoint& point : it.points) {
        const std::string at_x = svg_number(1000 * x(point.x));
        const std::string at_y = svg_number(y(point.y));
        if (path.empty()) {
          path = fmt::format("M{},{}", at_x, at_y);
        } else if (it.steps) {
          path += fmt::format("H{}V{}", at_x, at_y);
        } else {
          path += fmt::format("L{},{}", at_x, at_y);
        }
      }
      out += fmt::format("<path class=\"curve {}\" d=\"{}\"/>", run_classes(it.run), path);
    }
    return fmt::format(
        "<svg width=\"100%\" height=\"{0}\" viewBox=\"0 0 1000 {0}\" "
        "preserveAspectRatio=\"none\">{1}</svg>",
        plot_.height, out);
  }

  std::string marks() const {
    std::string out;
    for (const PlotLine& it : plot_.lines) {
      for (const PlotPoint& point : it.points) {
        if (point.low && point.high) {
          const std::string at = percent_of(x(point.x));
          out += fmt::format("<line class=\"stem {}\" x1=\"{}\" x2=\"{}\" y1=\"{}\" y2=\"{}\"/>",
                             run_classes(it.run), at, at, svg_number(y(*point.low)),
                             svg_number(y(*point.high)));
        }
        if (it.marks) out += run_mark(it.run, percent_of(x(point.x)), y(point.y), point.tip);
      }
    }
    return plot_.scatter ? out + scattered_letters() : out;
  }

  /// The letter beside each mark, moved down where another one stands already.
  std::string scattered_letters() const {
    std::vector<std::pair<double, double>> taken;
    std::string out;
    for (const PlotLine& it : plot_.lines) {
      for (const PlotPoint& point : it.points) {
        const double across = x(point.x) * kGuessWidth;
        double down = y(point.y) - 12;
        const auto collides = [&taken, across](double at) {
          return std::any_of(taken.begin(), taken.end(), [across, at](const auto& other) {
            return std::fabs(other.first - across) < 18 && std::fabs(other.second - at) < 15;
          });
        };
        for (int i = 0; i < 40 && collides(down); ++i) down += 4;
        taken.emplace_back(across, down);
        const std::string at = percent_of(x(point.x));
        out += fmt::format(
            "<svg class=\"{}\" x=\"{}\" y=\"0\" overflow=\"visible\"><line class=\"lead\" x1=\"0\" "
            "y1=\"{}\" x2=\"12\" y2=\"{}\"/></svg><g class=\"shift\">{}</g>",
            run_classes(it.run), at, svg_number(y(point.y)), svg_number(down),
            run_letter_mark(it.run, at, down));
      }
    }
    return out;
  }

  /// Letters at the lines' ends, pushed apart, each tied to its line.
  std::string end_letters() const {
    std::vector<std::pair<double, std::size_t>> ends;
    for (const PlotLine& it : plot_.lines) {
      if (!it.points.empty()) ends.emplace_back(y(it.points.back().y), it.run);
    }
    std::sort(ends.begin(), ends.end());
    std::vector<double> at;
    at.reserve(ends.size());
    for (const auto& end : ends) {
      at.push_back(at.empty() ? std::max(8.0, end.first)
                              : std::max(end.first, at.back() + kLetterGap));
    }
    double limit = height_ - 8;
    for (std::size_t i = at.size(); i-- > 0; limit -= kLetterGap) at[i] = std::min(at[i], limit);
    std::string out;
    for (std::size_t i = 0; i < ends.size(); ++i) {
      const std::string letter = svg_number(at[i]);
      out += fmt::format("<line class=\"lead r{}\" x1=\"0\" y1=\"{}\" x2=\"14\" y2=\"{}\"/>",
                         ends[i].second, svg_number(ends[i].first), letter);
      out += run_letter_mark(ends[i].second, "22", at[i]);
    }
    return out;
  }

  const Plot& plot_;
  double height_;
};

}  // namespace

std::string plot_html(const Plot& plot) {
  return Painter(plot).html();
}

}  // namespace assay
