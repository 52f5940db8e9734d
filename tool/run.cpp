// `assay run`: generate, grade, measure, report.
#include "harness/run.h"

#include <fmt/core.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "core/error.h"
#include "core/text.h"
#include "harness/endpoint.h"
#include "harness/host.h"
#include "harness/plan.h"
#include "harness/recipe.h"
#include "reports/common/report.h"
#include "tool/command.h"
#include "tool/report_files.h"
#include "tool/run_text.h"

namespace assay::tool {
namespace {

struct RunFlags {
  ModelFlags model;
  BackendFlags backend;
  RunOptions options;
  std::string tasks;
  std::string sampling = "greedy";
  std::string profile = "auto";
  std::string recipe;
  double assumed_tokens_per_s = 0;
  std::set<std::string> given;  ///< options on the command line
  bool json = false;
};

RunOptions checked_options(const RunFlags& flags) {
  RunOptions options = flags.options;
  options.model = flags.model.model;
  options.mirror = flags.model.mirror;
  options.backend = flags.backend.spec();
  options.numerics = flags.backend.policy();
  options.threads = flags.backend.threads;
  if (flags.recipe.empty()) {
    for (const char* needed : {"--model", "--task"}) {
      // A server brings its own model; a local one then only counts tokens.
      const bool optional = needed == std::string_view("--model") && is_endpoint(options.backend);
      if (!optional && !flags.given.contains(needed)) {
        throw Error(ErrorKind::usage, std::string(needed) + " is required",
                    "or give --recipe NAME; `assay list recipes` shows them");
      }
    }
  }
  if (flags.given.contains("--task")) {
    options.tasks = value_or_throw(parse_task_specs(flags.tasks));
  }
  options.sampling = flags.sampling == "model"    ? SamplingMode::model
                     : flags.sampling == "custom" ? SamplingMode::custom
                                                  : SamplingMode::greedy;
  options.chain_profile = flags.profile == "thinking" ? ProfileChoice::thinking
                          : flags.profile == "plain"  ? ProfileChoice::plain
                                                      : ProfileChoice::automatic;
  if (options.resume && options.out_dir.empty()) {
    throw Error(ErrorKind::usage, "--resume needs the run's folder",
                "add --out runs/NAME of the run to go on with");
  }
  return options;
}

/// runs/<utc>-<model>-<backend>, in characters that every file system takes.
std::string default_folder(const RunPlan& plan) {
  std::string name =
      fmt::format("{}-{}-{}", utc_now(), plan.model_name(), plan.options.backend.name);
  std::replace_if(
      name.begin(), name.end(),
      [](unsigned char c) { return std::isalnum(c) == 0 && c != '-' && c != '.' && c != '_'; },
      '_');
  return "runs/" + name;
}

/// What --dry-run of a recipe prints; needs neither the model nor the datasets.
int dry_run_of(const Recipe& recipe, const RunFlags& flags, const RunOptions& options,
               const nlohmann::json& record, const Listener& listener) {
  const RunEstimate estimate = estimate_run(recipe, options, flags.assumed_tokens_per_s, listener);
  const Availability here = recipe_availability(recipe);
  if (flags.json) {
    print(nlohmann::json{{"recipe", record},
                         {"estimate", estimate_record(estimate)},
                         {"available", here.available},
                         {"why", here.why}}
              .dump(2) +
          "\n");
    return 0;
  }
  print(sanitize_for_terminal(describe_recipe(recipe, options, record, estimate)));
  if (!here.available) print("first    " + sanitize_for_terminal(here.why) + "\n");
  return 0;
}

int run(const RunFlags& flags) {
  RunOptions options = checked_options(flags);
  TerminalListener terminal;
  const Listener listener = terminal.listener();
  nlohmann::json recipe_record;
  if (!flags.recipe.empty()) {
    const Recipe recipe = value_or_throw(load_recipe(flags.recipe));
    recipe_record = apply_recipe(recipe, flags.given, &options, listener);
    if (options.sampling == SamplingMode::custom) (void)custom_sampling(options);
    for (const auto& deviation : recipe_record["deviations"]) {
      listener.note("warning: no verdict will be given: " + deviation.get<std::string>());
    }
    if (options.dry_run) return dry_run_of(recipe, flags, options, recipe_record, listener);
  }
  RunPlan plan = make_plan(options, listener);
  if (!recipe_record.is_null()) plan.record["recipe"] = recipe_record;
  if (options.dry_run) {
    print(flags.json ? plan.record.dump(2) + "\n" : sanitize_for_terminal(describe_plan(plan)));
    return 0;
  }
  const std::string folder = options.out_dir.empty() ? default_folder(plan) : options.out_dir;
  prepare_folder(folder, plan.journal_bytes_bound());
  const std::string journal_path = (std::filesystem::path(folder) / "journal.jsonl").string();
  const bool finished = execute_plan(std::move(plan), journal_path, listener);
  const Journal journal = value_or_throw(read_journal(journal_path));
  write_reports(journal, folder);
  if (!finished) {
    throw Error(ErrorKind::interrupted, "interrupted",
                fmt::format("what was finished is kept: repeat the command with --resume --out {}",
                            folder));
  }
  const nlohmann::json report = build_report(journal);
  print(flags.json ? report.dump(2) + "\n" : sanitize_for_terminal(run_text(report)));
  listener.note(fmt::format("journal.jsonl, report.json and report.html are in {}", folder));
  return 0;
}

void add_options(CLI::App& command, RunFlags& flags) {
  RunOptions& o = flags.options;
  flags.model.add_to(command);
  flags.backend.add_to(command);
  command.add_option(
      "--task", flags.tasks,
      "Tasks, separated by commas: mini-math, aime24:first=10, humaneval:protocol=P");
  command.add_option("--samples", o.samples, "Completions a problem")
      ->capture_default_str()
      ->check(CLI::Range(1, 100000));
  command
      .add_option("--sampling", flags.sampling,
                  "greedy, model (what the model recommends) or custom")
      ->capture_default_str()
      ->check(CLI::IsMember({"greedy", "model", "custom"}));
  // Their ranges are checked_sampling's: CLI::Range lets NaN pass.
  command.add_option("--temperature", o.temperature, "Of custom sampling; 0 is greedy");
  command.add_option("--top-p", o.top_p, "Nucleus: share of the probability kept");
  command.add_option("--top-k", o.top_k, "Candidates kept (0: all)")->check(CLI::Range(0, 1 << 30));
  command.add_option("--min-p", o.min_p, "Least probability beside the best one's");
  command.add_option("--seed", o.seed, "Of the run; each sample derives its own")
      ->capture_default_str()
      ->check(CLI::Validator(
          [](const std::string& text) {  // read as unsigned it would wrap around
            return text.starts_with('-') ? text + " is below 0" : std::string();
          },
          ""));
  command
      .add_option("--max-new-tokens", o.max_new_tokens,
                  "Budget of every task (default: the task's)")
      ->check(CLI::Range(1, 1 << 24));
  command.add_option("--context", o.context, "Tokens of one sequence (default: what is needed)")
      ->check(CLI::Range(2, 1 << 24));
  command.add_option("--batch", o.batch, "Sequences decoded at once, at most")
      ->capture_default_str()
      ->check(CLI::Range(1, 4096));
  command
      .add_option("--chain-profile", flags.profile,
                  "auto, thinking (a chain between think tags) or plain")
      ->capture_default_str()
      ->check(CLI::IsMember({"auto", "thinking", "plain"}));
  command
      .add_option("--recipe", flags.recipe,
                  "A published protocol: a name of `assay list recipes`, or a file")
      ->check(CLI::Validator(
          [](const std::string& text) { return text.empty() ? "empty" : std::string(); }, ""));
  command
      .add_option("--assume-tokens-per-s", flags.assumed_tokens_per_s,
                  "Speed for a recipe's --dry-run instead of a measured one")
      ->check(CLI::Range(1e-6, 1e9));
  command.get_option("--model")->required(false);
  command.add_flag("--dry-run", o.dry_run, "Print the plan and stop");
  command.add_flag("--resume", o.resume, "Go on with the run in --out");
  command.add_option("--out", o.out_dir, "Folder (default: runs/<utc>-<model>-<backend>)");
  command.add_flag("--json", flags.json, "The report (or the plan) as JSON on stdout");
}

}  // namespace

void add_run_command(CLI::App& app, Action& action) {
  auto flags = std::make_shared<RunFlags>();
  CLI::App* command =
      app.add_subcommand("run", "Evaluate a model: generate, grade, measure, report");
  add_options(*command, *flags);
  command->footer(
      "Examples:\n"
      "  assay run --model smollm2-135m --task mini-math,mini-code\n"
      "  assay run --model m.gguf --backend reference --task mini-math:first=2 --out runs/ref\n"
      "  assay run --model m.gguf --task aime24 --samples 4 --sampling custom --temperature 0.6 "
      "\\\n"
      "            --top-p 0.95 --max-new-tokens 8192\n"
      "  assay run --backend http:url=http://127.0.0.1:8080/v1 --model m.gguf --task mini-math\n"
      "            a server; --model's vocabulary counts its tokens (docs/endpoints.md)\n"
      "  assay run --recipe r1-distill-qwen-1.5b-aime24 --dry-run     its tokens and hours here\n"
      "  assay run ... --resume --out runs/ref        go on after an interruption\n"
      "Writes journal.jsonl (the only truth), report.json and report.html.");
  command->callback([flags, command, &action] {
    for (const CLI::Option* option : command->get_options()) {
      if (option->count() > 0) flags->given.insert(option->get_name());
    }
    action = [flags] { return run(*flags); };
  });
}

}  // namespace assay::tool
