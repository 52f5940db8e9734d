#include "tool/score_text.h"

#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "core/json_access.h"
#include "core/text.h"
#include "tool/run_text.h"

namespace assay::tool {
namespace {

using nlohmann::json;

constexpr std::size_t most_rows = 20;

std::int64_t count_in(const json& object, const char* name) {
  return json_integer(object, name).value_or(0);
}

/// ", 3 duplicates (a, b, c)": nothing for a count of 0.
std::string tally_text(const json& tally, const char* what) {
  const std::int64_t n = count_in(tally, "count");
  if (n == 0) return "";
  std::string names;
  for (const json& name : json_list(tally, "examples")) {
    names += fmt::format("{}{}", names.empty() ? "" : ", ", name.get<std::string>());
  }
  if (std::ssize(json_list(tally, "examples")) < n && !names.empty()) names += ", ...";
  return fmt::format(", {} {}{}", n, what, names.empty() ? "" : " (" + names + ")");
}

std::string count_text(const json& object, const char* name, const char* what) {
  const std::int64_t n = count_in(object, name);
  return n == 0 ? "" : fmt::format(", {} {}", n, what);
}

std::string left_out_text(const json& report) {
  const json& coverage = json_member(report, "coverage");
  const json& file = json_member(report, "file");
  std::string text = tally_text(json_member(file, "unreadable"), "unreadable lines");
  text += count_text(coverage, "without_completion", "records without a completion");
  text += count_text(coverage, "without_gold", "without a gold answer");
  text += count_text(coverage, "other_filters", "repeated under another filter");
  text += count_text(coverage, "other_tasks", "of other tasks");
  text += tally_text(json_member(coverage, "unknown_ids"), "of unknown problems");
  text += tally_text(json_member(coverage, "duplicates"), "duplicates");
  return text.empty() ? "nothing" : text.substr(2);
}

std::string metrics_text(const json& report) {
  std::string text;
  const json& metrics = json_member(report, "metrics");
  for (const auto& [name, rate] : metrics.items()) {
    if (name == "pass@1" || name == "avg@n") continue;
    const bool known = json_number(rate, "value").has_value();
    if (name == "cons@k" && !known) continue;
    const std::string k = name == "cons@k" ? "cons@" + json_member(rate, "k").dump() : name;
    text += fmt::format("  {:<16} {}\n", k, rate_text(rate));
  }
  return text;
}

std::string labels_text(const json& report) {
  const json& labels = json_member(report, "labels");
  if (!labels.is_object()) return "";
  std::string text = fmt::format("  file's verdicts  {} of {} right by '{}'; {} agree with ours\n",
                                 count_in(labels, "right"), count_in(labels, "n"),
                                 json_text(labels, "field"), count_in(labels, "agree"));
  std::size_t shown = 0;
  for (const json& row : json_list(labels, "differences")) {
    if (shown++ == most_rows) {
      text += "    ... (--json lists all)\n";
      break;
    }
    text += fmt::format("    {}: file {}, ours {} ({}): gold {}, found {}\n", json_text(row, "id"),
                        json_flag(row, "label").value_or(false) ? "right" : "wrong",
                        json_text(row, "verdict"), json_text(row, "rung"),
                        name_for_message(json_text(row, "gold"), 40),
                        name_for_message(json_text(row, "extracted"), 40));
  }
  return text;
}

}  // namespace

std::string score_text(const json& report) {
  const json& coverage = json_member(report, "coverage");
  const json& shape = json_member(report, "shape");
  const json& file = json_member(report, "file");
  const json& pass = json_member(json_member(report, "metrics"), "pass@1");
  std::string text = fmt::format("{}\n", json_text(report, "name"));
  text += fmt::format(
      "  right            {}  pass@1 of {} of {} problems x {}, grader {}, protocol {}\n",
      rate_text(pass), count_in(coverage, "problems"), json_member(report, "n_problems").dump(),
      json_member(report, "samples_per_problem").dump(), json_text(report, "grader"),
      json_text(report, "protocol"));
  text += failures_text(pass);
  if (json_flag(report, "partial").value_or(false)) {
    const json& bounds = json_list(pass, "bounds");
    text += fmt::format("  A PART ONLY      {} problems have no completion",
                        count_in(json_member(coverage, "missing_problems"), "count"));
    if (bounds.size() == 2) {
      text += fmt::format(": the whole lies between {:.1f} and {:.1f} %",
                          bounds[0].get<double>() * 100, bounds[1].get<double>() * 100);
    }
    text += '\n';
  }
  text += metrics_text(report);
  text += fmt::format("  complete chains  {}\n",
                      rate_text(json_member(json_member(report, "chain"), "complete_rate")));
  text += fmt::format("  outcomes         {}\n", outcomes_text(report));
  text +=
      fmt::format("  file             {}: {} records ({}), shape {}: {}\n", json_text(file, "name"),
                  count_in(file, "records"), json_text(file, "container"), json_text(shape, "name"),
                  json_text(shape, "grounds"));
  text += fmt::format("  left out         {}\n", left_out_text(report));
  text += labels_text(report);
  for (const json& note : json_list(report, "notes")) {
    text += fmt::format("  note             {}\n", note.get<std::string>());
  }
  return text;
}

std::string pairs_text(const json& result) {
  std::string text = fmt::format("{} pairs, grader {}\n", json_list(result, "pairs").size(),
                                 json_text(result, "grader"));
  if (const auto agreement = json_number(result, "agreement")) {
    text += fmt::format("  agreement        {:.2f} % ({} of {} labelled pairs)\n", *agreement * 100,
                        count_in(result, "agree"), count_in(result, "labelled"));
  }
  text += fmt::format("  undecided        {}\n", count_in(result, "undecided"));
  if (const auto bad = count_in(json_member(result, "file"), "unreadable"); bad > 0) {
    text += fmt::format("  unreadable       {} lines\n", bad);
  }
  std::size_t shown = 0;
  for (const json& row : json_list(result, "disagreements")) {
    if (shown++ == most_rows) {
      text += "    ... (--json lists all)\n";
      break;
    }
    text += fmt::format(
        "    {}: label {}, ours {} ({}): gold {}, pred {}\n", count_in(row, "place"),
        json_member(row, "label").dump(), json_text(row, "verdict"), json_text(row, "rung"),
        name_for_message(json_text(row, "gold"), 60), name_for_message(json_text(row, "pred"), 60));
  }
  return text;
}

}  // namespace assay::tool
