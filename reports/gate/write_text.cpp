// The gate's outcome for people: a terminal and a pull request.
#include <fmt/format.h>

#include <algorithm>

#include "core/text.h"
#include "core/utf8.h"
#include "reports/common/foreign_text.h"
#include "reports/gate/gate.h"

namespace assay {
namespace {

constexpr std::size_t kColumns = 5;
using Row = std::vector<std::string>;

std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](unsigned char c) { return (c & 0xC0U) != 0x80U; }));
}

std::string status_word(CheckStatus status) {
  return status == CheckStatus::failed ? "FAILED" : std::string(check_status_name(status));
}

std::string count_words(const GateOutcome& outcome) {
  std::size_t failed = 0;
  std::size_t decided = 0;
  std::size_t skipped = 0;
  for (const GateCheck& check : outcome.checks) {
    failed += check.status == CheckStatus::failed ? 1 : 0;
    decided += check.status == CheckStatus::failed || check.status == CheckStatus::passed ? 1 : 0;
    skipped += check.status == CheckStatus::skipped ? 1 : 0;
  }
  std::string out =
      failed > 0 ? fmt::format("FAILED, {} of {} check{}", failed, decided, decided == 1 ? "" : "s")
                 : fmt::format("passed, {} check{}", decided, decided == 1 ? "" : "s");
  if (skipped > 0) out += fmt::format(", {} skipped", skipped);
  return out;
}

/// The measuring itself: pairs, spread, class.
std::string noise_words(const SpeedResult& speed) {
  std::string out = fmt::format("{} pairs; this host is {}: pairs spread by {:.2g} %",
                                speed.first.pairs, speed.noise, speed.spread * 100);
  if (speed.confirmation.pairs > 0) {
    out += fmt::format("; {} pairs more for what looked slower", speed.confirmation.pairs);
  }
  return out;
}

}  // namespace

std::string_view check_status_name(CheckStatus status) {
  switch (status) {
    case CheckStatus::passed:
      return "passed";
    case CheckStatus::failed:
      return "failed";
    case CheckStatus::skipped:
      return "skipped";
    case CheckStatus::note:
      return "note";
  }
  return "unknown";
}

bool GateOutcome::passed() const {
  return std::none_of(checks.begin(), checks.end(),
                      [](const GateCheck& check) { return check.status == CheckStatus::failed; });
}

std::string gate_text(const GateOutcome& outcome) {
  std::vector<Row> rows;
  rows.reserve(outcome.checks.size());
  for (const GateCheck& check : outcome.checks) {
    rows.push_back({status_word(check.status), name_for_message(check.subject, 60), check.name,
                    check.baseline, check.candidate, check.why});
  }
  std::vector<std::size_t> widths(kColumns, 0);
  rows.insert(rows.begin(), {"", "", "", "baseline", "candidate", ""});
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < kColumns; ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  }
  std::string out = fmt::format("gate: {}\n", count_words(outcome));
  if (outcome.speed) out += noise_words(*outcome.speed) + "\n";
  out += "rule: " + outcome.rule + "\n\n";
  for (const Row& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < kColumns; ++i) {
      line += row[i] + std::string(widths[i] - width_of(row[i]) + 2, ' ');
    }
    line += row.back();
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
  return for_log(out);
}

std::string gate_markdown(const GateOutcome& outcome) {
  std::string out = fmt::format("### assay gate: {}\n\n", as_markdown(count_words(outcome)));
  if (!outcome.baseline.empty()) {
    out += fmt::format("{} against {} (baseline)\n\n", as_markdown_code(outcome.candidate),
                       as_markdown_code(outcome.baseline));
  }
  if (outcome.speed) out += as_markdown(noise_words(*outcome.speed)) + "\n\n";
  out += "| | what | check | baseline | candidate | why |\n|---|---|---|---|---|---|\n";
  const auto cell = [](const std::string& text) { return as_markdown(text); };
  for (const GateCheck& check : outcome.checks) {
    const bool bad = check.status == CheckStatus::failed;
    const std::string word = status_word(check.status);
    out += fmt::format("| {} | {} | {} | {} | {} | {} |\n", bad ? "**" + word + "**" : word,
                       as_markdown_code(check.subject), cell(check.name), cell(check.baseline),
                       cell(check.candidate), cell(check.why));
  }
  return out + "\nRule: " + as_markdown(outcome.rule) + "\n";
}

}  // namespace assay
