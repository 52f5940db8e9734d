// The comparison for a pull request's comment. Names in it are foreign: nothing in them becomes
// markup, a mention, an issue or a link.
#include <fmt/core.h>

#include <algorithm>

#include "core/json_access.h"
#include "core/text.h"
#include "reports/common/foreign_text.h"
#include "reports/common/look.h"
#include "reports/common/retention_words.h"
#include "reports/common/show.h"
#include "reports/compare/compare.h"
#include "reports/compare/roofline.h"
#include "reports/compare/values.h"

namespace assay {
namespace {

using nlohmann::json;

/// A forge takes comments of up to 65,536 characters.
constexpr std::size_t kMostBytes = 50'000;

/// "|  | A | B |" and the rule below.
std::string table_head(std::size_t runs) {
  std::string head = "|  |";
  std::string rule = "|---|";
  for (std::size_t i = 0; i < runs; ++i) {
    head += fmt::format(" **{}** |", run_letter(i));
    rule += "---|";
  }
  return head + "\n" + rule + "\n";
}

std::string runs_table(const json& runs) {
  std::string out = "|  | run | file |\n|---|---|---|\n";
  for (std::size_t i = 0; i < runs.size(); ++i) {
    out += fmt::format("| **{}** | {} | {} |\n", run_letter(i),
                       as_markdown_code(json_text(runs[i], "label")),
                       as_markdown_code(json_text(runs[i], "file")));
  }
  return out + "\n";
}

std::string settings_table(const json& comparison) {
  const json& different = json_list(json_member(comparison, "settings"), "different");
  std::string out = "#### What differs between the settings\n\n";
  if (different.empty()) return out + "Nothing.\n\n";
  out += table_head(json_list(comparison, "runs").size());
  for (const json& it : different) {
    out += "| " + as_markdown_code(json_text(it, "name")) + " |";
    for (const json& value : json_list(it, "values")) {
      out += " " + as_markdown_code(show_short(value)) + " |";
    }
    out += '\n';
  }
  return out + "\n";
}

std::string value_row(const ComparedValue& value) {
  std::string out = "| " + value_label(value) + " |";
  // A reference's name is foreign text.
  for (const json& run : value.runs) out += " " + as_markdown(value_shown(value, run)) + " |";
  return out + "\n";
}

/// Long tables are folded; what a reviewer looks for first is not.
bool is_folded(const std::string& section) {
  constexpr std::string_view kOpen[] = {"speed", "memory", "score", "outcome", "identity"};
  return std::find(std::begin(kOpen), std::end(kOpen), section) == std::end(kOpen);
}

/// Percentiles that the page's strips need and a comment does not.
bool is_left_out(const ComparedValue& value) {
  for (const char* part : {"_p5", "_p25", "_p75"}) {
    if (value.section == "speed" && value.name.ends_with(part)) return true;
  }
  return false;
}

std::string section(const std::vector<ComparedValue>& values, std::size_t from, std::size_t to,
                    std::size_t runs) {
  const ComparedValue& first = values[from];
  std::string rows;
  for (std::size_t i = from; i < to; ++i) {
    if (!is_left_out(values[i])) rows += value_row(values[i]);
  }
  const std::string task = first.task.empty() ? "" : as_markdown_code(first.task) + ": ";
  const std::string title = section_title(first.section);
  if (!is_folded(first.section)) {
    return "#### " + task + title + "\n\n" + table_head(runs) + rows + "\n";
  }
  return "<details><summary>" + title + "</summary>\n\n" + (task.empty() ? "" : task + "\n\n") +
         table_head(runs) + rows + "\n</details>\n\n";
}

}  // namespace

std::string comparison_markdown(const json& comparison) {
  const json& runs = json_list(comparison, "runs");
  std::string out =
      fmt::format("### {} run{} compared\n\n", runs.size(), runs.size() == 1 ? "" : "s");
  out += as_markdown(name_for_message(json_text(comparison, "summary"), 2000)) + "\n\n";
  out += runs_table(runs) + settings_table(comparison);
  for (const json& it : json_list(comparison, "refused")) {
    out += "Not compared: " + as_markdown_code(json_text(it, "what")) + " (" +
           as_markdown_code(json_text(it, "why")) + ")\n\n";
  }
  for (const std::string& warning : roofline_warnings(comparison)) {
    out += "Above the roofline: " + as_markdown(warning) + "\n\n";
  }
  const std::vector<ComparedValue> values = compared_values(comparison);
  bool has_retention = false;
  std::string left_out;
  for (std::size_t from = 0; from < values.size();) {
    std::size_t to = from;
    while (to < values.size() && values[to].section == values[from].section &&
           values[to].task == values[from].task) {
      ++to;
    }
    has_retention = has_retention || values[from].section == "retention";
    std::string part = section(values, from, to, runs.size());
    if (is_folded(values[from].section) && out.size() + part.size() > kMostBytes) {
      left_out += (left_out.empty() ? "" : ", ") + section_title(values[from].section);
    } else {
      out += part;
    }
    from = to;
  }
  // Behind retention always stands why no published number is beside it.
  if (!left_out.empty()) out += "Too long for a comment, see --csv: " + left_out + ".\n\n";
  if (has_retention) out += std::string(published_retention_note()) + "\n";
  return out;
}

}  // namespace assay
