// `assay bench`: prefill and decode speed of a model on a backend.
#include "harness/bench.h"

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/journal.h"
#include "core/json_access.h"
#include "core/text.h"
#include "reports/common/report.h"
#include "tool/command.h"
#include "tool/report_files.h"

namespace assay::tool {
namespace {

struct BenchFlags {
  ModelFlags model;
  BackendFlags backend;
  std::string prefill = "512";
  std::string decode = "128";
  std::string depth = "0";
  std::string batch = "1";
  std::vector<std::string> scenarios;
  int repeat = 5;
  std::string out;
  bool json = false;
};

std::string table(const nlohmann::json& report) {
  std::string text =
      fmt::format("{:<10}{:>8}{:>8}{:>7}{:>12}{:>18}{:>9}{:>10}\n", "phase", "tokens", "depth",
                  "batch", "tokens/s", "range", "GB/s", "of roof");
  for (const nlohmann::json& row : report.at("bench")) {
    double low = 0;
    double high = 0;
    if (const auto& runs = row.at("tokens_per_s_runs"); runs.is_array() && !runs.empty()) {
      low = *std::min_element(runs.begin(), runs.end());
      high = *std::max_element(runs.begin(), runs.end());
    }
    const auto number = [&row](const char* name, const char* format) {
      return row.at(name).is_number()
                 ? fmt::format(fmt::runtime(format), row.at(name).get<double>())
                 : std::string("-");
    };
    text += fmt::format("{:<10}{:>8}{:>8}{:>7}{:>12}{:>18}{:>9}{:>10}\n",
                        row.at("phase").get<std::string>(), row.at("tokens").get<std::int64_t>(),
                        row.at("depth").get<std::int64_t>(), row.at("batch").get<std::int64_t>(),
                        number("tokens_per_s", "{:.1f}"), fmt::format("{:.1f}-{:.1f}", low, high),
                        number("gb_per_s", "{:.1f}"), number("roofline_fraction", "{:.2f}"));
  }
  const auto& peak = report.at("memory").at("host_peak_bytes");
  text += fmt::format("peak memory {}; model {}, {} thread{}, {}\n",
                      peak.is_number() ? format_bytes(peak.get<std::int64_t>()) : "not measured",
                      report.at("model").at("name").get<std::string>(),
                      report.at("device").at("threads").dump(),
                      report.at("device").at("threads") == 1 ? "" : "s",
                      report.at("device").at("isa").get<std::string>());
  for (const nlohmann::json& warning : json_list(report, "warnings")) {
    text += fmt::format("warning: {}\n", json_text(warning, "text"));
  }
  return sanitize_for_terminal(text);
}

int bench(const BenchFlags& flags) {
  BenchOptions options;
  options.model = flags.model.model;
  options.mirror = flags.model.mirror;
  options.backend = flags.backend.spec();
  options.numerics = flags.backend.policy();
  options.threads = flags.backend.threads;
  options.prefill = parse_numbers("--prefill", flags.prefill, 0);
  options.decode = parse_numbers("--decode", flags.decode, 0);
  std::erase(options.prefill, 0);  // 0: no such row
  std::erase(options.decode, 0);
  options.depths = parse_numbers("--depth", flags.depth, 0);
  options.batches = parse_numbers("--batch", flags.batch, 1);
  for (const std::string& scenario : flags.scenarios) {
    options.scenarios.push_back(value_or_throw(parse_scenario(scenario)));
  }
  options.repeat = flags.repeat;
  if (options.prefill.empty() && options.decode.empty() && options.scenarios.empty()) {
    throw Error(ErrorKind::usage, "nothing to measure",
                "give --prefill, --decode or --scenario a number above 0");
  }
  if (!flags.out.empty()) prepare_folder(flags.out, 1 << 20);
  TerminalListener terminal;
  const std::vector<nlohmann::json> records = run_bench(options, terminal.listener());
  std::string journal_text;
  for (const nlohmann::json& record : records) journal_text += journal_line(record);
  const Journal journal = value_or_throw(parse_journal(journal_text, "bench"));
  const nlohmann::json report = build_report(journal);
  if (!flags.out.empty()) {
    write_file((std::filesystem::path(flags.out) / "journal.jsonl").string(), journal_text);
    write_reports(journal, flags.out);
  }
  print(flags.json ? report.dump(2) + "\n" : table(report));
  return 0;
}

}  // namespace

void add_bench_command(CLI::App& app, Action& action) {
  auto flags = std::make_shared<BenchFlags>();
  CLI::App* command = app.add_subcommand("bench", "Prefill and decode speed, beside the roofline");
  flags->model.add_to(*command);
  flags->backend.add_to(*command);
  command->add_option("--prefill", flags->prefill, "Prompt lengths in tokens (0: none)")
      ->capture_default_str();
  command->add_option("--decode", flags->decode, "Tokens to generate (0: none)")
      ->capture_default_str();
  command->add_option("--depth", flags->depth, "Tokens already in the context")
      ->capture_default_str();
  command->add_option("--batch", flags->batch, "Sequences decoded at once")->capture_default_str();
  command->add_option("--scenario", flags->scenarios, "A prompt and its output: 1k+1k")
      ->delimiter(',');
  command->add_option("--repeat", flags->repeat, "Measured repetitions, after one warm-up")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000));
  command->add_option("--out", flags->out, "Folder for journal.jsonl and the reports");
  command->add_flag("--json", flags->json, "The report as JSON on stdout");
  command->footer(
      "Examples:\n"
      "  assay bench --model smollm2-135m --backend cpu --batch 1,8\n"
      "  assay bench --model model.gguf --backend cpu:gemm=onednn --prefill 512,2048 --decode 0\n"
      "  assay bench --model model.gguf --scenario 1k+1k --json > bench.json\n"
      "'of roof' is the share of the read bandwidth measured beside the row over the same "
      "weights.");
  command->callback([flags, &action] { action = [flags] { return bench(*flags); }; });
}

}  // namespace assay::tool
