// `assay gate`: does a change cost quality, identity, memory or speed?
#include "reports/gate/gate.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/text.h"
#include "harness/host.h"
#include "harness/measured_process.h"
#include "reports/gate/measurement.h"
#include "tool/command.h"
#include "tool/gate_flags.h"
#include "tool/report_files.h"

namespace assay::tool {
namespace {

constexpr const char* kFooter = R"(Examples:
  assay gate --baseline main/report.json --candidate pr/report.json --junit gate.xml
      quality, identity and memory of two runs; under exact everything must be equal
  assay gate --baseline-bin old/assay_kernels_bench --candidate-bin new/assay_kernels_bench \
      -- --benchmark_format=json --benchmark_filter=linear/Q4_K
      speed of two builds, interleaved on this machine; any Google Benchmark program
  assay gate --baseline-bin old/assay --candidate-bin new/assay \
      -- bench --model smollm2-135m --repeat 1 --json
  assay gate --baseline-bin ./old --candidate-bin ./new --wall -- --size 100
      wall time of any two programs
  assay gate --self-test
      how often this rule is wrong on this host

Exit 0: passed; 1: failed; 3: a run failed or the two must not be compared. docs/gate.md has the
rule, its error rates, and a workflow to copy.)";

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

/// GitHub gives a file that steps add to.
void append_file(const std::string& path, const std::string& text) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
  const bool done =
      fd >= 0 && ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  if (fd >= 0) ::close(fd);
  if (!done) {
    throw Error(ErrorKind::environment, "cannot write the step summary " + path,
                "unset GITHUB_STEP_SUMMARY, or use --markdown FILE");
  }
}

std::vector<int> cpus_of(const GateFlags& flags) {
  if (flags.cpus == "none") return {};
  if (flags.cpus == "cores") return one_cpu_of_each_core();
  return value_or_throw(parse_cpu_list(flags.cpus));
}

std::string file_name(const std::string& path) {
  return std::filesystem::path(path).filename().string();
}

/// Runs of both binaries, one at a time.
class BinaryRuns {
 public:
  BinaryRuns(const GateFlags& flags, Listener listener)
      : flags_(flags), listener_(std::move(listener)), cpus_(cpus_of(flags)) {}

  Result<Measurement> operator()(Side side) {
    const bool is_baseline = side == Side::baseline;
    MeasuredProcess process;
    process.program = is_baseline ? flags_.baseline_bin : flags_.candidate_bin;
    process.arguments = flags_.arguments;
    process.cpus = cpus_;
    process.timeout_s = flags_.timeout_s;
    process.cancelled = listener_.cancelled;
    const std::string who = is_baseline ? "baseline" : "candidate";
    Result<ProcessMeasurement> run = measure_process(process, who);
    if (!run) return tl::unexpected(run.error());
    // The first run of each side is the warm-up.
    auto& peaks = is_baseline ? peaks_.baseline : peaks_.candidate;
    if (runs_ >= 2 * flags_.rule.warm_up) peaks.push_back(static_cast<double>(run->peak_bytes));
    ++runs_;
    listener_.progress(
        {.what = fmt::format("{} and {}, interleaved", file_name(flags_.baseline_bin),
                             file_name(flags_.candidate_bin)),
         .done = runs_,
         .total = 0,
         .bytes = false,
         .note = "runs"});
    if (flags_.wall) return Measurement{{"wall time", run->wall_seconds}};
    std::string& library = is_baseline ? libraries_.first : libraries_.second;
    if (library.empty()) library = benchmark_build_type(run->output);
    return read_measurement(run->output, fmt::format("the {} '{}'", who, process.program),
                            flags_.cpu_time ? TimeKind::cpu : TimeKind::real);
  }

  const PeakMemory& peaks() const { return peaks_; }

