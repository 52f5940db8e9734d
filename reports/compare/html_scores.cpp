// One task: scores with their intervals, the outcomes of its samples, the parts of its chains.
#include <fmt/core.h>

#include <algorithm>

#include "core/json_access.h"
#include "reports/common/charts.h"
#include "reports/common/look.h"
#include "reports/common/page.h"
#include "reports/common/show.h"
#include "reports/common/words.h"
#include "reports/compare/html_parts.h"

namespace assay {
namespace {

using nlohmann::json;

bool refused(const json& run) {
  return !run.is_object() || json_member(run, "refused").is_string();
}

/// One rate of each run that may stand beside the baseline's.
std::string rate_chart(const json& comparison, const json& task, const char* group,
                       const char* name, const std::string& title, const std::string& words) {
  const json& runs = json_list(task, "runs");
  std::vector<Estimate> estimates;
  bool known = false;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    if (refused(runs[i])) continue;
    const json& rate = json_member(json_member(runs[i], group), name);
    Estimate it = estimate_of(comparison, i, rate);
    if (!it.value) {
      const std::string why = json_text(rate, "why");
      it.row.value = why.empty() ? show_value(nullptr) : explained("no value", why);
    }
    known = known || it.value.has_value();
    estimates.push_back(std::move(it));
  }
  if (!known) return {};
  return "<div><h4>" + title + "</h4>" + interval_chart(words, percent_scale(), estimates) +
         "</div>";
}

std::string outcome_stacks(const json& comparison, const json& task) {
  const json& runs = json_list(task, "runs");
  std::vector<Stack> stacks;
  std::vector<bool> used(outcome_words().size(), false);
  for (std::size_t i = 0; i < runs.size(); ++i) {
    if (!runs[i].is_object()) continue;
    const json& outcomes = json_member(runs[i], "outcomes");
    Stack stack;
    double total = 0;
    for (const Words& words : outcome_words()) {
      total += static_cast<double>(json_integer(outcomes, words.name).value_or(0));
    }
    if (total <= 0) continue;
    std::size_t number = 0;
    for (const Words& words : outcome_words()) {
      const std::int64_t count = json_integer(outcomes, words.name).value_or(0);
      used[number] = used[number] || count > 0;
      ++number;
      const double share = static_cast<double>(count) / total;
      stack.parts.push_back({share, fmt::format("o{}", number),
                             fmt::format("{} {}: {} of {:.0f} ({})", run_letter(i), words.label,
                                         count, total, show_percent(share)),
                             show_count(count)});
    }
    stack.row = {i, run_label(comparison, i),
                 fmt::format("{} samples{}", show_count(static_cast<std::int64_t>(total)),
                             refused(runs[i]) ? " <span class=\"soft\">(not compared)</span>" : ""),
                 ""};
    stacks.push_back(std::move(stack));
  }
  if (stacks.empty()) return {};
  std::string legend = "<ul class=\"legend\">";
  std::size_t number = 0;
  for (const Words& words : outcome_words()) {
    if (!used[number++]) continue;
    legend +=
        "<li>" + swatch(fmt::format("o{}", number)) + explained(words.label, words.text) + "</li>";
  }
  return "<h3>" + term("outcome", "Outcomes") + ": every sample is in exactly one class</h3>" +
         legend + "</ul>" + stack_chart("Outcomes", 1, stacks);
}

std::string outcome_table(const json& comparison, const json& task) {
  std::vector<TableColumn> columns = {{"run", false, {}}};
  for (const Words& words : outcome_words()) {
    columns.push_back({explained(words.label, words.text), true, {}});
  }
  std::vector<TableRow> rows;
  const json& runs = json_list(task, "runs");
  for (std::size_t i = 0; i < runs.size(); ++i) {
    if (!runs[i].is_object()) continue;
    std::vector<TableCell> cells;
    for (const Words& words : outcome_words()) {
      const auto count = json_integer(json_member(runs[i], "outcomes"), words.name);
      cells.push_back({show_count(count), static_cast<double>(count.value_or(0))});
    }
    rows.push_back(run_row(comparison, i, std::move(cells)));
  }
  return table_behind("Table: outcomes", columns, rows);
}

TableCell rate_cell(std::size_t i, const json& run, const json& rate) {
  if (!run.is_object()) return {show_value(nullptr), {}};
  if (refused(run)) return {"not compared", {}};
  const auto value = json_number(rate, "value");
  if (!value) {
    const std::string why = json_text(rate, "why");
    return {why.empty() ? show_value(nullptr) : explained("\u2013", why), {}};
  }
  return {short_rate(rate) + rate_bar(rate, run_classes(i)), value};
}

/// Parts of the chain by run: each cell with its bar, so that the table is the chart.
std::string chain_table(const json& comparison, const json& task) {
  const json& runs = json_list(task, "runs");
  std::vector<TableColumn> columns = {{"part of the chain", false, {}}};
  for (std::size_t i = 0; i < runs.size(); ++i) columns.push_back(run_column(comparison, i, false));
  std::vector<TableRow> rows;
  const auto add = [&](const std::string& label, const auto& read) {
    TableRow row{{{label, {}}}, {}};
    for (std::size_t i = 0; i < runs.size(); ++i) {
      row.cells.push_back(rate_cell(i, runs[i], read(json_member(runs[i], "chain"))));
    }
    rows.push_back(std::move(row));
  };
  for (const char* name : {"complete", "strictly_complete"}) {
    add(term(name), [name](const json& chain) -> const json& {
      return json_member(chain, std::string(name) + "_rate");
    });
  }
  for (const Words& words : component_words()) {
    add(explained(fmt::format("{} ({})", words.label, words.name), words.text),
        [&words](const json& chain) -> const json& {
          return json_member(json_member(chain, "components"), words.name);
        });
  }
  return "<h3>" + term("component", "Reasoning chains, part by part") + "</h3>" +
         sortable_table("Share of samples in which the part holds, with 95 % intervals", columns,
                        rows);
}

std::string score_table(const json& comparison, const json& task) {
  const json& runs = json_list(task, "runs");
  std::vector<std::string> names;
  for (const json& run : runs) {
    for (const auto& [name, rate] : json_member(run, "metrics").items()) {
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
  }
  std::vector<TableColumn> columns = {{"run", false, {}}};
  for (const std::string& name : names)
    columns.push_back({term(name, inline_text(name)), true, {}});
  for (const char* head : {"problems", "samples a problem", "token budget"}) {
    columns.push_back({head, true, {}});
  }
  columns.push_back({"length, median tokens", true, {}});
  columns.push_back({"cut by the budget", true, {}});
  std::vector<TableRow> rows;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    if (!runs[i].is_object()) continue;
    std::vector<TableCell> cells;
    for (const std::string& name : names) {
      const json& rate = json_member(json_member(runs[i], "metrics"), name);
      cells.push_back(refused(runs[i]) ? TableCell{"not compared", {}}
                                       : TableCell{short_rate(rate), json_number(rate, "value")});
    }
    const auto count = [&cells](const json& of, const char* name) {
      const auto value = json_integer(of, name);
      cells.push_back({show_count(value), value ? std::optional<double>(*value) : std::nullopt});
    };
    for (const char* name : {"n_problems", "samples_per_problem", "max_new_tokens"}) {
      count(runs[i], name);
    }
    count(json_member(runs[i], "length"), "median_tokens");
    count(json_member(runs[i], "length"), "censored");
    rows.push_back(run_row(comparison, i, std::move(cells)));
  }
  return table_behind("Table: scores", columns, rows);
}

}  // namespace

