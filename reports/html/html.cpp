// report.html: one run on one self-contained page.
#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "core/json_access.h"
#include "core/plugins.h"
#include "reports/common/page.h"
#include "reports/common/show.h"
#include "reports/common/words.h"
#include "reports/html/sections.h"

namespace assay {
namespace {

using nlohmann::json;

std::string card(const std::string& value, const std::string& label) {
  return fmt::format("<div class=\"card\"><b>{}</b><span>{}</span></div>", escape_html(value),
                     label);
}

std::string cards(const json& report) {
  const json& speed = json_member(report, "throughput");
  const json& memory = json_member(report, "memory");
  return "<div class=\"cards\">" +
         card(show_number(json_number(speed, "decode_tokens_per_s")), "tokens/s decode") +
         card(show_number(json_number(speed, "prefill_tokens_per_s")), "tokens/s prefill") +
         card(show_number(json_number(json_member(speed, "ttft_ms"), "p50")), "ms TTFT, median") +
         card(show_bytes(json_integer(memory, "host_peak_bytes")), "peak memory of the host") +
         "</div>";
}

std::string warnings(const json& report) {
  std::string out;
  for (const json& warning : json_list(report, "warnings")) {
    out += "<p class=\"warn\">" + inline_text(json_text(warning, "text")) + "</p>";
  }
  return out;
}

std::string glossary() {
  std::string out = "<h2>Terms</h2><dl>";
  for (const Words& words : glossary_words()) {
    out += fmt::format("<dt>{}</dt><dd>{}</dd>", words.label, escape_html(words.text));
  }
  return out + "</dl>";
}

std::string render(const json& report, const Journal& journal) {
  const std::string model = show_value(json_member(json_member(report, "model"), "name"));
  const std::string backend = show_value(json_member(json_member(report, "backend"), "name"));
  const json& device = json_member(report, "device");
  std::string body = fmt::format("<h1>{} on {}</h1>", inline_text(model), inline_text(backend));
  body += fmt::format("<p class=\"lead\">{} · {} · {} thread{} · {}</p>",
                      inline_text(show_value(json_member(device, "name"))),
                      inline_text(show_value(json_member(device, "isa"))),
                      show_count(json_integer(device, "threads")),
                      json_integer(device, "threads") == 1 ? "" : "s",
                      inline_text(show_value(json_member(report, "utc"))));
  body += warnings(report) + cards(report);
  body += recipe_section(report);
  for (const json& task : json_list(report, "tasks")) body += task_section(task, journal);
  body += endpoint_section(report);
  body += speed_section(report) + memory_section(report) + settings_section(report) + glossary();
  return html_page(model + " on " + backend, body);
}

}  // namespace

ReportPlugin make_report_html() {
  return {"html", "report.html", "one run as a page, for people", render};
}

}  // namespace assay
