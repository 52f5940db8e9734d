// What was set, what was met, what must not be compared, and the overview.
#include <fmt/core.h>

#include <array>

#include "core/json_access.h"
#include "reports/common/look.h"
#include "reports/common/page.h"
#include "reports/common/show.h"
#include "reports/common/words.h"
#include "reports/compare/html_parts.h"

namespace assay {
namespace {

using nlohmann::json;

/// A setting's name in words with its path; what has no words is its path.
std::string setting_name(const std::string& path) {
  for (const Words& words : setting_words()) {
    if (words.name != path) continue;
    return explained(words.label, words.text) + " <span class=\"soft\">" + escape_html(path) +
           "</span>";
  }
  // A task's settings: "mini-math.max_new_tokens".
  const std::size_t dot = path.rfind('.');
  for (const Words& words : setting_words()) {
    if (dot == std::string::npos || words.name != "task" + path.substr(dot)) continue;
    return inline_text(path.substr(0, dot)) + ": " + explained(words.label, words.text);
  }
  return inline_text(path);
}

/// A fingerprint tells equal from different with its first digits.
std::string setting_value(const json& value) {
  const std::string text = show_value(value);
  if (const std::string cut = show_short(value); cut != text) return explained(cut, text);
  if (value.is_number_integer()) return show_count(value.get<std::int64_t>());
  if (value.is_number()) return show_number(value.get<double>());
  return inline_text(text);
}

/// A policy is explained, whatever its version.
std::string value_of(const std::string& name, const json& value) {
  const bool is_policy = name == "backend.numerics" || name == "identity.numerics";
  return is_policy && value.is_string() ? policy_term(value.get<std::string>())
                                        : setting_value(value);
}

std::string settings_table(const json& comparison, const json& list) {
  const std::size_t n = json_list(comparison, "runs").size();
  std::vector<TableColumn> columns = {{"setting", false, {}}};
  for (std::size_t i = 0; i < n; ++i) columns.push_back(run_column(comparison, i, false));
  std::vector<TableRow> rows;
  for (const json& it : list) {
    TableRow row;
    row.cells.push_back({setting_name(json_text(it, "name")), {}});
    for (const json& value : json_list(it, "values"))
      row.cells.push_back({value_of(json_text(it, "name"), value), {}});
    rows.push_back(std::move(row));
  }
  return sortable_table("", columns, rows);
}

}  // namespace

std::string settings_html(const json& comparison) {
  const json& of = json_member(comparison, "settings");
  const json& different = json_list(of, "different");
  std::string out = "<h2 id=\"settings\">What differs between the runs</h2>";
  out += different.empty() ? "<p>No setting differs.</p>" : settings_table(comparison, different);
  out +=
      "<details class=\"data\"><summary>Conditions that the runs met (found, not set)</summary>" +
      settings_table(comparison, json_list(of, "conditions")) + "</details>";
  std::vector<TableRow> rows;
  for (const json& it : json_list(of, "same")) {
    rows.push_back({{{setting_name(json_text(it, "name")), {}},
                     {value_of(json_text(it, "name"), json_member(it, "value")), {}}},
                    {}});
  }
  return out + table_behind(fmt::format("What is the same in all runs ({} setting{})", rows.size(),
                                        rows.size() == 1 ? "" : "s"),
                            {{"setting", false, {}}, {"value", false, {}}}, rows);
}

std::string refusals_html(const json& comparison) {
  const json& refused = json_list(comparison, "refused");
  if (refused.empty()) return {};
  std::string out = "<h2 id=\"refused\">Not compared</h2><ul>";
  for (const json& it : refused) {
    out += "<li>" + inline_text(json_text(it, "what")) + ": " + inline_text(json_text(it, "why")) +
           "</li>";
  }
  return out + "</ul>";
}

std::string overview_html(const json& comparison) {
  std::vector<TableColumn> columns = {{"run", false, {}},
                                      {term("decode") + ", tokens/s", true, {}},
                                      {term("prefill") + ", tokens/s", true, {}},
                                      {term("ttft") + " median, ms", true, {}},
                                      {term("peak_memory"), true, {}}};
  for (const json& task : json_list(comparison, "tasks")) {
    const std::string name = inline_text(json_text(task, "name"));
    columns.push_back({name + ": " + term("pass@1", "right"), true, {}});
    columns.push_back({name + ": " + term("complete", "chains complete"), true, {}});
  }
  std::vector<TableRow> rows;
  const json& runs = json_list(comparison, "runs");
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const json& speed = json_member(runs[i], "throughput");
    const json& memory = json_member(runs[i], "memory");
    const auto number = [](std::optional<double> value) {
      return number_cell(value, show_number(value));
    };
    const auto peak = json_integer(memory, "device_peak_bytes")
                          ? json_integer(memory, "device_peak_bytes")
                          : json_integer(memory, "host_peak_bytes");
    std::vector<TableCell> cells = {
        number(json_number(speed, "decode_tokens_per_s")),
        number(json_number(speed, "prefill_tokens_per_s")),
        number(json_number(json_member(speed, "ttft_ms"), "p50")),
        {show_bytes(peak),
         peak ? std::optional<double>(static_cast<double>(*peak)) : std::nullopt}};
    for (const json& task : json_list(comparison, "tasks")) {
      const json& run = json_list(task, "runs")[i];
      const bool refused = json_member(run, "refused").is_string();
      for (const auto& [group, name] :
           {std::pair("metrics", "pass@1"), std::pair("chain", "complete_rate")}) {
        const auto value = json_number(json_member(json_member(run, group), name), "value");
        cells.push_back(refused ? TableCell{"not compared", {}}
                                : number_cell(value, show_percent(value)));
      }
    }
    rows.push_back(run_row(comparison, i, std::move(cells)));
  }
  return "<h2 id=\"overview\">Overview</h2>" + sortable_table("", columns, rows);
}

std::string run_label(const json& comparison, std::size_t run) {
  const json& runs = json_list(comparison, "runs");
  return run < runs.size() ? inline_text(json_text(runs[run], "label")) : std::string();
}

std::string run_head(const json& comparison, std::size_t run) {
  return run_badge(run) + " " + run_label(comparison, run);
}

TableColumn run_column(const json& comparison, std::size_t run, bool number) {
  return {run_head(comparison, run), number, run};
}

TableRow run_row(const json& comparison, std::size_t run, std::vector<TableCell> cells) {
  cells.insert(cells.begin(), {run_head(comparison, run), static_cast<double>(run)});
  return {std::move(cells), run};
}

std::string short_rate(const json& rate) {
  const auto value = json_number(rate, "value");
  const json& interval = json_list(rate, "ci95");
  if (!value || interval.size() != 2 || !interval[0].is_number() || !interval[1].is_number()) {
    return show_percent(value);
  }
  return fmt::format("<b>{}</b> <span class=\"soft\">({:.1f} to {:.1f})</span>",
                     show_percent(value), interval[0].get<double>() * 100,
                     interval[1].get<double>() * 100);
}

Estimate estimate_of(const json& comparison, std::size_t run, const json& rate) {
  Estimate out;
  out.row = {run, run_label(comparison, run), short_rate(rate), show_rate(rate)};
  out.value = json_number(rate, "value");
  const json& interval = json_list(rate, "ci95");
  if (interval.size() == 2 && interval[0].is_number() && interval[1].is_number()) {
    out.low = interval[0].get<double>();
    out.high = interval[1].get<double>();
  }
  return out;
}

}  // namespace assay
