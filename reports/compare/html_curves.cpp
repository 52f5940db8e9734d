// Curves over tokens: the score at smaller budgets, and how long two runs write the same.
#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "core/json_access.h"
#include "reports/common/look.h"
#include "reports/common/page.h"
#include "reports/common/plot.h"
#include "reports/common/show.h"
#include "reports/compare/html_parts.h"

namespace assay {
namespace {

using nlohmann::json;

PlotAxis percent_axis(const std::string& label) {
  return {label, percent_scale(), {}};
}

PlotAxis token_axis(double from, double to, const std::string& label) {
  constexpr double kMostTokens = 1e12;  // of a curve; a report may claim anything
  from = std::clamp(from, 1.0, kMostTokens);
  to = std::clamp(to, from, kMostTokens);
  PlotAxis axis{label, {from, to, true, "", false}, {}};
  const int steps = static_cast<int>(std::ceil(std::log2(to / from)));
  const int every = std::max(1, (steps + 5) / 6);
  double power = std::pow(2.0, std::ceil(std::log2(from) - 1e-9));
  for (; power <= to * 1.001; power *= std::pow(2.0, every)) {
    axis.ticks.push_back({power, show_count(static_cast<std::int64_t>(power))});
  }
  return axis;
}

std::string name_of(const json& comparison, std::size_t run) {
  return run_letter(run) + " " + json_text(json_list(comparison, "runs")[run], "label");
}

PlotPoint budget_point(const json& comparison, std::size_t run, const json& row) {
  const auto budget = json_integer(row, "budget");
  PlotPoint point{
      static_cast<double>(budget.value_or(1)), json_number(row, "value").value_or(0), {}, {}, ""};
  const json& interval = json_list(row, "ci95");
  if (interval.size() == 2 && interval[0].is_number() && interval[1].is_number()) {
    point.low = interval[0].get<double>();
    point.high = interval[1].get<double>();
  }
  point.tip =
      fmt::format("{}\n{} tokens: {}; {} ended by then, {} had not", name_of(comparison, run),
                  show_count(budget), show_rate(row), show_count(json_integer(row, "ended")),
                  show_count(json_integer(row, "censored")));
  return point;
}

/// Points at powers of two of a survival function, and where it steps.
PlotLine survival_line(const json& comparison, std::size_t run, const json& survival, double end) {
  PlotLine line{run, {{1, 1, {}, {}, ""}}, true, false};
  double share = 1;
  for (const json& step : survival) {
    const auto tokens = json_number(step, "tokens");
    const auto value = json_number(step, "share");
    if (!tokens || !value) continue;
    share = *value;
    line.points.push_back({std::max(1.0, *tokens),
                           share,
                           {},
                           {},
                           fmt::format("{}\nthe same after {} tokens: {}", name_of(comparison, run),
                                       show_number(tokens), show_percent(value))});
  }
  line.points.push_back({end, share, {}, {}, ""});
  return line;
}

double last_token(const json& survival) {
  return survival.empty() ? 1 : json_number(survival.back(), "tokens").value_or(1);
}

std::string partings_table(const json& comparison, const json& task) {
  const std::vector<TableColumn> columns = {
      {"run", false, {}},           {"completions compared", true, {}},
      {"identical", true, {}},      {"tokens until they part, median", true, {}},
      {term("near_tie"), true, {}}, {term("material"), true, {}},
      {"unknown", true, {}}};
  std::vector<TableRow> rows;
  for (const json& it : json_list(task, "partings")) {
    if (json_member(it, "why").is_string()) continue;
    std::vector<TableCell> cells;
    const auto add = [&cells](const json& of, const char* name) {
      const auto value = json_integer(of, name);
      cells.push_back({show_count(value), value ? std::optional<double>(*value) : std::nullopt});
    };
    for (const char* name : {"samples", "identical", "median_tokens"}) add(it, name);
    for (const char* name : {"near_tie", "material", "unknown"}) {
      add(json_member(it, "divergences"), name);
    }
    rows.push_back(run_row(comparison, static_cast<std::size_t>(json_integer(it, "b").value_or(0)),
                           std::move(cells)));
  }
  return rows.empty() ? std::string()
                      : table_behind("Table: where completions part", columns, rows);
}

}  // namespace

std::string budget_html(const json& comparison, const json& task) {
  const json& runs = json_list(task, "runs");
  Plot plot;
  double least = 0;
  double most = 0;
  std::vector<TableColumn> columns = {{"token budget", true, {}}};
  std::vector<std::int64_t> budgets;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    if (!runs[i].is_object() || json_member(runs[i], "refused").is_string()) continue;
    PlotLine line{i, {}, false, true};
    for (const json& row : json_list(runs[i], "score_by_budget")) {
      const auto budget = json_integer(row, "budget");
      if (!budget || *budget < 1 || !json_number(row, "value")) continue;
      least = least == 0 ? static_cast<double>(*budget) : std::min<double>(least, *budget);
      most = std::max<double>(most, *budget);
      line.points.push_back(budget_point(comparison, i, row));
      if (std::find(budgets.begin(), budgets.end(), *budget) == budgets.end()) {
        budgets.push_back(*budget);
      }
    }
    if (line.points.empty()) continue;
    columns.push_back(run_column(comparison, i, true));
    plot.lines.push_back(std::move(line));
  }
  if (plot.lines.empty()) return {};
  // Many intervals at one place hide one another; the table has them.
  if (plot.lines.size() > 3) {
    for (PlotLine& line : plot.lines) {
      for (PlotPoint& point : line.points) point.low.reset(), point.high.reset();
    }
  }
  std::sort(budgets.begin(), budgets.end());
  std::vector<TableRow> rows;
  for (const std::int64_t budget : budgets) {
    TableRow row{{{show_count(budget), static_cast<double>(budget)}}, {}};
    for (const PlotLine& line : plot.lines) {
      TableCell cell{show_value(nullptr), {}};
      for (const json& it : json_list(runs[line.run], "score_by_budget")) {
        if (json_integer(it, "budget") == budget) cell = {short_rate(it), json_number(it, "value")};
      }
      row.cells.push_back(std::move(cell));
    }
    rows.push_back(std::move(row));
  }
  std::string out = "<h3>" + term("budget", "Score by token budget") + "</h3>";
  if (most > least) {
    plot.name = "Score by token budget";
    plot.x = token_axis(least, most, "token budget (logarithmic)");
    plot.y = percent_axis("right, and finished within the budget");
    out += plot_html(plot);
  } else {
    out +=
        "<p>The runs' budget is too small for a curve: the smallest that is read is 128 tokens."
        "</p>";
  }
  return out + table_behind("Table: score by budget", columns, rows);
}

