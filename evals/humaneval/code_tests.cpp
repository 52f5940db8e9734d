#include "evals/humaneval/code_tests.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "core/sha256.h"
#include "evals/common/sandbox/sandbox.h"

namespace assay::evals {
namespace {

using sandbox::InputTests;
using sandbox::PythonJob;
using sandbox::PythonSandbox;
using sandbox::RunStatus;
using sandbox::SandboxLimits;
using sandbox::SandboxResult;

std::string text_of(const Problem& problem, const char* field) {
  return problem.extra.value(field, std::string());
}

bool has_inputs(const Problem& problem) {
  return problem.extra.contains("base_input");
}

std::size_t n_plus_inputs(const Problem& problem) {
  const auto plus = problem.extra.find("plus_input");
  return plus == problem.extra.end() ? 0 : plus->size();
}

PythonJob job_for(const Problem& problem, std::string program) {
  PythonJob job{std::move(program), text_of(problem, "entry_point"), problem.question,
                text_of(problem, "test")};
  if (!has_inputs(problem)) return job;
  InputTests tests;
  tests.inputs = problem.extra.at("base_input");
  tests.n_base = tests.inputs.size();
  if (n_plus_inputs(problem) > 0) {
    const nlohmann::json& plus = problem.extra.at("plus_input");
    tests.inputs.insert(tests.inputs.end(), plus.begin(), plus.end());
  }
  tests.atol = problem.extra.value("atol", 0.0);
  // EvalPlus' one special oracle among HumanEval's tasks: any root that is precise enough.
  tests.polynomial_root = job.entry_point == "find_zero";
  job.input_tests = std::move(tests);
  return job;
}

/// The wall clock only ends what waits, so it leaves room for a busy machine.
SandboxLimits limits_for(double canonical_seconds) {
  constexpr std::int64_t least_seconds = 4;
  constexpr double factor = 10;
  constexpr double wall_factor = 4;
  constexpr double least_wall_seconds = 30;
  SandboxLimits limits;
  limits.cpu_seconds =
      std::max(least_seconds, static_cast<std::int64_t>(factor * canonical_seconds) + 1);
  limits.wall_seconds =
      std::max(least_wall_seconds, wall_factor * static_cast<double>(limits.cpu_seconds));
  return limits;
}

/// For canonical solutions, which are trusted to end.
SandboxLimits generous_limits() {
  SandboxLimits limits;
  limits.cpu_seconds = 60;
  limits.wall_seconds = 180;
  return limits;
}

nlohmann::json python_record() {
  const sandbox::PythonInterpreter& python = PythonSandbox::shared().python();
  return {{"version", python.version}, {"sha256", python.sha256}};
}

/// The canonical solution, without an empty definition behind it: HumanEval+'s first release left
/// the head of a check() there.
std::string canonical_solution(const Problem& problem) {
  std::string solution = text_of(problem, "canonical_solution");
  const std::size_t head = solution.rfind("\ndef ");
  if (head == std::string::npos || !has_inputs(problem)) return solution;
  const std::size_t body = solution.find(":\n", head);
  if (body != std::string::npos &&
      solution.find_first_not_of(" \t\r\n", body + 1) == solution.npos) {
    solution.resize(head + 1);
  }
  return solution;
}

/// HumanEval+ is passed when base and plus inputs are; the base score is HumanEval's own.
void add_groups(const Problem& problem, const SandboxResult& run, Grade& grade) {
  const auto n_base = static_cast<std::int64_t>(problem.extra.at("base_input").size());
  const bool passed = run.status == RunStatus::passed;
  grade.details["base"] = passed || run.n_right >= n_base ? "passed" : "failed";
  grade.details["plus"] = nullptr;
  if (n_plus_inputs(problem) > 0) grade.details["plus"] = passed ? "passed" : "failed";
}

}  // namespace

CodeTests::CanonicalResult CodeTests::canonical(const Problem& problem) {
  PythonJob job = job_for(problem, problem.question + canonical_solution(problem));
  const std::string key = sha256_hex(
      job.program + job.test + (job.input_tests ? job.input_tests->inputs.dump() : std::string()));
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = canonicals_.find(key); found != canonicals_.end()) return found->second;
  }
  SandboxResult run = PythonSandbox::shared().run(job, generous_limits());
  // The solutions of HumanEval+'s first release go on from their contract, and use its variables.
  const std::string contract = text_of(problem, "contract");
  if (run.status == RunStatus::failed && !contract.empty()) {
    job.program = problem.question + contract + canonical_solution(problem);
    run = PythonSandbox::shared().run(job, generous_limits());
  }
  if (run.status != RunStatus::passed) {
    return env_failure(
        fmt::format("the canonical solution of {} does not pass here: {}", problem.id, run.why));
  }
  const auto canonical =
      std::make_shared<const Canonical>(Canonical{run.cpu_seconds, std::move(run.outputs)});
  const std::lock_guard lock(mutex_);
  return canonicals_.emplace(key, canonical).first->second;
}

void CodeTests::run(const Problem& problem, const ExtractedProgram& program, Grade& grade) {
  const auto infrastructure_failure = [&grade](const std::string& why) {
    grade.status = Grade::Status::infrastructure_failure;
    grade.why = why;
  };
  if (const auto& error = PythonSandbox::shared().unavailable()) {
    return infrastructure_failure(error->line());
  }
  const CanonicalResult known = canonical(problem);
  if (!known) return infrastructure_failure(known.error().line());
  const SandboxLimits limits = limits_for((*known)->cpu_seconds);
  PythonJob job = job_for(problem, program.program);
  job.longest_valid_part = program.needs_parser;
  if (!program.helpers_for_tests) job.prompt.clear();
  if (job.input_tests) job.input_tests->expected = (*known)->outputs;
  const SandboxResult run = PythonSandbox::shared().run(job, limits);
  if (run.status == RunStatus::sandbox_failure) return infrastructure_failure(run.why);
  grade.verdict = run.status == RunStatus::passed ? Verdict::equal : Verdict::not_equal;
  grade.answer_parses = run.compiles && run.defines_entry_point;
  grade.rung = std::string("tests ") + sandbox::run_status_name(run.status);
  grade.details["why"] = run.why;
  grade.details["cpu_seconds"] = run.cpu_seconds;
  grade.details["cpu_limit_seconds"] = limits.cpu_seconds;
  grade.details["python"] = python_record();
  if (has_inputs(problem)) add_groups(problem, run, grade);
}

}  // namespace assay::evals