std::string scores_html(const json& comparison, const json& task) {
  std::string out;
  const json& runs = json_list(task, "runs");
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const std::string why = json_text(runs[i], "refused");
    if (why.empty()) continue;
    out += fmt::format(
        "<p class=\"warn r{}\">{}: its scores must not stand beside the "
        "baseline's; {}.</p>",
        i, run_head(comparison, i), inline_text(why));
  }
  out += "<h3>Scores with " + term("interval", "95 % intervals") + "</h3><div class=\"pair\">";
  out += rate_chart(comparison, task, "metrics", "pass@1", term("pass@1", "Right (pass@1)"),
                    "Right answers");
  out += rate_chart(comparison, task, "metrics", "cons@k",
                    term("cons@k", "Right by majority vote (cons@k)"), "Majority votes");
  out += rate_chart(comparison, task, "chain", "complete_rate", term("complete", "Chains complete"),
                    "Complete chains");
  out +=
      rate_chart(comparison, task, "chain", "strictly_complete_rate",
                 term("strictly_complete", "Chains strictly complete"), "Strictly complete chains");
  out += "</div>" + score_table(comparison, task);
  const std::string outcomes = outcome_stacks(comparison, task);
  if (!outcomes.empty()) out += outcomes + outcome_table(comparison, task);
  return out + chain_table(comparison, task);
}

}  // namespace assay
