// One task: its score, its outcomes, its chains, and every sample with its text.
#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "core/json_access.h"
#include "core/text.h"
#include "reports/common/charts.h"
#include "reports/common/page.h"
#include "reports/common/show.h"
#include "reports/common/words.h"
#include "reports/html/sections.h"

namespace assay {
namespace {

using nlohmann::json;

/// Text of one sample that a page shows, and of all samples of a task together; the journal holds
/// the rest. A chain is cut in its middle: how it began and how it ended say most.
constexpr std::size_t kSampleBytes = 60'000;
constexpr std::size_t kTaskBytes = 6'000'000;
constexpr std::size_t kSmallSampleBytes = 3'000;

std::string without_middle(const std::string& text, std::size_t bytes) {
  if (text.size() <= bytes) return text;
  const std::string head = cut_text(text, bytes / 2);
  std::size_t from = text.size() - bytes / 2;
  while (from < text.size() && (static_cast<unsigned char>(text[from]) & 0xC0U) == 0x80) ++from;
  return fmt::format("{}\n[{} bytes left out here; journal.jsonl has them]\n{}", head,
                     show_count(static_cast<std::int64_t>(from - bytes / 2)), text.substr(from));
}

/// What samples that are missing or failed could make of a rate.
std::string bounds_text(const json& rate) {
  const json& range = json_list(rate, "bounds");
  if (range.size() != 2 || !range[0].is_number() || !range[1].is_number()) return {};
  const auto failed = json_integer(rate, "failed");
  const std::string between =
      fmt::format("it lies between {} and {}.", show_percent(range[0].get<double>()),
                  show_percent(range[1].get<double>()));
  if (!failed) return " Whatever the missing samples are, " + between;
  return fmt::format(" {} failed and {} left out; whatever they would have been, {}",
                     show_count(failed), *failed == 1 ? "is" : "are", between);
}

std::string metric_line(const json& metrics, const char* name, const char* label) {
  const json& rate = json_member(metrics, name);
  const std::string bounds = bounds_text(rate);
  if (const std::string why = json_text(rate, "why"); !why.empty()) {
    return fmt::format("<p><b>{}</b>: no value. {}.{}</p>", label, inline_text(why), bounds);
  }
  return fmt::format("<p><b>{}</b>: {} over {} problems{}{}</p>{}", label, show_rate(rate),
                     show_count(json_integer(rate, "n")), bounds.empty() ? "" : ".", bounds,
                     rate_bar(rate));
}

std::string chain_table(const json& chain) {
  std::string out = "<h3>Reasoning chains</h3>";
  out += fmt::format("<p>Complete: <b>{}</b>. Strictly complete: <b>{}</b>.</p>",
                     show_rate(json_member(chain, "complete_rate")),
                     show_rate(json_member(chain, "strictly_complete_rate")));
  out +=
      "<div class=\"scroll\"><table class=\"wide\"><tr><th>part of the chain</th><th>holds in</th>"
      "<th>meaning</th></tr>";
  const json& components = json_member(chain, "components");
  for (const Words& words : component_words()) {
    const json& rate = json_member(components, words.name);
    const bool known = json_number(rate, "value").has_value();
    out += fmt::format(
        "<tr><th>{} ({})</th><td>{}</td><td>{}</td></tr>", words.label, words.name,
        known ? show_rate(rate) + rate_bar(rate) : "\u2013 " + inline_text(json_text(rate, "why")),
        escape_html(words.text));
  }
  const json& found = json_member(chain, "contradictions");
  if (const auto checked = json_integer(found, "checked")) {
    out += fmt::format(
        "<tr><th>equations</th><td>{} checked, {} contradicted</td>"
        "<td>Share of the equations found that could be checked: {}.</td></tr>",
        show_count(checked), show_count(json_integer(found, "contradicted")),
        show_percent(json_number(found, "coverage")));
  }
  return out + "</table></div>";
}

/// How long completions are, and what a smaller budget would have left of the score.
std::string length_and_budget(const json& task) {
  const json& length = json_member(task, "length");
  const auto median = json_integer(length, "median_tokens");
  std::string out = "<h3>Length and budget</h3><p>Median length: ";
  out += median ? fmt::format("<b>{} tokens</b>", show_count(median))
                : "not known: " + inline_text(json_text(length, "why"));
  out += fmt::format(
      ". {} completions ended by themselves; {} were cut by the budget and count as longer than "
      "it (Kaplan and Meier's estimate).</p>",
      show_count(json_integer(length, "ended")), show_count(json_integer(length, "censored")));
  const json& rows = json_list(task, "score_by_budget");
  if (rows.empty()) return out;
  out +=
      "<div class=\"scroll\"><table><caption>What a smaller budget leaves of the score: an answer "
      "counts if it is right and was finished by then</caption><tr><th>budget</th><th>right by "
      "then</th><th>right among the finished</th><th>finished</th><th>not finished</th></tr>";
  for (const json& row : rows) {
    out += fmt::format(
        "<tr><th>{} tokens</th><td>{}</td><td>{}</td><td class=\"n\">{}</td>"
        "<td class=\"n\">{}</td></tr>",
        show_count(json_integer(row, "budget")), show_rate(row),
        show_rate(json_member(row, "among_ended")), show_count(json_integer(row, "ended")),
        show_count(json_integer(row, "censored")));
  }
  return out + "</table></div>";
}

const Words* outcome_named(const std::string& name) {
  for (const Words& words : outcome_words()) {
    if (words.name == name) return &words;
  }
  return nullptr;
}

/// The sample's chain record in words: which parts do not hold.
std::string missing_parts(const Journal& journal, const std::string& key) {
  const auto chain = journal.chains.find(key);
  if (chain == journal.chains.end()) return {};
  const json& components = json_member(chain->second, "components");
  std::string out;
  for (const Words& words : component_words()) {
    if (json_flag(components, words.name) != false) continue;
    out += fmt::format("{}{} ({})", out.empty() ? "" : ", ", words.label, words.name);
  }
  return out.empty() ? out : "<p>Parts of the chain that do not hold: " + out + ".</p>";
}

std::string sample_details(const json& row, const json& sample, const Journal& journal,
                           std::size_t bytes) {
  std::string out;
  const std::string id = json_text(row, "id");
  const Words* outcome = outcome_named(json_text(row, "outcome"));
  const std::string label = outcome == nullptr ? "not finished" : std::string(outcome->label);
  const std::int64_t number = json_integer(row, "sample").value_or(0);
  const std::string answer = json_text(row, "extracted");
  out += fmt::format(
      "<details class=\"sample\" id=\"{}\" data-outcome=\"{}\"><summary><span>{}{}</span>"
      "<span>{}</span><span>{}</span><span>{} tokens</span></summary>",
      element_id(fmt::format("{}-{}", id, number)), escape_html(json_text(row, "outcome")),
      inline_text(id), number > 0 ? fmt::format(" · {}", number + 1) : "", label,
      inline_text(cut_text(answer, 80)), show_count(json_integer(row, "tokens")));
  const std::string gold = json_text(row, "gold");
  if (!gold.empty()) out += "<p>Expected answer: " + inline_text(gold) + "</p>";
  if (!answer.empty()) {
    out += fmt::format("<p>Answer read from the text{}: {}</p>",
                       json_text(row, "rung").empty()
                           ? ""
                           : " (decided by " + inline_text(json_text(row, "rung")) + ")",
                       inline_text(answer));
  }
  if (const std::string why = json_text(row, "why"); !why.empty()) {
    out += "<p class=\"warn\">" + inline_text(why) + "</p>";
  }
  out += missing_parts(journal, json_text(sample, "key"));
  out +=
      fmt::format("<p class=\"soft\">prompt {} tokens · ended by {} · first token after {} ms</p>",
                  show_count(json_integer(row, "prompt_tokens")),
                  inline_text(show_value(json_member(row, "stop"))),
                  show_number(json_number(sample, "ttft_ms")));
  return out + "<pre dir=\"auto\">" +
         escape_html(without_middle(json_text(sample, "text"), bytes)) + "</pre></details>";
}

std::string filter_tools(const std::string& list_id) {
  std::string out = fmt::format(
      "<div class=\"tools\" data-list=\"{}\" hidden><label>Show <select><option value=\"\">all "
      "outcomes</option>",
      list_id);
  for (const Words& words : outcome_words()) {
    out += fmt::format("<option value=\"{}\">{}</option>", words.name, words.label);
  }
  return out + "</select></label><label>with the words <input type=\"search\"></label></div>";
}

/// Samples of one task in the journal's order, which is the order of report.json's rows.
std::string samples_list(const json& task, const Journal& journal) {
  const json& rows = json_list(task, "problems");
  if (rows.empty()) return {};
  std::vector<const json*> samples;
  for (const json& sample : journal.samples) {
    if (json_text(sample, "task") == json_text(task, "name")) samples.push_back(&sample);
  }
  const std::string list_id = "samples-" + element_id(json_text(task, "name"));
  std::string out =
      "<h3>Every sample</h3>" + filter_tools(list_id) + "<div id=\"" + list_id + "\">";
  static const json kNone = json::object();
  const std::size_t start = out.size();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const bool small = out.size() - start > kTaskBytes;
    out += sample_details(rows[i], i < samples.size() ? *samples[i] : kNone, journal,
                          small ? kSmallSampleBytes : kSampleBytes);
  }
  return out + "</div>";
}

}  // namespace

