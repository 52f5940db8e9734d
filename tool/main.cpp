// assay: what is left of a reasoning model on a given device.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <new>
#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/text.h"
#include "harness/build_info.h"
#include "harness/names.h"
#include "tool/command.h"

namespace {

constexpr const char* kFooter = R"(Examples:
  assay fetch model smollm2-135m                          bring a small model (93 MB)
  assay run --model smollm2-135m --task mini-math         evaluate it; journal and report in runs/
  assay bench --model model.gguf --backend cpu            prefill and decode speed
  assay score --task humaneval samples.jsonl              grade stored completions
  assay compare runs/a/report.json runs/b/report.json -o compare.html
  assay gate --baseline a/report.json --candidate b/report.json      fails what got worse
  assay audit --claims r1-distill-qwen-1.5b               are published numbers true?
  assay chain completions.jsonl                           are the reasoning chains complete?

Exit codes: 0 done, 1 a check says no, 2 usage, 3 environment, 4 a bug, 130 interrupted.)";

int report_error(const assay::Error& error) {
  fmt::print(stderr, "assay: error: {}\n", assay::sanitize_for_terminal(error.line()));
  return static_cast<int>(error.kind());
}

/// Parses the command line; the chosen subcommand sets `action`. Returns an exit code when there
/// is nothing to do (help, or a mistake that was printed).
std::optional<int> parse(CLI::App& app, int argc, char** argv) {
  try {
    app.parse(argc, argv);
    return std::nullopt;
  } catch (const CLI::Success& wanted) {  // --help, --version
    return app.exit(wanted);
  } catch (const CLI::ParseError& mistake) {
    const auto chosen = app.get_subcommands();
    if (chosen.empty() && argc > 1 && argv[1][0] != '-') {
      std::vector<std::string> known;
      for (const CLI::App* command : app.get_subcommands(nullptr)) {
        known.push_back(command->get_name());
      }
      return report_error(assay::unknown_name("command", argv[1], known));
    }
    const std::string command = chosen.empty() ? "assay" : "assay " + chosen[0]->get_name();
    return report_error(assay::Error(assay::ErrorKind::usage, mistake.what(),
                                     fmt::format("`{} --help` shows the options", command)));
  }
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"assay: what is left of a reasoning model on a given device", "assay"};
  app.require_subcommand(1);
  app.footer(kFooter);
  app.set_version_flag("--version", [] { return "assay " + assay::version(); });
  assay::tool::Action action;
  assay::tool::add_run_command(app, action);
  assay::tool::add_bench_command(app, action);
  assay::tool::add_score_command(app, action);
  assay::tool::add_compare_command(app, action);
  assay::tool::add_gate_command(app, action);
  assay::tool::add_audit_command(app, action);
  assay::tool::add_project_command(app, action);
  assay::tool::add_verify_command(app, action);
  assay::tool::add_chain_command(app, action);
  assay::tool::add_retain_command(app, action);
  assay::tool::add_serve_command(app, action);
  assay::tool::add_fetch_command(app, action);
  assay::tool::add_list_command(app, action);
  assay::tool::add_tokenize_command(app, action);
  assay::tool::add_logits_command(app, action);
  assay::tool::add_quantize_command(app, action);

  if (const std::optional<int> code = parse(app, argc, argv)) return *code;
  assay::tool::install_signal_handlers();
  try {
    return action();
  } catch (const assay::Error& error) {
    return report_error(error);
  } catch (const std::bad_alloc&) {
    return report_error(assay::Error(assay::ErrorKind::environment, "out of memory",
                                     "lower --context or --batch, or take a smaller model"));
  } catch (const std::exception& error) {
    return report_error(assay::Error(assay::ErrorKind::bug, error.what(),
                                     "this is a bug in assay; please report the command"));
  }
}
