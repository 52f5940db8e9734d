// `assay compare`: reports side by side.
#include "reports/compare/compare.h"

#include <fmt/core.h>

#include "core/error.h"
#include "core/text.h"
#include "tool/command.h"

namespace assay::tool {
namespace {

struct Flags {
  std::vector<std::string> reports;
  std::string page;
  bool markdown = false;
  bool csv = false;
  bool json = false;
  bool summary = false;
};

int compare(const Flags& flags) {
  if (flags.markdown + flags.csv + flags.json + flags.summary > 1) {
    throw Error(ErrorKind::usage, "--markdown, --csv, --json and --summary exclude one another",
                "choose one; -o PAGE.html may be added to any");
  }
  std::vector<NamedReport> reports;
  for (const std::string& path : flags.reports) {
    reports.push_back(value_or_throw(load_report(path)));
  }
  const nlohmann::json comparison = compare_reports(reports);
  if (!flags.page.empty()) write_file(flags.page, comparison_html(comparison));
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
  auto flags = std::make_shared<Flags>();
  CLI::App* command = app.add_subcommand("compare", "Reports side by side; the first is the base");
  command->add_option("reports", flags->reports, "report.json files")->required();
  command->add_option("-o,--out", flags->page, "Write one self-contained HTML page");
  command->add_flag("--markdown", flags->markdown, "Markdown on stdout, for a pull request");
  command->add_flag("--csv", flags->csv, "CSV on stdout, one value a line");
  command->add_flag("--json", flags->json, "The comparison as JSON on stdout");
  command->add_flag("--summary", flags->summary, "One sentence on stdout");
  command->footer(
      "Examples:\n"
      "  assay compare runs/a/report.json runs/b/report.json -o compare.html\n"
      "  assay compare runs/*/report.json --markdown");
  command->callback([flags, &action] { action = [flags] { return compare(*flags); }; });
}

}  // namespace assay::tool