std::string survival_plot(const json& comparison, const SurvivalCurves& curves,
                          const std::string& name) {
  double end = 2;
  for (const auto& [run, survival] : curves) end = std::max(end, last_token(survival));
  end = std::min(end, 1e12) * 1.3;
  Plot plot;
  plot.name = name;
  plot.x = token_axis(1, end, "tokens since the prompt (logarithmic)");
  plot.y = percent_axis("completions that are still the same");
  plot.guides.push_back({1, 0.5, end, 0.5, "half", false});
  for (const auto& [run, survival] : curves) {
    plot.lines.push_back(survival_line(comparison, run, survival, end));
  }
  return plot_html(plot);
}

std::string partings_html(const json& comparison, const json& task) {
  SurvivalCurves curves;
  std::string notes;
  for (const json& it : json_list(task, "partings")) {
    const auto b = static_cast<std::size_t>(json_integer(it, "b").value_or(0));
    if (const std::string why = json_text(it, "why"); !why.empty()) {
      notes += fmt::format("<p class=\"soft r{}\">{}: not known; {}.</p>", b,
                           run_head(comparison, b), inline_text(why));
      continue;
    }
    curves.emplace_back(b, json_list(it, "survival"));
  }
  if (curves.empty() && notes.empty()) return {};
  const auto a =
      static_cast<std::size_t>(json_integer(json_list(task, "partings").front(), "a").value_or(0));
  std::string out = "<h3>" + term("survival", "How long each run writes what the baseline writes") +
                    "</h3><p class=\"soft\">The baseline is " + run_head(comparison, a) + ".</p>";
  if (!curves.empty()) {
    out +=
        survival_plot(comparison, curves, "Completions that are still the same as the baseline's");
  }
  return out + notes + partings_table(comparison, task);
}

}  // namespace assay
