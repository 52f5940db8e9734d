// The comparison as a page: what differs first, then speed, memory, scores, chains, identity and
// every problem side by side.
#include <fmt/core.h>

#include <algorithm>

#include "core/json_access.h"
#include "core/text.h"
#include "reports/common/charts.h"
#include "reports/common/page.h"
#include "reports/common/show.h"
#include "reports/common/words.h"
#include "reports/compare/compare.h"
#include "reports/compare/write_pairs.h"
#include "reports/compare/write_retention.h"

namespace assay {
namespace {

using nlohmann::json;

/// "<tr><th>label</th><td>...</td>...</tr>" with one finished cell a run.
std::string row(const std::string& label, const std::vector<std::string>& cells,
                const char* style = "") {
  std::string out = "<tr><th>" + label + "</th>";
  for (const std::string& cell : cells) out += fmt::format("<td{}>{}</td>", style, cell);
  return out + "</tr>";
}

constexpr const char* kNumber = " class=\"n\"";

/// A table whose columns are the runs; `style` is that of their heads.
std::string table(const json& comparison, const std::string& rows, const char* style = "",
                  const std::string& caption = {}) {
  std::string out = "<div class=\"scroll\"><table>";
  if (!caption.empty()) out += "<caption>" + caption + "</caption>";
  out += "<tr><th></th>";
  for (const json& run : json_list(comparison, "runs")) {
    out += fmt::format("<th{}>{}</th>", style, inline_text(json_text(run, "label")));
  }
  return out + "</tr>" + rows + "</table></div>";
}

/// One cell for every run, from `read(run)`.
template <class Read>
std::vector<std::string> cells(const json& runs, const Read& read) {
  std::vector<std::string> out;
  std::transform(runs.begin(), runs.end(), std::back_inserter(out), read);
  return out;
}

std::string settings(const json& comparison) {
  const json& of = json_member(comparison, "settings");
  const auto rows_of = [&of](const char* group) {
    std::string out;
    for (const json& it : json_list(of, group)) {
      out += row(inline_text(json_text(it, "name")),
                 cells(json_list(it, "values"),
                       [](const json& value) { return inline_text(show_value(value)); }));
    }
    return out;
  };
  const std::string rows = rows_of("different");
  std::string out = "<h2>What differs between the runs</h2>";
  out += rows.empty() ? "<p>Nothing.</p>" : table(comparison, rows);
  out += "<h3>Conditions that the runs met</h3>" + table(comparison, rows_of("conditions"));
  out += "<details><summary>What is the same</summary><div class=\"scroll\"><table>";
  for (const json& it : json_list(of, "same")) {
    out += row(inline_text(json_text(it, "name")),
               {inline_text(show_value(json_member(it, "value")))});
  }
  return out + "</table></div></details>";
}

std::string refusals(const json& comparison) {
  const json& refused = json_list(comparison, "refused");
  if (refused.empty()) return {};
  std::string out = "<h2>Not compared</h2><ul>";
  for (const json& it : refused) {
    out += "<li>" + inline_text(json_text(it, "what")) + ": " + inline_text(json_text(it, "why")) +
           "</li>";
  }
  return out + "</ul>";
}

/// A bar for each run on the scale of the largest value.
std::string bars(const json& runs, const char* title, const char* group, const char* name) {
  double whole = 0;
  const auto value = [group, name](const json& run) {
    return json_number(json_member(run, group), name);
  };
  for (const json& run : runs) whole = std::max(whole, value(run).value_or(0));
  if (whole <= 0) return {};
  std::string out = fmt::format("<h3>{}</h3>", title);
  for (const json& run : runs) {
    const auto size = value(run);
    const std::string label = inline_text(json_text(run, "label"));
    out += fmt::format("<p>{}: <b>{}</b></p>", label, show_number(size));
    if (size) out += stacked_bar({{*size, "bar", show_number(size)}}, whole);
  }
  return out;
}

std::string speed(const json& comparison) {
  const json& runs = json_list(comparison, "runs");
  const auto number = [&runs](const char* name) {
    return cells(runs, [name](const json& run) {
      return show_number(json_number(json_member(run, "throughput"), name));
    });
  };
  const auto percentile = [&runs](const char* group, const char* name) {
    return cells(runs, [group, name](const json& run) {
      return show_number(json_number(json_member(json_member(run, "throughput"), group), name));
    });
  };
  std::string rows = row("decode, tokens/s", number("decode_tokens_per_s"), kNumber) +
                     row("prefill, tokens/s", number("prefill_tokens_per_s"), kNumber);
  for (const char* name : {"p50", "p90", "p99"}) {
    rows += row(fmt::format("TTFT {}, ms", name), percentile("ttft_ms", name), kNumber);
  }
  for (const char* name : {"p50", "p90", "p99"}) {
    rows += row(fmt::format("TPOT {}, ms", name), percentile("tpot_ms", name), kNumber);
  }
  rows += row("weights read, GB/s", number("gb_per_s"), kNumber);
  rows += row(
      "share of memory bandwidth",
      cells(runs,
            [](const json& run) {
              return show_percent(json_number(json_member(run, "throughput"), "roofline_fraction"));
            }),
      kNumber);
  for (const json& it : json_list(comparison, "bench")) {
    const json& point = json_member(it, "point");
    rows += row(
        fmt::format(
            "bench {}: {} tokens after {}, batch {}, tokens/s",
            escape_html(json_text(point, "phase")), show_count(json_integer(point, "tokens")),
            show_count(json_integer(point, "depth")), show_count(json_integer(point, "batch"))),
        cells(json_list(it, "runs"),
              [](const json& bench) { return show_number(json_number(bench, "tokens_per_s")); }),
        kNumber);
  }
  return "<h2>Speed</h2>" +
         bars(runs, "Decode, tokens per second", "throughput", "decode_tokens_per_s") +
         table(comparison, rows, kNumber);
}

std::string memory(const json& comparison) {
  struct Field {
    const char* name;
    const char* label;
  };
  constexpr Field kFields[] = {{"planned_bytes", "plan"},
                               {"weights_bytes", "of it weights"},
                               {"kv_bytes", "of it KV cache"},
                               {"scratch_bytes", "of it scratch"},
                               {"host_peak_bytes", "measured peak, host"},
                               {"device_peak_bytes", "measured peak, device"}};
  std::string rows;
  for (const Field& field : kFields) {
    rows += row(field.label,
                cells(json_list(comparison, "runs"),
                      [&field](const json& run) {
                        return show_bytes(json_integer(json_member(run, "memory"), field.name));
                      }),
                kNumber);
  }
  return "<h2>Memory</h2>" + table(comparison, rows, kNumber);
}

/// A rate of each run, or why it must not stand here.
std::vector<std::string> rate_cells(const json& runs, const json::json_pointer& at) {
  return cells(runs, [&at](const json& run) -> std::string {
    if (!run.is_object()) return "\u2013";
    if (run.contains("refused") && run["refused"].is_string()) return "not compared";
    const json rate = run.contains(at) ? run.at(at) : json();
    return show_rate(rate) + rate_bar(rate);
  });
}

std::string outcomes(const json& comparison, const json& task) {
  std::string out = "<h3>Outcomes</h3>";
  const json& runs = json_list(task, "runs");
  const json& names = json_list(comparison, "runs");
  for (std::size_t i = 0; i < runs.size() && i < names.size(); ++i) {
    if (!runs[i].is_object()) continue;
    const json& counts = json_member(runs[i], "outcomes");
    out += "<p>" + inline_text(json_text(names[i], "label")) + "</p>" + outcome_bar(counts) +
           outcome_legend(counts);
  }
  return out;
}

std::string identity(const json& comparison, const json& task) {
  std::string out;
  const json& runs = json_list(comparison, "runs");
  const auto label = [&runs](const json& pair, const char* side) {
    const auto i = static_cast<std::size_t>(json_integer(pair, side).value_or(0));
    return i < runs.size() ? inline_text(json_text(runs[i], "label")) : std::string();
  };
  for (const json& pair : json_list(task, "identity")) {
    out += "<p>" + label(pair, "a") + " and " + label(pair, "b") + ": ";
    if (const std::string why = json_text(pair, "why"); !why.empty()) {
      out += "tokens not compared (" + inline_text(why) + ")</p>";
      continue;
    }
    const std::string of = " of " + show_count(json_integer(pair, "problems"));
    out += fmt::format(
        "the same tokens in <b>{}{}</b>, the same answer in {}{}, the same bits of "
        "all logits in {}{}.",
        show_count(json_integer(pair, "same_tokens")), of,
        show_count(json_integer(pair, "same_answer")), of,
        show_count(json_integer(pair, "same_logits")), of);
    if (const auto equal = json_flag(pair, "logits_hash_equal")) {
      out += *equal ? " Logits hashes are equal." : " Logits hashes differ.";
    }
    out += "</p>";
  }
  return out.empty() ? out : "<h3>Identity</h3>" + out;
}

/// "same", "different", or nothing when fewer than two runs have it.
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
  return known < 2 ? "\u2013" : same ? "same" : "different";
}

std::string outcome_label(const std::string& name) {
  for (const Words& words : outcome_words()) {
    if (words.name == name) return std::string(words.label);
  }
  return "\u2013";
}

std::string problems(const json& comparison, const json& task) {
  std::string out =
      "<details><summary>Every problem side by side</summary><div class=\"scroll\">"
      "<table><tr><th>problem</th>";
  for (const json& run : json_list(comparison, "runs")) {
    out += "<th>" + inline_text(json_text(run, "label")) + "</th>";
  }
  out += "<th>answer</th><th>tokens</th></tr>";
  for (const json& it : json_list(task, "problems")) {
    const std::int64_t sample = json_integer(it, "sample").value_or(0);
    out += "<tr><th>" + inline_text(json_text(it, "id")) +
           (sample > 0 ? fmt::format(" · {}", sample + 1) : "") + "</th>";
    const json& runs = json_list(it, "runs");
    for (const json& run : runs) {
      if (!run.is_object()) {
        out += "<td>\u2013</td>";
        continue;
      }
      out += fmt::format("<td>{}<br>{} <span class=\"soft\">{} tokens</span></td>",
                         outcome_label(json_text(run, "outcome")),
                         inline_text(cut_text(json_text(run, "extracted"), 80)),
                         show_count(json_integer(run, "tokens")));
    }
    out += "<td>" + agreement(runs, "answer_hash") + "</td><td>" + agreement(runs, "tokens_hash") +
           "</td></tr>";
  }
  return out + "</table></div></details>";
}

std::string task_section(const json& comparison, const json& task) {
  const json& runs = json_list(task, "runs");
  std::string rows = row("right (pass@1)", rate_cells(runs, "/metrics/pass@1"_json_pointer));
  rows += row("chains complete", rate_cells(runs, "/chain/complete_rate"_json_pointer));
  rows += row("chains strictly complete",
              rate_cells(runs, "/chain/strictly_complete_rate"_json_pointer));
  for (const Words& words : component_words()) {
    const json::json_pointer at("/chain/components/" + std::string(words.name));
    rows += row(fmt::format("<span title=\"{}\">{} ({})</span>", escape_html(words.text),
                            words.label, words.name),
                rate_cells(runs, at));
  }
  return "<h2>" + inline_text(json_text(task, "name")) + "</h2>" +
         table(comparison, rows, "", "Rates with 95 % intervals") + outcomes(comparison, task) +
         pairs_html(comparison, task) + retention_html(comparison, task) +
         identity(comparison, task) + problems(comparison, task);
}

}  // namespace

std::string comparison_html(const json& comparison) {
  std::string body =
      "<h1>Comparison of " + std::to_string(json_list(comparison, "runs").size()) + " runs</h1>";
  body += "<p class=\"lead\">" + inline_text(json_text(comparison, "summary")) + "</p>";
  for (const json& run : json_list(comparison, "runs")) {
    for (const json& warning : json_list(run, "warnings")) {
      body += "<p class=\"warn\">" + inline_text(json_text(run, "label")) + ": " +
              inline_text(json_text(warning, "text")) + "</p>";
    }
  }
  body += settings(comparison) + refusals(comparison) + speed(comparison) + memory(comparison);
  for (const json& task : json_list(comparison, "tasks")) body += task_section(comparison, task);
  return html_page("Comparison of runs", body);
}

}  // namespace assay