std::string task_section(const json& task, const Journal& journal) {
  const json& counts = json_member(task, "counts");
  std::string out = "<h2>" + inline_text(json_text(task, "name")) + "</h2>";
  out += fmt::format(
      "<p class=\"soft\">{} of {} samples done · protocol {} · at most {} new tokens · chain "
      "profile {}</p>",
      show_count(json_integer(counts, "done")), show_count(json_integer(counts, "planned")),
      inline_text(show_value(json_member(task, "protocol"))),
      show_count(json_integer(task, "max_new_tokens")),
      inline_text(show_value(json_member(task, "chain_profile"))));
  const json& metrics = json_member(task, "metrics");
  out += metric_line(metrics, "pass@1", "Right (pass@1)");
  if (json_integer(task, "samples_per_problem").value_or(0) > 1) {
    out += metric_line(metrics, "cons@k", "Right by majority vote (cons@k)");
  }
  if (json_integer(counts, "done").value_or(0) > 0) {
    const json& outcomes = json_member(task, "outcomes");
    out += "<h3>Outcomes</h3>" + outcome_bar(outcomes) + outcome_legend(outcomes);
    out += chain_table(json_member(task, "chain"));
    out += length_and_budget(task);
    out += retention_section(json_member(task, "retention"));
  }
  return out + samples_list(task, journal);
}

}  // namespace assay
