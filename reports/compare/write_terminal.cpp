// The comparison for a terminal: a legend of letters, then columns of runs.
#include <fmt/core.h>

#include <algorithm>

#include "core/json_access.h"
#include "core/text.h"
#include "reports/common/look.h"
#include "reports/common/retention_words.h"
#include "reports/common/show.h"
#include "reports/compare/compare.h"
#include "reports/compare/roofline.h"
#include "reports/compare/values.h"

namespace assay {
namespace {

using nlohmann::json;

constexpr std::size_t kColumns = 100;  ///< of a terminal; more runs go into further tables
constexpr std::size_t kLabelColumns = 44;

std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](unsigned char c) { return (c & 0xC0U) != 0x80U; }));
}

std::string padded(const std::string& text, std::size_t width) {
  const std::size_t has = width_of(text);
  return text + std::string(has < width ? width - has : 0, ' ');
}

struct Row {
  std::string label;
  std::vector<std::string> cells;  ///< one a run
};

/// Rows under the runs' letters, as many runs side by side as there is room for.
std::string table(const std::string& title, const std::vector<Row>& rows, std::size_t runs) {
  if (rows.empty()) return {};
  std::size_t label = width_of(title);
  std::vector<std::size_t> widths(runs, 1);
  for (const Row& row : rows) {
    label = std::max(label, width_of(row.label) + 2);
    for (std::size_t i = 0; i < runs && i < row.cells.size(); ++i) {
      widths[i] = std::max(widths[i], width_of(row.cells[i]));
    }
  }
  label = std::min(label, kLabelColumns);
  std::string out;
  for (std::size_t from = 0; from < runs;) {
    std::size_t to = from;
    for (std::size_t used = label; to < runs; ++to) {
      used += widths[to] + 2;
      if (to > from && used > kColumns) break;
    }
    const auto line = [&](const std::string& head, const auto& cell) {
      std::string text = padded(head, label);
      for (std::size_t i = from; i < to; ++i) text += "  " + padded(cell(i), widths[i]);
      text.erase(text.find_last_not_of(' ') + 1);
      return text + "\n";
    };
    out += "\n" + line(title, [](std::size_t i) { return run_letter(i); });
    for (const Row& row : rows) {
      out += line("  " + row.label, [&row](std::size_t i) {
        return i < row.cells.size() ? row.cells[i] : std::string();
      });
    }
    from = to;
  }
  return out;
}

std::string setting_shown(const json& value) {
  return name_for_message(show_short(value), 18);
}

}  // namespace

std::string comparison_text(const json& comparison) {
  const json& runs = json_list(comparison, "runs");
  std::string out = name_for_message(json_text(comparison, "summary"), 2000) + "\n\n";
  for (std::size_t i = 0; i < runs.size(); ++i) {
    out += fmt::format("{}  {}\n", run_letter(i), name_for_message(json_text(runs[i], "label")));
  }
  std::vector<Row> rows;
  for (const json& it : json_list(json_member(comparison, "settings"), "different")) {
    Row row{name_for_message(json_text(it, "name"), 40), {}};
    for (const json& value : json_list(it, "values")) row.cells.push_back(setting_shown(value));
    rows.push_back(std::move(row));
  }
  out += rows.empty() ? "\nNo setting differs.\n" : table("What differs", rows, runs.size());
  for (const json& it : json_list(comparison, "refused")) {
    out += fmt::format("\nnot compared: {} ({})\n", name_for_message(json_text(it, "what"), 200),
                       name_for_message(json_text(it, "why"), 200));
  }
  for (const std::string& warning : roofline_warnings(comparison)) {
    out += "\nabove the roofline: " + warning + "\n";
  }
  const std::vector<ComparedValue> values = compared_values(comparison);
  bool has_retention = false;
  for (std::size_t from = 0; from < values.size();) {
    const ComparedValue& first = values[from];
    std::vector<Row> of_section;
    std::size_t to = from;
    for (;
         to < values.size() && values[to].section == first.section && values[to].task == first.task;
         ++to) {
      Row row{value_label(values[to]), {}};
      for (const json& run : values[to].runs) row.cells.push_back(value_shown(values[to], run));
      of_section.push_back(std::move(row));
    }
    const std::string task = first.task.empty() ? "" : name_for_message(first.task, 40) + ": ";
    out += table(task + section_title(first.section), of_section, runs.size());
    has_retention = has_retention || first.section == "retention";
    from = to;
  }
  if (has_retention) out += "\n" + std::string(published_retention_note()) + "\n";
  return out;
}

}  // namespace assay
