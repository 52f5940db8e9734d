// Runs untrusted Python functions against their tests.
//
// The fence (all of it, or nothing runs):
//  - bubblewrap: new user, pid, network, ipc, uts, cgroup and mount namespaces, a new session, no
//    further user namespaces; a read-only root that holds the interpreter and its libraries and
//    nothing else (no /proc, no /etc, no home); an empty environment.
//  - inside it, one warm Python worker forks for each job into new pid, ipc and mount namespaces
//    with a tmpfs of limited size and inodes as /tmp, gives up the last capability, and all that is
//    left of the job dies with the namespace's first process, which the program cannot kill.
//  - seccomp (seccomp_filter.h): only calls that are listed; no new process, no exec, no socket.
//  - rlimits as an unprivileged user (RLIMIT_NPROC does not bind root, so as root we become an
//    unused uid first): address space, CPU, file size, stack, threads, descriptors, no core.
//    Since the program cannot fork, a limit of its one process is a limit of the job.
//  - everything dies with us, whatever ends us, and the kernel's OOM killer takes it first.
//
// Why a result can be trusted: the tests run in one process and the program in another, its forked
// child, which answers calls with plain data over a pipe (driver/). The child was forked before the
// tests and the nonce were read, has no descriptor of the result, and cannot reach its parent's
// memory: no ptrace, no process_vm_writev, no /proc. "Passed" is written, with the nonce, by the
// process that ran the tests to their end. So os._exit(0), atexit, forged lines, walked frames,
// patched builtins and objects that equal everything are all just a program that answers wrongly or
// not at all. What remains is what a function may do: compute answers.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "evals/common/sandbox/python_interpreter.h"

namespace assay::sandbox {

/// Inputs whose outputs are compared with the canonical solution's.
struct InputTests {
  nlohmann::json inputs;    ///< an array of argument lists, the base inputs first
  std::size_t n_base = 0;   ///< how many of them
  nlohmann::json expected;  ///< SandboxResult::outputs of a run without it; null: records them
  double atol = 0;          ///< absolute tolerance; 0: exact, but 1e-6 where floats are expected
  /// The argument is a polynomial's coefficients and any of its roots is right.
  bool polynomial_root = false;
};

struct PythonJob {
  std::string program;                         ///< untrusted; defines the entry point
  std::string entry_point;                     ///< a Python name
  std::string prompt;                          ///< trusted: its helpers are there for the tests
  std::string test;                            ///< trusted: defines check(candidate)
  std::optional<InputTests> input_tests = {};  ///< instead of `test`
  /// Of `program`, a text with prose in it, takes the longest run of lines that is Python, and of
  /// it imports and what the entry point needs, as EvalPlus does.
  bool longest_valid_part = false;
};

struct SandboxLimits {
  std::int64_t cpu_seconds = 4;                       ///< of the program
  double wall_seconds = 15;                           ///< of everything
  std::int64_t memory_bytes = std::int64_t{1} << 30;  ///< address space of program and tests each
  std::int64_t file_bytes = std::int64_t{16} << 20;   ///< of one file, and of all of /tmp
  std::int64_t max_files = 1024;                      ///< in /tmp, with folders and links
  std::int64_t max_threads = 32;                      ///< of the program, the first included
};

enum class RunStatus {
  passed,          ///< check() returned
  failed,          ///< a test failed, or the program does not compile, load or define the function
  timeout,         ///< over the CPU or the wall-clock limit
  crashed,         ///< its process ended, or it broke the tests' process
  sandbox_failure  ///< not the program's doing; nothing is known about it
};
const char* run_status_name(RunStatus status);

struct SandboxResult {
  RunStatus status = RunStatus::sandbox_failure;
  std::string why;        ///< "AssertionError", "CPU limit"; one line
  bool compiles = false;  ///< as Python
  bool defines_entry_point = false;
  double cpu_seconds = 0;    ///< of the program's process
  nlohmann::json outputs;    ///< with InputTests without `expected`: one for each input
  std::int64_t n_right = 0;  ///< with `expected`: inputs before the first that came out wrong
};

/// bwrap's path, from /usr/bin, /usr/local/bin or PATH; Error{environment} with the remedy.
Result<std::string> find_bubblewrap();

/// run() may be called from several threads at once: there are as many workers as jobs at once.
class PythonSandbox {
 public:
  /// The process's own, with what find_bubblewrap and find_python find. Made by the first call.
  static const PythonSandbox& shared();

  /// Runs one trivial job to see whether all of the fence stands here.
  PythonSandbox(const Result<std::string>& bubblewrap, const Result<PythonInterpreter>& python);
  ~PythonSandbox();  ///< ends the workers
  PythonSandbox(PythonSandbox&&) noexcept;
  PythonSandbox& operator=(PythonSandbox&&) = delete;

  /// Why nothing can be run here, with the remedy; nothing when it can.
  const std::optional<Error>& unavailable() const { return unavailable_; }
  /// Requires that it is available.
  const PythonInterpreter& python() const { return python_; }

  /// Never runs anything unprotected: if the sandbox is unavailable or fails, sandbox_failure.
  SandboxResult run(const PythonJob& job, const SandboxLimits& limits) const;

 private:
  class Workers;

  std::optional<Error> unavailable_;
  PythonInterpreter python_;
  std::unique_ptr<Workers> workers_;
};

}  // namespace assay::sandbox
