// The comparison as a page: what differs first, then speed, memory, scores, chains, identity and
// every problem side by side.
#include <fmt/core.h>

#include "core/json_access.h"
#include "reports/common/look.h"
#include "reports/common/page.h"
#include "reports/common/words.h"
#include "reports/compare/compare.h"
#include "reports/compare/html_parts.h"
#include "reports/compare/texts.h"
#include "reports/compare/write_pairs.h"
#include "reports/compare/write_retention.h"

namespace assay {
namespace {

using nlohmann::json;

std::string task_id(const json& task) {
  return "task-" + anchor_of(json_text(task, "name"));
}

/// Stays in sight: where to go, and a button for each run that hides it.
std::string navigation(const json& comparison) {
  struct Link {
    const char* id;
    const char* label;
  };
  constexpr Link kLinks[] = {{"settings", "what differs"}, {"overview", "overview"},
                             {"speed", "speed"},           {"roofline", "roofline"},
                             {"memory", "memory"},         {"identity", "numerics"}};
  std::string out = "<nav class=\"bar\">";
  for (const Link& link : kLinks) out += fmt::format("<a href=\"#{}\">{}</a>", link.id, link.label);
  for (const json& task : json_list(comparison, "tasks")) {
    out +=
        fmt::format("<a href=\"#{}\">{}</a>", task_id(task), inline_text(json_text(task, "name")));
  }
  out += "<a href=\"#terms\">terms</a><span class=\"toggles\">";
  const json& runs = json_list(comparison, "runs");
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const std::string label = escape_html(json_text(runs[i], "label"));
    out += fmt::format(
        "<button class=\"toggle\" type=\"button\" aria-pressed=\"true\" data-run=\"{}\" "
        "data-label=\"{}\" title=\"{} (shows or hides this run)\">{}</button>",
        i, label, label, run_badge(i));
  }
  return out + "</span></nav>";
}

std::string warnings(const json& comparison) {
  std::string out;
  const json& runs = json_list(comparison, "runs");
  for (std::size_t i = 0; i < runs.size(); ++i) {
    for (const json& warning : json_list(runs[i], "warnings")) {
      out += fmt::format("<p class=\"warn r{}\">{}: {}</p>", i, run_head(comparison, i),
                         inline_text(json_text(warning, "text")));
    }
  }
  return out;
}

std::string task_section(const json& comparison, const json& task,
                         const std::vector<std::string>& texts) {
  return fmt::format("<h2 id=\"{}\">{}</h2>", task_id(task), inline_text(json_text(task, "name"))) +
         scores_html(comparison, task) + budget_html(comparison, task) +
         partings_html(comparison, task) + retention_html(comparison, task) +
         pairs_html(comparison, task) + identity_html(comparison, task) +
         problems_html(comparison, task, texts);
}

std::string glossary() {
  std::string out = "<h2 id=\"terms\">Terms</h2><dl class=\"terms\">";
  const auto add = [&out](const std::string& label, std::string_view text) {
    out += "<div><dt>" + label + "</dt><dd>" + escape_html(text) + "</dd></div>";
  };
  for (const Words& words : glossary_words()) add(std::string(words.label), words.text);
  for (const Words& words : component_words()) {
    add(fmt::format("{} ({})", words.label, words.name), words.text);
  }
  return out + "</dl>";
}

}  // namespace

std::string comparison_html(const json& comparison, std::span<const NamedReport> reports,
                            const PageOptions& options) {
  const std::size_t n = json_list(comparison, "runs").size();
  std::string body = fmt::format("<h1>Comparison of {} run{}</h1>", n, n == 1 ? "" : "s");
  body += "<p class=\"lead\">" + inline_text(json_text(comparison, "summary")) + "</p>";
  body += navigation(comparison) + settings_html(comparison) + refusals_html(comparison) +
          warnings(comparison) + overview_html(comparison) + speed_html(comparison) +
          roofline_html(comparison) + memory_html(comparison);
  std::int64_t budget = options.text_bytes;
  for (const json& task : json_list(comparison, "tasks")) {
    body += task_section(comparison, task, packed_problems(comparison, task, reports, &budget));
  }
  body += proofs_html(comparison) + glossary() + "<dialog class=\"chains\"></dialog>";
  return html_page(fmt::format("Comparison of {} runs", n), body);
}

}  // namespace assay
