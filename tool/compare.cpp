// `assay compare`: reports side by side.
#include "reports/compare/compare.h"

#include <fmt/core.h>

#include "core/error.h"
#include "core/json_access.h"
#include "core/jsonl.h"
#include "core/text.h"
#include "reports/common/transfer.h"
#include "tool/command.h"

namespace assay::tool {
namespace {

struct CompareFlags {
  std::vector<std::string> reports;
  std::string page;
  bool markdown = false;
  bool csv = false;
  bool json = false;
  bool summary = false;
  double text_mb = 2;
};

/// The reports among the files, with the transfer proofs among them added to theirs.
std::vector<NamedReport> load_all(const std::vector<std::string>& paths) {
  std::vector<NamedReport> reports;
  std::vector<std::pair<std::string, std::string>> proofs;
  for (const std::string& path : paths) {
    Result<NamedReport> report = load_report(path);
    if (report) {
      reports.push_back(std::move(*report));
      continue;
    }
    const Result<TextFile> file = read_text_file(path);
    const auto proof = file ? parse_json(file->text) : Result<nlohmann::json>(nlohmann::json());
    if (!proof || !is_transfer_proof(*proof)) throw Error(report.error());
    proofs.emplace_back(path, file->text);
  }
  if (reports.empty()) {
    throw Error(ErrorKind::usage, "there is no report among the files",
                "give the report.json of at least one run");
  }
  for (const auto& [path, text] : proofs) value_or_throw(add_transfer_proof(text, path, reports));
  return reports;
}

int compare(const CompareFlags& flags) {
  if (flags.markdown + flags.csv + flags.json + flags.summary > 1) {
    throw Error(ErrorKind::usage, "--markdown, --csv, --json and --summary exclude one another",
                "choose one; -o PAGE.html may be added to any");
  }
  if (!flags.page.empty()) require_writable(flags.page);
  std::vector<NamedReport> reports = load_all(flags.reports);
  if (!flags.page.empty() || flags.json) {
    for (NamedReport& report : reports) attach_journal(&report);
  }
  const nlohmann::json comparison = compare_reports(reports);
  if (!flags.page.empty()) {
    const PageOptions options{static_cast<std::int64_t>(flags.text_mb * 1e6)};
    write_file(flags.page, comparison_html(comparison, reports, options));
  }
  if (flags.markdown) {
    print(comparison_markdown(comparison));
  } else if (flags.csv) {
    print(comparison_csv(comparison));
  } else if (flags.json) {
    print(comparison.dump(2) + "\n");
  } else if (flags.summary) {
    print(sanitize_for_terminal(summary_sentence(reports)) + "\n");
  } else if (flags.page.empty()) {
    print(sanitize_for_terminal(comparison_text(comparison)));
  }
  return 0;
}

}  // namespace

void add_compare_command(CLI::App& app, Action& action) {
  auto flags = std::make_shared<CompareFlags>();
  CLI::App* command = app.add_subcommand("compare", "Reports side by side; the first is the base");
  command
      ->add_option("reports", flags->reports,
                   "report.json files; transfer proofs of assay verify may stand among them")
      ->required();
  command->add_option("-o,--out", flags->page, "Write one self-contained HTML page");
  command->add_flag("--markdown", flags->markdown, "Markdown on stdout, for a pull request");
  command->add_flag("--csv", flags->csv, "CSV on stdout, one value a line");
  command->add_flag("--json", flags->json, "The comparison as JSON on stdout");
  command->add_flag("--summary", flags->summary, "One sentence on stdout");
  command->add_option("--text-mb", flags->text_mb, "Most packed chains in the page, in MB")
      ->check(CLI::Range(0.0, 1000.0))
      ->capture_default_str();
  command->footer(
      "Examples:\n"
      "  assay compare runs/a/report.json runs/b/report.json -o compare.html\n"
      "  assay compare runs/*/report.json --markdown\n"
      "  assay compare runs/*/report.json --csv > runs.csv\n"
      "  assay compare runs/a/report.json proof.json -o page.html   (assay verify --transfer)\n"
      "The chains in the page come from the journal.jsonl beside each report.");
  command->callback([flags, &action] { action = [flags] { return compare(*flags); }; });
}

}  // namespace assay::tool
