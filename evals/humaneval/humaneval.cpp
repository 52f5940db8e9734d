// humaneval: Python functions, graded by running their tests (HumanEval, mini-code).
//
// Three protocols, never mixed in one score:
//  chat-think    the default, for chat models with and without a thinking part: the whole function
//                is asked for; the last code block after the last </think> counts.
//  chat-prefill  the assistant's turn begins with the prompt in an open code block; up to its end.
//  completion    the raw prompt, no template; up to the stop strings of Chen et al. 2021.
// Code that stands in a file already (assay score) is read under one of two further names:
//  samples       HumanEval's own rule: behind the prompt, or with the prompt's imports and helpers.
//  standalone    Reflexion's and LDB's: alone, behind common imports.
// A program that fails, crashes or runs out of time is wrong; a sandbox that fails is no verdict.
#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

#include "core/plugins.h"
#include "core/sha256.h"
#include "evals/common/answer_zone.h"
#include "evals/common/sandbox/sandbox.h"
#include "evals/humaneval/extract_code.h"

namespace assay {
namespace {

using sandbox::PythonJob;
using sandbox::PythonSandbox;
using sandbox::RunStatus;
using sandbox::SandboxLimits;
using sandbox::SandboxResult;

const std::vector<std::string>& completion_stops() {
  static const std::vector<std::string> stops = {"\nclass", "\ndef", "\n#", "\nif", "\nprint"};
  return stops;
}

const std::vector<std::string>& prefill_stops() {
  static const std::vector<std::string> stops = {"\n```"};
  return stops;
}

const std::string& text_of(const Problem& problem, const char* field) {
  return problem.extra.at(field).get_ref<const std::string&>();
}

PythonJob job_for(const Problem& problem, std::string program) {
  return {std::move(program), text_of(problem, "entry_point"), problem.question,
          text_of(problem, "test")};
}

/// CPU seconds that each problem's canonical solution takes here, measured on first use. A problem
/// whose canonical solution does not pass here is not graded at all.
class CanonicalTimes {
 public:
  Result<double> of(const Problem& problem) {
    const PythonJob job =
        job_for(problem, problem.question + text_of(problem, "canonical_solution"));
    const std::string key = sha256_hex(job.program + job.test);
    {
      const std::lock_guard lock(mutex_);
      if (const auto found = seconds_.find(key); found != seconds_.end()) return found->second;
    }
    SandboxLimits limits;
    limits.cpu_seconds = 60;
    limits.wall_seconds = 180;
    const SandboxResult run = PythonSandbox::shared().run(job, limits);
    if (run.status != RunStatus::passed) {
      return env_failure(
          fmt::format("the canonical solution of {} does not pass here: {}", problem.id, run.why));
    }
    const std::lock_guard lock(mutex_);
    return seconds_.emplace(key, run.cpu_seconds).first->second;
  }

 private:
  std::mutex mutex_;
  std::map<std::string, double> seconds_;
};

/// CPU: the larger of 4 s and ten times the canonical solution's. The wall clock only ends what
/// waits, so it leaves room for a busy machine.
SandboxLimits limits_for(double canonical_seconds) {
  SandboxLimits limits;
  limits.cpu_seconds =
      std::max<std::int64_t>(4, static_cast<std::int64_t>(10 * canonical_seconds) + 1);
  limits.wall_seconds = 4 * static_cast<double>(limits.cpu_seconds);
  return limits;
}

class HumanEval : public Eval {
 public:
  std::string name() const override { return "humaneval"; }
  std::vector<std::string> protocols() const override {
    return {"chat-think", "chat-prefill", "completion"};
  }
  std::int64_t default_max_new_tokens(bool thinking) const override {
    return thinking ? 32'768 : 1'024;
  }

