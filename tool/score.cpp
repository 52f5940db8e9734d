// `assay score`: from stored completions to a score, with no model present.
#include "harness/score/score.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/json_access.h"
#include "core/text.h"
#include "harness/build_info.h"
#include "harness/score/pairs.h"
#include "harness/score/sample_grader.h"
#include "reports/common/task_report.h"
#include "tool/command.h"
#include "tool/score_chains.h"
#include "tool/score_text.h"

namespace assay::tool {
namespace {

using nlohmann::json;

/// Of the object that --json prints.
constexpr int score_schema_version = 1;

struct ScoreFlags {
  score::ScoreOptions options;
  std::string pairs;
  bool chains = false;
  std::string profile = "auto";
  bool json = false;
};

/// A score of a part says so wherever it is read: how many of how many, and what the whole could
/// still become.
void mark_part(json& report) {
  const double of = report.at("n_problems").get<double>();
  const double there = report.at("coverage").at("problems").get<double>();
  for (auto& [name, rate] : report.at("metrics").items()) {
    rate["of_n"] = report.at("n_problems");
    rate["partial"] = report.at("partial");
    const auto value = json_number(rate, "value");
    if (!report.at("partial").get<bool>() || !value || of <= 0) continue;
    // Failed samples have widened it already.
    const json& known = json_list(rate, "bounds");
    const double low = known.size() == 2 ? known[0].get<double>() : *value;
    const double high = known.size() == 2 ? known[1].get<double>() : *value;
    rate["bounds"] = {low * there / of, (high * there + of - there) / of};
  }
}

json score_report(score::Scored scored, const score::ScoreOptions& options) {
  json report = build_task_report(scored.task, scored.journal);
  report["schema_version"] = score_schema_version;
  report["tool"] = build_info();
  report["grader"] = options.grader;
  report["gold_from"] = scored.task.at("gold_from");
  report["file"] = std::move(scored.file);
  report["shape"] = std::move(scored.shape);
  report["coverage"] = std::move(scored.counts);
  report["labels"] = std::move(scored.labels);
  report["notes"] = std::move(scored.notes);
  mark_part(report);
  return report;
}

int score_pairs_file(const ScoreFlags& flags, const Listener& listener) {
  const json result = score::score_pairs({flags.pairs, flags.options.grader}, listener);
  if (flags.json) {
    print(result.dump(2) + "\n");
    return 0;
  }
  std::string text = pairs_text(result);
  if (result.at("labelled") == 0) {
    text += fmt::format("  equal            {}\n  not equal        {}\n", result.at("equal").dump(),
                        result.at("not_equal").dump());
  }
  for (const json& bad : result.at("file").at("unreadable_examples")) {
    text += "    left out: " + bad.get<std::string>() + "\n";
  }
  print(sanitize_for_terminal(text));
  return 0;
}

/// Without a task: the chains of any file with texts.
int score_chains_file(const ScoreFlags& flags) {
  if (flags.options.path.empty()) {
    throw Error(ErrorKind::usage, "no file of texts", "give it: assay score --chains FILE.jsonl");
  }
  const ScoredChains scored =
      score_chains({flags.options.path, flags.options.fields.completion, flags.profile});
  print(flags.json ? scored.report.dump(2) + "\n" : sanitize_for_terminal(scored.text));
  return 0;
}

score::ScoreOptions checked_options(const ScoreFlags& flags) {
  score::ScoreOptions options = flags.options;
  if (options.path.empty()) {
    throw Error(ErrorKind::usage, "no file of completions", "give FILE.jsonl, or --pairs FILE");
  }
  if (options.task.empty()) {
    throw Error(ErrorKind::usage, "--task is needed to score completions",
                "add --task T; `assay list tasks` shows the names");
  }
  options.profile = flags.profile == "thinking" ? ProfileChoice::thinking
                    : flags.profile == "plain"  ? ProfileChoice::plain
                                                : ProfileChoice::automatic;
  return options;
}

int score_something(const ScoreFlags& flags) {
  TerminalListener terminal;
  const Listener listener = terminal.listener();
  if (!flags.pairs.empty()) {
    if (!flags.options.path.empty() || !flags.options.task.empty()) {
      throw Error(ErrorKind::usage, "--pairs stands alone",
                  "leave FILE and --task out, or leave --pairs out");
    }
    return score_pairs_file(flags, listener);
  }
  if (flags.chains && flags.options.task.empty()) return score_chains_file(flags);
  const score::ScoreOptions options = checked_options(flags);
  score::Scored scored = score::score_file(options, listener);
  json chains = json::array();
  for (const auto& [key, chain] : scored.journal.chains) chains.push_back(chain);
  json report = score_report(std::move(scored), options);
  if (flags.chains) report["chain_records"] = std::move(chains);
  print(flags.json ? report.dump(2) + "\n" : sanitize_for_terminal(score_text(report)));
  return 0;
}

void add_options(CLI::App& command, ScoreFlags& flags) {
  score::ScoreOptions& o = flags.options;
  command.add_option("file", o.path,
                     "Completions: JSON lines, a JSON document or a journal; plain, gzip or zip");
  command.add_option("--task", o.task, "What they answer; `assay list tasks` shows the names");
  command
      .add_option("--grader", o.grader,
                  fmt::format("{}: whose rules decide", fmt::join(score::grader_names(), ", ")))
      ->capture_default_str();
  command.add_option(
      "--protocol", o.protocol,
      "How code is read: samples, standalone, evalplus, simple-evals, lm-eval, chat-think, "
      "chat-prefill or completion; default: by the file's shape");
  command.add_option("--pairs", flags.pairs, "Compare {\"gold\", \"pred\"[, \"label\"]} per line");
  command.add_flag("--chains", flags.chains,
                   "Are the chains complete? Of any file with a text field; needs no --task");
  command.add_option("--id-field", o.fields.id, "Field of the problem's id (a.b goes one down)");
  command.add_option("--completion-field,--text-field", o.fields.completion,
                     "Field of the completions");
  command.add_option("--answer-field", o.fields.answer,
                     "Field of the gold answer: no dataset is needed");
  command.add_option("--dataset", o.dataset_path,
                     "The task's problems from this file instead of the cache");
  command
      .add_option("--chain-profile", flags.profile,
                  "auto (thinking where think tags occur), thinking or plain")
      ->capture_default_str()
      ->check(CLI::IsMember({"auto", "thinking", "plain"}));
  command.add_option("--k", o.pass_at, "pass@k also for these k (refused where samples lack)")
      ->delimiter(',')
      ->allow_extra_args(false)  // "--k 2 FILE": the file is no number
      ->check(CLI::Range(1, 1 << 30));
  command.add_flag("--json", flags.json, "The score as JSON on stdout");
}

}  // namespace

void add_score_command(CLI::App& app, Action& action) {
  auto flags = std::make_shared<ScoreFlags>();
  CLI::App* command = app.add_subcommand("score", "Grade stored completions; no model is needed");
  add_options(*command, *flags);
  command->footer(
      "Examples:\n"
      "  assay score --task humaneval samples.jsonl\n"
      "  assay score --task math500 --grader qwen outputs.jsonl.gz --json\n"
      "  assay score --task gsm8k --completion-field model.text --answer-field gold out.json\n"
      "  assay score --task mini-math runs/a/journal.jsonl      grade a run again\n"
      "  assay score --chains completions.jsonl.gz              C1 to C10 of each, and their "
      "rates\n"
      "  assay score --pairs pairs.jsonl --json\n"
      "Shapes known by themselves: HumanEval's samples, evalplus, lm-eval --log_samples,\n"
      "Qwen2.5-Math and SkyThought, Reflexion, batches of OpenAI's, {id, completion},\n"
      "{id, completions}, assay's journal.");
  command->callback([flags, &action] { action = [flags] { return score_something(*flags); }; });
}

}  // namespace assay::tool
