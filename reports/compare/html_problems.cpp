// Every problem side by side; its chains open beside one another.
#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "core/json_access.h"
#include "core/text.h"
#include "reports/common/bars.h"
#include "reports/common/look.h"
#include "reports/common/page.h"
#include "reports/common/show.h"
#include "reports/common/words.h"
#include "reports/compare/html_parts.h"

namespace assay {
namespace {

using nlohmann::json;

/// Up to so many runs a row also holds their answers.
constexpr std::size_t kRunsWithAnswers = 4;

/// One short word for each class of outcome_words().
constexpr std::array<const char*, 9> kShort = {"\u2713", "(\u2713)", "\u2717", "(\u2717)", "cut",
                                               "loop",   "none",     "?",      "failed"};

std::size_t outcome_number(const std::string& name) {
  const auto words = outcome_words();
  const auto it = std::find_if(words.begin(), words.end(),
                               [&name](const Words& word) { return word.name == name; });
  return static_cast<std::size_t>(it - words.begin());
}

/// "same", "differ", or nothing when fewer than two runs have it.
std::string agreement(const json& runs, const char* field) {
  const json* first = nullptr;
  int known = 0;
  bool same = true;
  for (const json& run : runs) {
    if (!json_member(run, field).is_string()) continue;
    if (first == nullptr) first = &json_member(run, field);
    same = same && json_member(run, field) == *first;
    ++known;
  }
  return known < 2 ? "" : same ? "same" : "differ";
}

TableCell outcome_cell(const json& run, bool with_answer) {
  if (!run.is_object()) return {show_value(nullptr), {}};
  const std::size_t number = outcome_number(json_text(run, "outcome"));
  if (number >= kShort.size()) return {show_value(nullptr), {}};
  std::string out = kShort[number];
  if (with_answer) {
    const std::string answer = json_text(run, "extracted");
    if (!answer.empty()) out += " " + inline_text(cut_text(answer, 48));
    out += fmt::format(" <span class=\"soft\">{}</span>", show_count(json_integer(run, "tokens")));
  }
  return {out, static_cast<double>(number)};
}

/// The classes by which a reader filters rows.
std::string filter_words(const json& runs) {
  std::string out;
  bool outcomes_differ = false;
  const json* first = nullptr;
  for (const json& run : runs) {
    if (!run.is_object()) continue;
    const std::string outcome = json_text(run, "outcome");
    if (outcome_number(outcome) < kShort.size() && out.find(outcome) == std::string::npos) {
      out += " " + outcome;
    }
    if (first == nullptr) first = &run;
    outcomes_differ = outcomes_differ || json_member(run, "outcome") != (*first)["outcome"];
  }
  if (outcomes_differ) out += " outcomes-differ";
  if (agreement(runs, "answer_hash") == "differ") out += " answers-differ";
  if (agreement(runs, "tokens_hash") == "differ") out += " tokens-differ";
  return out.empty() ? out : out.substr(1);
}

std::string filter_tools(const std::string& list) {
  std::string out = fmt::format(
      "<div class=\"tools\" data-list=\"{}\" hidden><label>Show <select><option value=\"\">all "
      "problems</option><option value=\"outcomes-differ\">whose outcomes differ</option>"
      "<option value=\"answers-differ\">whose answers differ</option>"
      "<option value=\"tokens-differ\">whose tokens differ</option>",
      list);
  for (const Words& words : outcome_words()) {
    out += fmt::format("<option value=\"{}\">with an outcome \u201C{}\u201D</option>", words.name,
                       words.label);
  }
  return out +
         "</select></label><label>with the words <input type=\"search\"></label>"
         "<span class=\"count soft\"></span></div>";
}

std::string legend() {
  std::string out = "<ul class=\"legend\">";
  std::size_t number = 0;
  for (const Words& words : outcome_words()) {
    out +=
        fmt::format("<li><b>{}</b> {}</li>", kShort[number++], explained(words.label, words.text));
  }
  return out + "</ul>";
}

/// The table's rows are written by hand: each carries its address and its packed chains.
std::string problem_row(const json& it, const std::string& task, const std::string& text,
                        bool with_answers) {
  const std::string id = json_text(it, "id");
  const std::int64_t sample = json_integer(it, "sample").value_or(0);
  const json& runs = json_list(it, "runs");
  std::string key;
  std::string name = inline_text(id) + (sample > 0 ? fmt::format(" \u00B7 {}", sample + 1) : "");
  if (!text.empty()) {
    const std::string address = fmt::format("{}/{}/{}", url_part(task), url_part(id), sample);
    key = fmt::format(" data-key=\"{}\" data-z=\"{}\"", address, text);
    name = fmt::format("<a href=\"#/{}\">{}</a>", address, name);
  }
  std::string out =
      fmt::format("<tr data-outcome=\"{}\"{}><th>{}</th>", filter_words(runs), key, name);
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const TableCell cell = outcome_cell(runs[i], with_answers);
    const double place = cell.sort.value_or(99);
    out += fmt::format("<td class=\"r{}{}\" data-v=\"{:g}\">{}</td>", i,
                       cell.sort && place >= 2 ? " x" : "", place, cell.html);
  }
  return out + "<td>" + agreement(runs, "answer_hash") + "</td><td>" +
         agreement(runs, "tokens_hash") + "</td></tr>";
}

}  // namespace

std::string problems_html(const json& comparison, const json& task,
                          const std::vector<std::string>& texts) {
  const json& rows = json_list(task, "problems");
  if (rows.empty()) return {};
  const std::string name = json_text(task, "name");
  const std::string list = "problems-" + anchor_of(name);
  const std::size_t n = json_list(comparison, "runs").size();
  std::string out = fmt::format("<h3>Every problem</h3>{}{}", legend(), filter_tools(list));
  const bool open = std::any_of(texts.begin(), texts.end(),
                                [](const std::string& text) { return !text.empty(); });
  if (open) {
    out +=
        "<p class=\"soft\">A problem's name opens its chains side by side, with the place where "
        "they part.<noscript> That needs scripts, which are switched off here.</noscript></p>";
  }
  out += fmt::format(
      "<div class=\"scroll tall\"><table class=\"sortable rows\" id=\"{}\"><thead><tr>"
      "<th>problem</th>",
      list);
  for (std::size_t i = 0; i < n; ++i) {
    out += fmt::format("<th class=\"r{}\">{}</th>", i,
                       n > kRunsWithAnswers ? run_badge(i) : run_head(comparison, i));
  }
  out += "<th>answers</th><th>tokens</th></tr></thead><tbody>";
  for (std::size_t i = 0; i < rows.size(); ++i) {
    out += problem_row(rows[i], name, i < texts.size() ? texts[i] : std::string(),
                       n <= kRunsWithAnswers);
  }
  return out + "</tbody></table></div>";
}

}  // namespace assay
