// The gate's outcome for programs: JSON, JUnit XML, GitHub workflow commands.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/text.h"
#include "reports/common/foreign_text.h"
#include "reports/gate/gate.h"

namespace assay {
namespace {

using nlohmann::json;

constexpr int kGateVersion = 1;

json text_or_null(const std::string& text) {
  return text.empty() ? json() : json(redact_home_paths(sanitize_for_terminal(text)));
}

json series_json(const SpeedSeries& series) {
  json metrics = json::array();
  for (const MetricVerdict& it : series.metrics) {
    metrics.push_back({{"name", sanitize_for_terminal(it.name)},
                       {"ratio", it.ratio},
                       {"ratio_ci95", {it.ratio_ci95.low, it.ratio_ci95.high}},
                       {"p_value", it.p_value},
                       {"p_adjusted", it.p_adjusted},
                       {"spread", it.spread},
                       {"threshold", it.threshold},
                       {"slower", it.slower},
                       {"baseline_seconds", it.baseline},
                       {"candidate_seconds", it.candidate}});
  }
  return {{"pairs", series.pairs}, {"metrics", metrics}};
}

json speed_json(const SpeedResult& speed) {
  return {{"noise", {{"class", speed.noise}, {"spread", speed.spread}}},
          {"first", series_json(speed.first)},
          {"confirmation", speed.confirmation.pairs > 0 ? series_json(speed.confirmation) : json()},
          {"failed", speed.failed},
          {"unconfirmed", speed.unconfirmed}};
}

std::string check_title(const GateCheck& check) {
  return check.subject + " " + check.name;
}

std::string change_of(const GateCheck& check) {
  if (check.baseline.empty() && check.candidate.empty()) return check.why;
  return fmt::format("{} -> {}{}{}", check.baseline, check.candidate, check.why.empty() ? "" : "; ",
                     check.why);
}

std::size_t count(const GateOutcome& outcome, CheckStatus status) {
  return static_cast<std::size_t>(
      std::count_if(outcome.checks.begin(), outcome.checks.end(),
                    [status](const GateCheck& check) { return check.status == status; }));
}

}  // namespace

json gate_json(const GateOutcome& outcome) {
  json checks = json::array();
  for (const GateCheck& check : outcome.checks) {
    checks.push_back({{"subject", sanitize_for_terminal(check.subject)},
                      {"name", sanitize_for_terminal(check.name)},
                      {"status", check_status_name(check.status)},
                      {"baseline", text_or_null(check.baseline)},
                      {"candidate", text_or_null(check.candidate)},
                      {"why", text_or_null(check.why)}});
  }
  return {{"schema_version", kGateVersion},
          {"kind", outcome.kind},
          {"passed", outcome.passed()},
          {"baseline", text_or_null(outcome.baseline)},
          {"candidate", text_or_null(outcome.candidate)},
          {"rule", outcome.rule},
          {"checks", checks},
          {"speed", outcome.speed ? speed_json(*outcome.speed) : json()}};
}

std::string gate_junit(const GateOutcome& outcome) {
  const std::size_t failed = count(outcome, CheckStatus::failed);
  const std::size_t skipped =
      count(outcome, CheckStatus::skipped) + count(outcome, CheckStatus::note);
  const std::string numbers = fmt::format(R"(tests="{}" failures="{}" errors="0" skipped="{}")",
                                          outcome.checks.size(), failed, skipped);
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
  out += fmt::format("<testsuites name=\"assay gate\" {}>\n", numbers);
  out += fmt::format("  <testsuite name=\"assay gate: {}\" {}>\n", as_xml(outcome.kind), numbers);
  for (const GateCheck& check : outcome.checks) {
    const std::string head =
        fmt::format(R"(    <testcase classname="assay.gate.{}" name="{}" time="0")",
                    as_xml(check.subject), as_xml(check_title(check)));
    const std::string words = as_xml(redact_home_paths(change_of(check)));
    switch (check.status) {
      case CheckStatus::passed:
        out +=
            fmt::format("{}>\n      <system-out>{}</system-out>\n    </testcase>\n", head, words);
        break;
      case CheckStatus::failed:
        out += fmt::format(
            "{}>\n      <failure type=\"gate\" message=\"{}\">{}</failure>\n    </testcase>\n",
            head, words, words);
        break;
      case CheckStatus::skipped:
      case CheckStatus::note:
        out += fmt::format("{}>\n      <skipped message=\"{}\"/>\n    </testcase>\n", head, words);
        break;
    }
  }
  return out + "  </testsuite>\n</testsuites>\n";
}

std::string gate_annotations(const GateOutcome& outcome) {
  std::string out;
  for (const GateCheck& check : outcome.checks) {
    if (check.status != CheckStatus::failed) continue;
    out += fmt::format("::error title={}::{}\n",
                       as_github_property("assay gate: " + name_for_message(check_title(check))),
                       as_github_message(name_for_message(change_of(check), 500)));
  }
  if (out.empty()) {
    out = fmt::format("::notice title=assay gate::{} checks passed\n",
                      count(outcome, CheckStatus::passed));
  }
  return out;
}

}  // namespace assay
