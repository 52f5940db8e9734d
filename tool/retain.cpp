// `assay retain`: how much of a reference run's chains a run keeps.
#include "harness/retention/retain.h"

#include <fmt/core.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/json_access.h"
#include "core/plugins.h"
#include "core/text.h"
#include "harness/journal_writer.h"
#include "reports/common/retention_words.h"
#include "tool/command.h"
#include "tool/report_files.h"

namespace assay::tool {
namespace {

using nlohmann::json;

struct RetainFlags {
  RetainOptions options;
  std::string backend;
  std::string reference_backend;
  std::int64_t limit = 0;
  bool json = false;
};

/// Labels are padded to this width, counted in characters.
constexpr std::size_t kLabelWidth = 40;

std::string record_text(const json& record) {
  std::string text = name_for_message(json_text(record, "task")) + "\n";
  for (const RetentionValue& value : retention_values()) {
    const json read = read_retention(value, record);
    if (read.is_null()) continue;
    const std::string shown = name_for_message(show_retention(value, read), 200);
    text += fmt::format("  {:<{}} {}\n", value.label, kLabelWidth, shown);
  }
  for (const std::string& sentence : {retention_survival(record), retention_gaps(record)}) {
    if (!sentence.empty()) text += "  " + sentence + "\n";
  }
  return text;
}

RetainOptions options_of(const RetainFlags& flags) {
  RetainOptions options = flags.options;
  options.forced = options.forced || !options.model.empty() || !options.reference_model.empty();
  if (!flags.backend.empty()) {
    options.backend = value_or_throw(parse_backend_spec(flags.backend));
  }
  if (!flags.reference_backend.empty()) {
    options.reference_backend = value_or_throw(parse_backend_spec(flags.reference_backend));
  }
  if (flags.limit > 0) options.limit = flags.limit;
  return options;
}

/// The journal is appended to and the reports are replaced: asked before the work.
void require_writable_run(const std::string& run_dir) {
  const std::filesystem::path folder = run_dir;
  std::error_code error;
  if (!std::filesystem::exists(folder / "journal.jsonl", error)) return;  // no run: said later
  (void)value_or_throw(JournalWriter::append((folder / "journal.jsonl").string()));
  for (const ReportPlugin& plugin : report_plugins()) {
    require_writable((folder / plugin.file_name).string());
  }
}

int retain(const RetainFlags& flags) {
  require_writable_run(flags.options.run_dir);
  json result;
  {
    TerminalListener terminal;
    result = retain_runs(options_of(flags), terminal.listener());
  }
  const json& records = result.at("records");
  write_reports(record_retention(flags.options.run_dir, records), flags.options.run_dir);
  if (flags.json) {
    print(result.dump(2) + "\n");
    return 0;
  }
  std::string text;
  for (const json& record : records) text += record_text(record);
  for (const json& refused : result.at("refused")) {
    text += fmt::format("{}: not compared, {}\n", name_for_message(json_text(refused, "task")),
                        json_text(refused, "why"));
  }
  print(sanitize_for_terminal(text));
  return 0;
}

void add_model_options(CLI::App& command, RetainFlags& flags) {
  command.add_flag("--forced", flags.options.forced,
                   "Feed the reference's chains to the models, too (implied by --model)");
  command.add_option("--model", flags.options.model,
                     "The run's model, where its name is not known here");
  command.add_option("--reference-model", flags.options.reference_model,
                     "The reference's model: agreement, divergence and the distillation loss");
  command.add_option("--backend", flags.backend, "For the run's model (default: the run's own)");
  command.add_option("--reference-backend", flags.reference_backend,
                     "For the reference's model (default: its run's own)");
  command
      .add_option("--threads", flags.options.threads,
                  "Threads of the backends (0: the physical cores)")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  command
      .add_option("--mirror", flags.options.mirror,
                  "pypi: fetch from the mirror instead of the origin")
      ->check(CLI::IsMember({"pypi"}));
  command.add_option("--limit", flags.limit, "Completions to feed of each task (0: all)")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
}

}  // namespace

void add_retain_command(CLI::App& app, Action& action) {
  auto flags = std::make_shared<RetainFlags>();
  CLI::App* command =
      app.add_subcommand("retain", "How much of a reference run's chains a run keeps");
  command->add_option("--run", flags->options.run_dir, "Folder of the run")->required();
  command->add_option("--reference", flags->options.reference_dir, "Folder of the reference run")
      ->required();
  command->add_option("--again", flags->options.again_dir,
                      "Folder of a run of the reference's model with another seed: the ceiling");
  add_model_options(*command, *flags);
  command->add_flag("--json", flags->json, "The result as JSON on stdout");
  command->footer(
      "Examples:\n"
      "  assay retain --run runs/q2 --reference runs/q8\n"
      "  assay retain --run runs/q2 --reference runs/q8 --model q2.gguf --reference-model q8.gguf\n"
      "  assay retain --run runs/student --reference runs/teacher --again runs/teacher-seed-1\n"
      "Without a model: first difference, milestones and outcomes, from the two journals. With "
      "the\n"
      "models, the reference's completions are fed to both: steps and tokens drawn again, "
      "divergence,\n"
      "distillation loss. The result is written into the run's journal and reports; assay compare\n"
      "shows it. docs/retention.md explains each number.");
  command->callback([flags, &action] { action = [flags] { return retain(*flags); }; });
}

}  // namespace assay::tool
