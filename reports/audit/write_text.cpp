// The audit for people: a terminal, a pull request, a page.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/json_access.h"
#include "core/text.h"
#include "reports/audit/audit.h"
#include "reports/common/foreign_text.h"
#include "reports/common/page.h"
#include "reports/common/show.h"

namespace assay {
namespace {

using nlohmann::json;

constexpr std::size_t kIndent = 4;

std::size_t columns_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](unsigned char c) { return (c & 0xC0U) != 0x80U; }));
}

/// Words on lines of at most `columns`, each behind `indent` blanks; the first line behind `head`.
std::string wrapped(const std::string& head, const std::string& text, std::size_t indent,
                    std::size_t columns) {
  std::string out = head;
  std::size_t at = columns_of(head);
  std::string_view rest = text;
  bool first = true;
  while (!rest.empty()) {
    const std::size_t space = rest.find(' ');
    const std::string_view word = rest.substr(0, space);
    const std::size_t width = columns_of(word);
    if (!first && at + 1 + width > columns) {
      out += "\n" + std::string(indent, ' ');
      at = indent;
      first = true;
    }
    if (!first) {
      out += ' ';
      ++at;
    }
    out += word;
    at += width;
    first = false;
    rest.remove_prefix(space == std::string_view::npos ? rest.size() : space + 1);
  }
  return out + "\n";
}

std::string line(const char* name, const std::string& text, std::size_t columns) {
  const std::string head = std::string(kIndent, ' ') + fmt::format("{:<11}", name);
  return wrapped(head, text, columns_of(head), columns);
}

std::string summary_words(const json& audit) {
  const std::size_t n = json_list(audit, "claims").size();
  std::string out = fmt::format("{} claim{}", n, n == 1 ? "" : "s");
  std::string separator = ": ";
  for (const char* verdict : {"supported", "supported under named conditions", "contradicted",
                              "impossible", "undefined", "not tested"}) {
    const auto n = json_integer(json_member(audit, "summary"), verdict).value_or(0);
    if (n == 0) continue;
    out += fmt::format("{}{} {}", separator, n, verdict);
    separator = ", ";
  }
  return out;
}

std::string verdict_words(const json& claim) {
  const std::string scope = json_text(claim, "scope");
  const std::string verdict = json_text(claim, "verdict");
  return scope.empty() ? verdict : verdict + ": " + scope;
}

/// The bounds that a person needs: all if they are few, else the smallest that says no, the largest
/// that says yes, and evidence.
std::vector<const json*> telling_bounds(const json& claim, bool all) {
  const json& bounds = json_list(claim, "bounds");
  std::vector<const json*> out;
  const json* last_no = nullptr;
  for (const json& row : bounds) {
    const bool is_one_of_many = row.contains("bits_per_weight") || bounds.size() > 7;
    if (all || bounds.size() <= 3 || !is_one_of_many) {
      out.push_back(&row);
      continue;
    }
    const std::string name = json_text(row, "name");
    if (name == "F16" || name == "Q8_0" || name == "Q4_K_M" || name == "Q4_0") out.push_back(&row);
    if (json_flag(row, "allows") == false) last_no = &row;
  }
  if (last_no != nullptr && std::find(out.begin(), out.end(), last_no) == out.end()) {
    out.push_back(last_no);
  }
  return out;
}

std::string bound_words(const json& row) {
  const json& allows = json_member(row, "allows");
  const char* mark = allows.is_null() ? "(decides nothing) " : allows == true ? "" : "NO ";
  return fmt::format("{}{}: {}", mark, json_text(row, "name"), json_text(row, "arithmetic"));
}

std::string claim_text(const json& claim, std::size_t columns, bool all) {
  std::string title = json_text(claim, "claim");
  if (const std::string reading = json_text(claim, "reading"); !reading.empty()) {
    title += " [read as: " + reading + "]";
  }
  std::string out = wrapped("", title, 0, columns);
  out += line("verdict", verdict_words(claim), columns);
  if (const std::string why = json_text(claim, "why"); !why.empty()) {
    out += line("why", why, columns);
  }
  for (const json* row : telling_bounds(claim, all)) {
    out += line("", bound_words(*row), columns);
  }
  out += line("conditions", show_value(json_member(claim, "conditions")), columns);
  return out + line("source", json_text(claim, "source"), columns);
}

/// Every measurement with its mark: it agrees, it does not, it decides nothing.
std::string measured_words(const json& claim) {
  std::string out;
  const bool is_share = json_text(claim, "metric") == "score";
  const auto shown = [&is_share](const json& value) {
    const auto number = value.is_number() ? std::optional(value.get<double>()) : std::nullopt;
    return is_share ? show_percent(number) : show_number(number);
  };
  for (const json& it : json_list(claim, "measurements")) {
    const json& ci = json_list(it, is_share ? "ci95" : "range");
    const auto holds = json_flag(it, "holds");
    out += fmt::format("{}{}{} in {} on {}{}", out.empty() ? "" : "; ",
                       shown(json_member(it, "value")),
                       ci.size() == 2 ? fmt::format(" ({} to {})", shown(ci[0]), shown(ci[1])) : "",
                       json_text(it, "weight_type"), json_text(it, "device"),
                       !holds   ? ", decides nothing"
                       : *holds ? ", agrees"
                                : ", disagrees");
  }
  return out.empty() ? "\u2013" : out;
}