  /// Two libraries of different kind measure differently. One that both share does not; Debian's
  /// calls itself debug in any program.
  void add_library(GateOutcome* outcome) const {
    const auto& [left, right] = libraries_;
    if (left != right) {
      throw Error(ErrorKind::environment,
                  fmt::format("the baseline's Google Benchmark is a {} build, the candidate's a {} "
                              "one",
                              left.empty() ? "unknown" : left, right.empty() ? "unknown" : right),
                  "link both programs with the same library");
    }
    if (left != "debug") return;
    outcome->checks.push_back({"build", "Google Benchmark", CheckStatus::note, left, right,
                               "the library says so of itself, not of the programs; see that they "
                               "are release builds"});
  }

 private:
  const GateFlags& flags_;
  Listener listener_;
  std::vector<int> cpus_;
  PeakMemory peaks_;
  std::pair<std::string, std::string> libraries_;  ///< how each side's was built
  std::int64_t runs_ = 0;
};

void write_benchmarks(const std::string& folder, const SpeedSeries& series,
                      const GateFlags& flags) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  const nlohmann::json host = host_context();
  for (const Side side : {Side::baseline, Side::candidate}) {
    const bool is_baseline = side == Side::baseline;
    const std::string& binary = is_baseline ? flags.baseline_bin : flags.candidate_bin;
    nlohmann::json context = {{"date", utc_now()},
                              {"executable", redact_home_paths(sanitize_for_terminal(binary))},
                              {"num_cpus", one_cpu_of_each_core().size()},
                              {"cpu", host.at("cpu")},
                              {"written_by", "assay gate"}};
    const auto path =
        std::filesystem::path(folder) / (is_baseline ? "baseline.json" : "candidate.json");
    write_file(path.string(), google_benchmark_json(series, side, context).dump(1) + "\n");
  }
}

GateOutcome gate_binaries(const GateFlags& flags) {
  TerminalListener terminal;
  BinaryRuns runs(flags, terminal.listener());
  SpeedResult result =
      value_or_throw(run_speed_gate(flags.rule, [&runs](Side side) { return runs(side); }));
  if (!flags.benchmark_out.empty()) write_benchmarks(flags.benchmark_out, result.first, flags);
  GateOutcome outcome =
      gate_of_speed(flags.rule, std::move(result), runs.peaks(), flags.memory_tolerance / 100);
  runs.add_library(&outcome);
  outcome.baseline = flags.baseline_bin;
  outcome.candidate = flags.candidate_bin;
  return outcome;
}

GateOutcome gate_files(const GateFlags& flags) {
  ReportGateOptions options;
  options.memory_tolerance = flags.memory_tolerance / 100;
  if (flags.speed_tolerance >= 0) options.speed_tolerance = flags.speed_tolerance / 100;
  const NamedReport baseline = value_or_throw(load_report(flags.baseline));
  const NamedReport candidate = value_or_throw(load_report(flags.candidate));
  return value_or_throw(gate_reports(baseline, candidate, options));
}

void check_flags(const GateFlags& flags) {
  const bool files = !flags.baseline.empty() || !flags.candidate.empty();
  const bool binaries = !flags.baseline_bin.empty() || !flags.candidate_bin.empty();
  const auto wrong = [](const std::string& what, const std::string& hint) {
    throw Error(ErrorKind::usage, what, hint);
  };
  if (files + binaries + flags.self_test != 1) {
    wrong("give two reports, two binaries, or --self-test",
          "`assay gate --help` shows an example of each");
  }
  if (files && (flags.baseline.empty() || flags.candidate.empty())) {
    wrong("one of two reports is missing", "give --baseline A.json and --candidate B.json");
  }
  if (binaries && (flags.baseline_bin.empty() || flags.candidate_bin.empty())) {
    wrong("one of two binaries is missing", "give --baseline-bin P and --candidate-bin Q");
  }
  if (!binaries && !flags.arguments.empty()) {
    wrong("arguments without binaries: " + name_for_message(flags.arguments.front()),
          "they go to --baseline-bin and --candidate-bin");
  }
  if (flags.rule.max_pairs < flags.rule.pairs) {
    wrong("--max-pairs is below --pairs", "give at least as many");
  }
  if (binaries && flags.rule.pairs < 7) {
    wrong("--pairs below 7 can never reach p < 0.01", "give 7 or more; 10 is the default");
  }
}

