// `assay audit`: published numbers against arithmetic, other people's numbers, and reports.
#include "reports/audit/audit.h"

#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "core/json_access.h"
#include "core/jsonl.h"
#include "core/text.h"
#include "reports/audit/embedded.h"
#include "tool/command.h"
#include "tool/model_shapes.h"

namespace assay::tool {
namespace {

struct AuditFlags {
  std::string claims;
  std::vector<std::string> reports;
  std::string page;
  bool markdown = false;
  bool all = false;
  bool json = false;
};

/// Reports and proofs of transfers come in one list; what a file is, it says itself.
void read_inputs(const std::vector<std::string>& paths, std::vector<NamedReport>* reports,
                 std::vector<TransferProof>* proofs) {
  for (const std::string& path : paths) {
    const TextFile file = value_or_throw(read_text_file(path));
    const auto value = parse_json(file.text);
    if (value && is_transfer_proof(*value)) {
      proofs->push_back(value_or_throw(parse_transfer_proof(file.text, path)));
    } else {
      reports->push_back(value_or_throw(parse_report(file.text, path)));
    }
  }
}

int audit(const AuditFlags& flags) {
  if (flags.markdown && flags.json) {
    throw Error(ErrorKind::usage, "--markdown and --json exclude one another",
                "choose one; -o PAGE.html may be added to either");
  }
  if (!flags.page.empty()) require_writable(flags.page);
  const ClaimsFile claims = value_or_throw(load_claims(flags.claims));
  std::vector<NamedReport> reports;
  std::vector<TransferProof> proofs;
  read_inputs(flags.reports, &reports, &proofs);
  const nlohmann::json out =
      audit_claims({&claims, reports, proofs, sizes_of_shape, scratch_of_shape});
  if (!flags.page.empty()) write_file(flags.page, audit_html(out));
  if (flags.json) {
    print(out.dump(2) + "\n");
  } else if (flags.markdown) {
    print(audit_markdown(out));
  } else if (flags.page.empty()) {
    print(audit_text(out, output_columns(), flags.all));
  }
  return audit_objects(out) ? 1 : 0;
}

}  // namespace

void add_audit_command(CLI::App& app, Action& action) {
  auto flags = std::make_shared<AuditFlags>();
  CLI::App* command = app.add_subcommand("audit", "Are published numbers true?");
  std::string shipped;
  for (const EmbeddedText& file : embedded_claims()) {
    shipped += (shipped.empty() ? "" : ", ") + std::string(file.name);
  }
  command
      ->add_option("--claims", flags->claims, "A claims file, or one that is shipped: " + shipped)
      ->required();
  command->add_option("reports", flags->reports,
                      "report.json files to measure the claims with, and proofs of assay verify "
                      "--transfer");
  command->add_option("-o,--out", flags->page, "Write one self-contained HTML page");
  command->add_flag("--markdown", flags->markdown, "Markdown on stdout");
  command->add_flag("--all", flags->all, "Every row of arithmetic, not only the telling ones");
  command->add_flag("--json", flags->json, "The audit as JSON on stdout");
  command->footer(
      "Examples:\n"
      "  assay audit --claims r1-distill-qwen-1.5b\n"
      "  assay audit --claims r1-distill-qwen-1.5b runs/r1/report.json proof.json -o audit.html\n"
      "  assay audit --claims mine.json --json\n"
      "Verdicts: supported; supported under named conditions; contradicted; impossible (above the\n"
      "device's own bound); undefined (no definition given); not tested. Exit 1 when a claim is\n"
      "contradicted or impossible. docs/audit.md has the rules and the form of claims.");
  command->callback([flags, &action] { action = [flags] { return audit(*flags); }; });
}

}  // namespace assay::tool