std::string html_bounds(const json& claim) {
  std::string out;
  for (const json& row : json_list(claim, "bounds")) {
    out += "<li>" + inline_text(bound_words(row)) + "</li>";
  }
  return out.empty() ? out : "<details><summary>arithmetic</summary><ul>" + out + "</ul></details>";
}

}  // namespace

std::string audit_text(const json& audit, std::size_t columns, bool all) {
  std::string out;
  if (const std::string title = json_text(audit, "title"); !title.empty()) out += title + "\n";
  out += wrapped("", summary_words(audit), 0, columns) + "\n";
  for (const json& claim : json_list(audit, "claims")) {
    out += claim_text(claim, columns, all) + "\n";
  }
  for (const json& shape : json_list(audit, "models")) {
    out += wrapped(
        "model   ",
        fmt::format("{}: {}; {}; {}", json_text(shape, "title"),
                    json_text(shape, "parameters_arithmetic"),
                    json_text(shape, "weights_read_arithmetic"), json_text(shape, "kv_arithmetic")),
        8, columns);
  }
  for (const json& device : json_list(audit, "devices")) {
    out += wrapped("device  ",
                   fmt::format("{} (datasheet): {}; {}", json_text(device, "title"),
                               json_text(device, "arithmetic"), json_text(device, "source")),
                   8, columns);
  }
  for (const json& proof : json_list(audit, "transfers")) {
    out += wrapped("proof   ", json_text(proof, "in_words"), 8, columns);
  }
  for (const json& note : json_list(audit, "notes")) {
    out += wrapped("note    ", show_value(note), 8, columns);
  }
  return for_log(out);
}

std::string audit_markdown(const json& audit) {
  std::string out = "### " + as_markdown(json_text(audit, "title")) + "\n\n";
  out += as_markdown(summary_words(audit)) + "\n\n";
  out +=
      "| claim | published | conditions | verdict | measured | why |\n|---|---|---|---|---|---|\n";
  for (const json& claim : json_list(audit, "claims")) {
    std::string title = json_text(claim, "claim");
    if (const std::string reading = json_text(claim, "reading"); !reading.empty()) {
      title += " (read as: " + reading + ")";
    }
    out += fmt::format("| {} | {} | {} | **{}** | {} | {} |\n", as_markdown(title),
                       as_markdown(show_value(json_member(claim, "published"))),
                       as_markdown(show_value(json_member(claim, "conditions"))),
                       as_markdown(verdict_words(claim)), as_markdown(measured_words(claim)),
                       as_markdown(json_text(claim, "why")));
  }
  for (const json& proof : json_list(audit, "transfers")) {
    out += "\n- " + as_markdown(json_text(proof, "in_words")) + "\n";
  }
  return out;
}

std::string audit_html(const json& audit) {
  std::string title = json_text(audit, "title");
  if (title.empty()) title = "Audit of claims";
  std::string out =
      "<h1>" + inline_text(title) + "</h1>\n<p>" + inline_text(summary_words(audit)) +
      "</p>\n<div class=\"scroll\" "
      "tabindex=\"0\"><table "
      "class=\"broad\">\n<thead><tr><th>claim</th><th>published</th><th>conditions</th>"
      "<th>verdict</th><th>measured</th><th>why</th></tr></thead>\n<tbody>\n";
  for (const json& claim : json_list(audit, "claims")) {
    std::string reading = json_text(claim, "reading");
    if (!reading.empty()) reading = "<br>read as: " + inline_text(reading);
    out += fmt::format(
        "<tr><td>{}{}</td><td>{}</td><td>{}</td><td><strong>{}</strong></td><td>{}</td><td>{}{}"
        "<br>source: {}</td></tr>\n",
        inline_text(json_text(claim, "claim")), reading,
        inline_text(show_value(json_member(claim, "published"))),
        inline_text(show_value(json_member(claim, "conditions"))),
        inline_text(verdict_words(claim)), inline_text(measured_words(claim)),
        inline_text(json_text(claim, "why")), html_bounds(claim),
        inline_text(json_text(claim, "source")));
  }
  out += "</tbody></table></div>\n";
  for (const json& shape : json_list(audit, "models")) {
    out += fmt::format("<p>{}: {}; {}; {}</p>\n", inline_text(json_text(shape, "title")),
                       inline_text(json_text(shape, "parameters_arithmetic")),
                       inline_text(json_text(shape, "weights_read_arithmetic")),
                       inline_text(json_text(shape, "kv_arithmetic")));
  }
  for (const json& device : json_list(audit, "devices")) {
    out += fmt::format("<p>{} (datasheet): {}; {}</p>\n", inline_text(json_text(device, "title")),
                       inline_text(json_text(device, "arithmetic")),
                       inline_text(json_text(device, "source")));
  }
  for (const json& proof : json_list(audit, "transfers")) {
    out += "<p>" + inline_text(json_text(proof, "in_words")) + "</p>\n";
  }
  return html_page(title, out);
}

}  // namespace assay