int gate(const GateFlags& flags) {
  check_flags(flags);
  for (const std::string& path : {flags.junit, flags.markdown}) {
    if (!path.empty()) require_writable(path);
  }
  if (!flags.benchmark_out.empty()) prepare_folder(flags.benchmark_out, 0);
  if (flags.self_test) return gate_self_test(flags);
  const GateOutcome outcome = flags.baseline_bin.empty() ? gate_files(flags) : gate_binaries(flags);
  if (!flags.junit.empty()) write_file(flags.junit, gate_junit(outcome));
  if (!flags.markdown.empty()) write_file(flags.markdown, gate_markdown(outcome));
  if (const std::string summary = environment("GITHUB_STEP_SUMMARY"); !summary.empty()) {
    append_file(summary, gate_markdown(outcome));
  }
  print(flags.json ? gate_json(outcome).dump(2) + "\n" : gate_text(outcome));
  if (flags.github || (!flags.json && environment("GITHUB_ACTIONS") == "true")) {
    print(gate_annotations(outcome));
  }
  return outcome.passed() ? 0 : 1;
}

}  // namespace

void add_gate_command(CLI::App& app, Action& action) {
  auto flags = std::make_shared<GateFlags>();
  CLI::App* command =
      app.add_subcommand("gate", "Fails when a change costs quality, identity, memory or speed");
  command->add_option("--baseline", flags->baseline, "report.json before the change");
  command->add_option("--candidate", flags->candidate, "report.json after it");
  command->add_option("--baseline-bin", flags->baseline_bin, "Program before the change");
  command->add_option("--candidate-bin", flags->candidate_bin, "Program after it");
  command->add_option("arguments", flags->arguments, "Behind --: arguments of both programs");
  command->add_flag("--wall", flags->wall, "Measure the programs' wall time, not what they print");
  command->add_flag("--cpu-time", flags->cpu_time,
                    "Google Benchmark's CPU time, not its real time");
  command
      ->add_option("--cpus", flags->cpus,
                   "CPUs the programs run on: 0,2-3; cores: one of each physical core; none: all")
      ->capture_default_str();
  command->add_option("--pairs", flags->rule.pairs, "Interleaved pairs before the first look")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  command->add_option("--max-pairs", flags->rule.max_pairs, "And at most, where that is unclear")
      ->check(CLI::Range(1, 200))
      ->capture_default_str();
  command->add_option("--timeout", flags->timeout_s, "Seconds a run may take")
      ->check(CLI::Range(0.1, 1e6))
      ->capture_default_str();
  command->add_option("--memory-tolerance", flags->memory_tolerance, "Percent peak memory may grow")
      ->check(CLI::Range(0.0, 1e6))
      ->capture_default_str();
  command
      ->add_option("--speed-tolerance", flags->speed_tolerance,
                   "Percent the candidate's report may be slower (default: speeds of two reports "
                   "decide nothing)")
      ->check(CLI::Range(0.0, 100.0));
  command->add_flag("--self-test", flags->self_test,
                    "Error rates of the speed rule on this host: A/A, and 5 % injected");
  command->add_option("--trials", flags->trials, "Of the self-test, of each kind")
      ->check(CLI::Range(1, 10000))
      ->capture_default_str();
  command->add_option("--kernel-ms", flags->kernel_ms, "How long the self-test's kernel takes")
      ->check(CLI::Range(1.0, 300.0))
      ->capture_default_str();
  command->add_option("--junit", flags->junit, "Write JUnit XML");
  command->add_option("--markdown", flags->markdown,
                      "Write Markdown (GITHUB_STEP_SUMMARY is added to by itself)");
  command->add_option("--benchmark-out", flags->benchmark_out,
                      "Folder for baseline.json and candidate.json in Google Benchmark's format");
  command->add_flag("--github", flags->github,
                    "GitHub annotations on stdout (by itself under GITHUB_ACTIONS=true)");
  command->add_flag("--json", flags->json, "The outcome as JSON on stdout");
  command->footer(kFooter);
  command->callback([flags, &action] { action = [flags] { return gate(*flags); }; });
}

}  // namespace assay::tool