  Prompt prompt(const Problem& problem, const PromptOptions& options) const override {
    Prompt prompt;
    if (options.protocol == "completion") {
      prompt.raw = problem.question;
      prompt.stop_strings = completion_stops();
      return prompt;
    }
    const std::string task = "\n\n```python\n" + problem.question + "```";
    if (options.protocol == "chat-prefill") {
      prompt.messages.push_back({"user", "Complete this Python function." + task});
      prompt.assistant_prefix = "Here is the completed function:\n\n```python\n" + problem.question;
      prompt.stop_strings = prefill_stops();
      return prompt;
    }
    prompt.messages.push_back({"user",
                               "Complete this Python function. Write the whole function, with the "
                               "imports it needs, in one "
                               "```python code block." +
                                   task});
    return prompt;
  }

  Grade grade(const Problem& problem, const std::string& text,
              const PromptOptions& options) const override {
    Grade grade;
    const evals::AnswerZone zone = answer_zone(text, options);
    grade.details["unclosed"] = zone.unclosed;
    const auto program =
        extract(problem, std::string_view(text).substr(zone.begin), options.protocol);
    if (!program) {
      grade.rung = "no answer";
      return grade;
    }
    grade.answer_found = true;
    grade.extracted = program->program;
    grade.details["span"] = {zone.begin + program->begin, zone.begin + program->end};
    run_tests(problem, *program, grade);
    return grade;
  }

  std::optional<std::string> unavailable() const override {
    const auto& error = PythonSandbox::shared().unavailable();
    return error ? std::optional(error->line()) : std::nullopt;
  }

  int grade_parallelism() const override {
    return static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  }

 private:
  /// Only a chat answer has a thinking part; a continuation is code from its first byte.
  static evals::AnswerZone answer_zone(const std::string& text, const PromptOptions& options) {
    if (options.protocol == "chat-think" || options.protocol == "samples") {
      return evals::answer_zone(text, options.thinking);
    }
    return {};
  }

  static std::optional<evals::ExtractedProgram> extract(const Problem& problem,
                                                        std::string_view text,
                                                        const std::string& protocol) {
    const std::string& entry_point = text_of(problem, "entry_point");
    if (protocol == "completion") {
      return evals::program_from_continuation(text, problem.question, entry_point,
                                              completion_stops());
    }
    if (protocol == "chat-prefill") {
      return evals::program_from_continuation(text, problem.question, entry_point, prefill_stops());
    }
    if (protocol == "samples") {
      return evals::program_from_sample(text, problem.question, entry_point);
    }
    if (protocol == "standalone") {
      return evals::program_standing_alone(text, problem.question, entry_point);
    }
    return evals::program_from_chat(text, problem.question, entry_point);
  }

  static void run_tests(const Problem& problem, const evals::ExtractedProgram& program,
                        Grade& grade) {
    static CanonicalTimes canonical_times;
    const auto infrastructure_failure = [&grade](const std::string& why) {
      grade.status = Grade::Status::infrastructure_failure;
      grade.why = why;
    };
    if (const auto& error = PythonSandbox::shared().unavailable()) {
      return infrastructure_failure(error->line());
    }
    const Result<double> canonical_seconds = canonical_times.of(problem);
    if (!canonical_seconds) return infrastructure_failure(canonical_seconds.error().line());
    const SandboxLimits limits = limits_for(*canonical_seconds);
    PythonJob job = job_for(problem, program.program);
    if (!program.helpers_for_tests) job.prompt.clear();
    const SandboxResult run = PythonSandbox::shared().run(job, limits);
    if (run.status == RunStatus::sandbox_failure) return infrastructure_failure(run.why);
    grade.verdict = run.status == RunStatus::passed ? Verdict::equal : Verdict::not_equal;
    grade.answer_parses = run.compiles && run.defines_entry_point;
    grade.rung = std::string("tests ") + sandbox::run_status_name(run.status);
    grade.details["why"] = run.why;
    grade.details["cpu_seconds"] = run.cpu_seconds;
    grade.details["cpu_limit_seconds"] = limits.cpu_seconds;
    grade.details["python"] = {{"version", PythonSandbox::shared().python().version},
                               {"sha256", PythonSandbox::shared().python().sha256}};
  }
};

}  // namespace

EvalPlugin make_eval_humaneval() {
  return {"humaneval", "Python functions, tests run in a sandbox",
          []() -> std::unique_ptr<Eval> { return std::make_unique<HumanEval>(); }};
}

}  // namespace assay
