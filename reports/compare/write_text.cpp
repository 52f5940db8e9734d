// The comparison as Markdown, CSV and plain text. Names in it are foreign: each form has its own
// way to keep them from becoming markup, formulas or commands.
#include <fmt/core.h>

#include <algorithm>

#include "core/json_access.h"
#include "core/text.h"
#include "reports/common/retention_words.h"
#include "reports/common/show.h"
#include "reports/common/task_report.h"
#include "reports/common/words.h"
#include "reports/compare/compare.h"

namespace assay {
namespace {

using nlohmann::json;

/// One value of one run, with its interval where it has one.
struct Value {
  std::string section;
  std::string task;
  std::string name;
  std::vector<json> runs;  ///< a number, or {value, ci95}, or a text saying why not; a run each
};

json member_at(const json& value, std::initializer_list<const char*> path) {
  const json* at = &value;
  for (const char* name : path) at = &json_member(*at, name);
  return *at;
}

void add_run_values(const json& comparison, std::vector<Value>* out) {
  const auto add = [&](const char* section, const char* name,
                       std::initializer_list<const char*> path) {
    Value value{section, "", name, {}};
    for (const json& run : json_list(comparison, "runs")) {
      value.runs.push_back(member_at(run, path));
    }
    out->push_back(std::move(value));
  };
  add("speed", "decode_tokens_per_s", {"throughput", "decode_tokens_per_s"});
  add("speed", "prefill_tokens_per_s", {"throughput", "prefill_tokens_per_s"});
  add("speed", "ttft_ms_p50", {"throughput", "ttft_ms", "p50"});
  add("speed", "ttft_ms_p90", {"throughput", "ttft_ms", "p90"});
  add("speed", "ttft_ms_p99", {"throughput", "ttft_ms", "p99"});
  add("speed", "tpot_ms_p50", {"throughput", "tpot_ms", "p50"});
  add("speed", "tpot_ms_p90", {"throughput", "tpot_ms", "p90"});
  add("speed", "tpot_ms_p99", {"throughput", "tpot_ms", "p99"});
  add("speed", "gb_per_s", {"throughput", "gb_per_s"});
  add("speed", "roofline_fraction", {"throughput", "roofline_fraction"});
  add("memory", "planned_bytes", {"memory", "planned_bytes"});
  add("memory", "host_peak_bytes", {"memory", "host_peak_bytes"});
  add("memory", "device_peak_bytes", {"memory", "device_peak_bytes"});
}

void add_bench_values(const json& comparison, std::vector<Value>* out) {
  for (const json& it : json_list(comparison, "bench")) {
    const json& point = json_member(it, "point");
    Value value{"bench",
                "",
                fmt::format("{}_{}_after_{}_batch_{}_tokens_per_s", json_text(point, "phase"),
                            json_integer(point, "tokens").value_or(0),
                            json_integer(point, "depth").value_or(0),
                            json_integer(point, "batch").value_or(0)),
                {}};
    for (const json& run : json_list(it, "runs")) {
      value.runs.push_back(json_member(run, "tokens_per_s"));
    }
    out->push_back(std::move(value));
  }
}

void add_task_values(const json& task, std::vector<Value>* out) {
  const auto add = [&](const char* section, const std::string& name,
                       std::initializer_list<const char*> path) {
    Value value{section, json_text(task, "name"), name, {}};
    for (const json& run : json_list(task, "runs")) {
      const json& refused = json_member(run, "refused");
      value.runs.push_back(refused.is_string() ? refused : member_at(run, path));
    }
    out->push_back(std::move(value));
  };
  add("score", "pass@1", {"metrics", "pass@1"});
  add("score", "cons@k", {"metrics", "cons@k"});
  add("chain", "complete_rate", {"chain", "complete_rate"});
  add("chain", "strictly_complete_rate", {"chain", "strictly_complete_rate"});
  for (const std::string_view name : kChainComponents) {
    add("chain", std::string(name), {"chain", "components", name.data()});
  }
  for (const std::string_view name : kOutcomes) {
    add("outcome", std::string(name), {"outcomes", name.data()});
  }
  add("length", "median_tokens", {"length", "median_tokens"});
  add("length", "censored", {"length", "censored"});
  // Pairs hold a value for their second run only.
  const auto add_pair = [&](const char* result, const char* name) {
    Value value{"paired", json_text(task, "name"), fmt::format("{}_{}", result, name), {}};
    value.runs.resize(json_list(task, "runs").size());
    for (const json& pair : json_list(task, "paired")) {
      const auto b = static_cast<std::size_t>(json_integer(pair, "b").value_or(0));
      if (b < value.runs.size()) value.runs[b] = member_at(pair, {result, name});
    }
    out->push_back(std::move(value));
  };
  for (const char* result : {"correct", "complete"}) {
    for (const char* name : {"both", "a_only", "b_only", "neither", "p_value"}) {
      add_pair(result, name);
    }
  }
  for (const char* name : {"problems", "same_tokens", "same_answer", "same_logits"}) {
    Value value{"identity", json_text(task, "name"), name, {}};
    value.runs.resize(json_list(task, "runs").size());
    for (const json& pair : json_list(task, "identity")) {
      const auto b = static_cast<std::size_t>(json_integer(pair, "b").value_or(0));
      if (b < value.runs.size()) value.runs[b] = json_member(pair, name);
    }
    out->push_back(std::move(value));
  }
}

/// Each run's retention against its own reference, whatever the other runs are.
void add_retention_values(const json& task, std::vector<Value>* out) {
  for (const RetentionValue& it : retention_values()) {
    Value value{"retention", json_text(task, "name"), std::string(it.name), {}};
    for (const json& run : json_list(task, "runs")) {
      value.runs.push_back(read_retention(it, json_member(run, "retention")));
    }
    out->push_back(std::move(value));
  }
}

/// Everything that at least one run has.
std::vector<Value> values_of(const json& comparison) {
  std::vector<Value> all;
  add_run_values(comparison, &all);
  add_bench_values(comparison, &all);
  for (const json& task : json_list(comparison, "tasks")) {
    add_task_values(task, &all);
    add_retention_values(task, &all);
  }
  const auto is_known = [](const json& value) {
    return !value.is_null() && !(value.contains("value") && value["value"].is_null());
  };
  std::vector<Value> out;
  std::copy_if(all.begin(), all.end(), std::back_inserter(out), [&is_known](const Value& value) {
    return std::any_of(value.runs.begin(), value.runs.end(), is_known);
  });
  return out;
}

/// How a person reads a value of this section.
std::string shown(const Value& value, const json& of_run) {
  if (value.section == "retention") {
    return name_for_message(show_retention(*retention_value(value.name), of_run), 200);
  }
  if (of_run.is_object()) return show_rate(of_run);
  if (of_run.is_string()) return "not compared";
  if (value.section == "memory") {
    return show_bytes(of_run.is_number_integer() ? std::optional(of_run.get<std::int64_t>())
                                                 : std::nullopt);
  }
  const auto number = of_run.is_number() ? std::optional(of_run.get<double>()) : std::nullopt;
  if (value.name == "roofline_fraction") return show_percent(number);
  const bool is_count =
      value.section == "outcome" || value.section == "identity" || value.section == "length" ||
      (value.section == "paired" && value.name.find("p_value") == value.name.npos);
  if (is_count) {
    return number ? show_count(static_cast<std::int64_t>(*number)) : show_count(std::nullopt);
  }
  return show_number(number);
}

/// Foreign text as a code span inside a table: nothing in it is markup, a mention, or an issue.
std::string markdown_name(std::string_view text) {
  std::string out;
  for (const char c : name_for_message(text, 120)) {
    if (c == '|') {
      out += "\\|";
    } else {
      out += c == '`' ? '\'' : c;
    }
  }
  return out.empty() ? "\u2013" : "`" + out + "`";
}

/// Foreign text in a sentence: no markup, and nothing that a forge makes a mention, an issue or a
/// link of.
std::string markdown_text(std::string_view text) {
  std::string out;
  std::string_view rest = text;
  while (!rest.empty()) {
    if (rest.front() == '@') {
      out += "\uFF20";
    } else if (rest.front() == '#') {
      out += "\uFF03";
    } else if (rest.substr(0, 3) == "://") {
      out += ": ";
    } else if (std::string_view("\\`*_{}[]<>|~!&").find(rest.front()) != std::string_view::npos) {
      out += std::string("\\") + rest.front();
    } else {
      out += rest.front();
    }
    rest.remove_prefix(1);
  }
  return out;
}

/// "arithmetic holds (C7)": a component never stands there without its words.
std::string value_label(const Value& value) {
  for (const Words& words : component_words()) {
    if (value.section == "chain" && value.name == words.name) {
      return fmt::format("{} ({})", words.label, words.name);
    }
  }
  if (value.section == "retention") {
    return fmt::format("retention: {} ({})", retention_value(value.name)->label, value.name);
  }
  return value.name;
}

/// Behind retention always stands why no published number is beside it.
std::string retention_note(const std::vector<Value>& values) {
  const bool is_shown = std::any_of(values.begin(), values.end(), [](const Value& value) {
    return value.section == "retention";
  });
  return is_shown ? "\n" + std::string(published_retention_note()) + "\n" : std::string();
}

struct CsvValue {
  std::string name;
  json value;  ///< a number, a rate, or something that has no line
};

/// One line for a number or a rate; a 2x2 table is its counts, difference and p value.
std::vector<CsvValue> csv_values(const Value& value, const json& of_run) {
  if (json_member(of_run, "both").is_null()) return {{value.name, of_run}};
  std::vector<CsvValue> out;
  for (const char* part : {"both", "a_only", "b_only", "neither", "difference", "p_value"}) {
    out.push_back({value.name + "_" + part, json_member(of_run, part)});
  }
  return out;
}

/// RFC 4180, and no cell that a spreadsheet would run: text that starts like a formula gets an
/// apostrophe in front.
std::string csv_cell(std::string_view text) {
  std::string out = sanitize_for_terminal(text);
  const bool formula =
      !out.empty() && std::string_view("=+-@\t\r\n").find(out[0]) != std::string_view::npos;
  if (formula) out.insert(out.begin(), '\'');
  if (out.find_first_of(",\"") == std::string::npos) return out;
  std::string quoted = "\"";
  for (const char c : out) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

std::string csv_number(const json& value) {
  return value.is_number() ? value.dump() : std::string();
}

std::string label_of(const json& comparison, std::size_t run) {
  return json_text(json_list(comparison, "runs")[run], "label");
}

}  // namespace

std::string comparison_markdown(const json& comparison) {
  const json& runs = json_list(comparison, "runs");
  std::string out = "### " + std::to_string(runs.size()) + " runs compared\n\n" +
                    markdown_text(name_for_message(json_text(comparison, "summary"), 2000)) +
                    "\n\n";
  std::string head = "|  |";
  std::string rule = "|---|";
  for (const json& run : runs) {
    head += " " + markdown_name(json_text(run, "label")) + " |";
    rule += "---|";
  }
  out += head + "\n" + rule + "\n";
  for (const json& it : json_list(json_member(comparison, "settings"), "different")) {
    out += "| " + markdown_name(json_text(it, "name")) + " |";
    for (const json& value : json_list(it, "values")) {
      out += " " + markdown_name(show_value(value)) + " |";
    }
    out += "\n";
  }
  const std::vector<Value> values = values_of(comparison);
  for (const Value& value : values) {
    const std::string task = value.task.empty() ? "" : markdown_name(value.task) + " ";
    out += "| " + task + value_label(value) + " |";
    // A reference's name is foreign text.
    for (const json& run : value.runs) out += " " + markdown_text(shown(value, run)) + " |";
    out += "\n";
  }
  out += retention_note(values);
  for (const json& it : json_list(comparison, "refused")) {
    out += "\nNot compared: " + markdown_name(json_text(it, "what")) + " (" +
           markdown_name(json_text(it, "why")) + ")\n";
  }
  return out;
}

std::string comparison_csv(const json& comparison) {
  std::string out = "run,section,task,name,value,ci95_low,ci95_high\n";
  for (const Value& value : values_of(comparison)) {
    for (std::size_t i = 0; i < value.runs.size(); ++i) {
      for (const auto& [name, of_run] : csv_values(value, value.runs[i])) {
        const json& number = of_run.is_object() ? json_member(of_run, "value") : of_run;
        if (!number.is_number()) continue;
        const json& interval = json_list(of_run, "ci95");
        const bool bounded = interval.size() == 2;
        out += fmt::format("{},{},{},{},{},{},{}\n", csv_cell(label_of(comparison, i)),
                           value.section, csv_cell(value.task), csv_cell(name), csv_number(number),
                           bounded ? csv_number(interval[0]) : "",
                           bounded ? csv_number(interval[1]) : "");
      }
    }
  }
  return out;
}

std::string comparison_text(const json& comparison) {
  std::string out = name_for_message(json_text(comparison, "summary"), 2000) + "\n";
  const std::vector<Value> values = values_of(comparison);
  for (const Value& value : values) {
    const std::string task = value.task.empty() ? "" : name_for_message(value.task) + " ";
    out += "\n" + task + value_label(value) + "\n";
    for (std::size_t i = 0; i < value.runs.size(); ++i) {
      out += fmt::format("  {:<40} {}\n", name_for_message(label_of(comparison, i)),
                         shown(value, value.runs[i]));
    }
  }
  out += retention_note(values);
  for (const json& it : json_list(comparison, "refused")) {
    out += fmt::format("\nnot compared: {} ({})\n", name_for_message(json_text(it, "what"), 200),
                       name_for_message(json_text(it, "why"), 200));
  }
  return out;
}

}  // namespace assay
