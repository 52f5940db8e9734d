// Runs an untrusted Python function against its tests.
//
// The fence (all of it, or nothing runs):
//  - bubblewrap: new user, pid, network, ipc, uts, cgroup and mount namespaces, a new session, no
//    capabilities, further user namespaces disabled; a read-only root that holds the interpreter
//    and its libraries and nothing else (no /proc, no /etc, no home); a tmpfs of limited size as
//    /tmp; an empty environment. Everything in the pid namespace dies with the test process or with
//    us.
//  - seccomp (seccomp_filter.h) and rlimits: address space, CPU, file size, processes, descriptors,
//    no core. As root we become an unused uid first, because RLIMIT_NPROC does not bind root.
//  - the first choice of the kernel's OOM killer.
//
// Why a result can be trusted: the tests run in one process and the program in another, its forked
// child, which answers calls with plain data over a pipe (driver.py). The child was forked before
// the tests and the nonce were read, has no descriptor of the result, and cannot reach its parent's
// memory: no ptrace, no process_vm_writev, no /proc. "Passed" is written, with the nonce, by the
// process that ran check() to its end. So os._exit(0), atexit, forged lines, walked frames, patched
// builtins and objects that equal everything are all just a program that answers wrongly or not at
// all. What remains is what a function may do: compute answers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "evals/common/sandbox/python_interpreter.h"

namespace assay::sandbox {

struct PythonJob {
  std::string program;      ///< untrusted; defines the entry point
  std::string entry_point;  ///< a Python name
  std::string prompt;       ///< trusted: its helpers are there for the tests
  std::string test;         ///< trusted: defines check(candidate)
};

struct SandboxLimits {
  std::int64_t cpu_seconds = 4;                       ///< of the program's process
  double wall_seconds = 15;                           ///< of everything
  std::int64_t memory_bytes = std::int64_t{1} << 30;  ///< address space of each process
  std::int64_t file_bytes = std::int64_t{16} << 20;   ///< of one file, and of all of /tmp
  std::int64_t max_processes = 8;  ///< in the namespace, bubblewrap's own and the tests' included
};

enum class RunStatus {
  passed,          ///< check() returned
  failed,          ///< a test failed, or the program does not compile, load or define the function
  timeout,         ///< over the CPU or the wall-clock limit
  crashed,         ///< its process ended, or it killed the tests' process
  sandbox_failure  ///< not the program's doing; nothing is known about it
};
const char* run_status_name(RunStatus status);

struct SandboxResult {
  RunStatus status = RunStatus::sandbox_failure;
  std::string why;        ///< "AssertionError", "CPU limit"; one line
  bool compiles = false;  ///< as Python
  bool defines_entry_point = false;
  double cpu_seconds = 0;  ///< of the program's process
  double wall_seconds = 0;
};

/// bwrap's path, from /usr/bin, /usr/local/bin or PATH; Error{environment} with the remedy.
Result<std::string> find_bubblewrap();

/// run() may be called from several threads at once.
class PythonSandbox {
 public:
  /// The process's own, with what find_bubblewrap and find_python find. Made by the first call.
  static const PythonSandbox& shared();

  /// Runs one trivial job to see whether all of the fence stands here.
  PythonSandbox(const Result<std::string>& bubblewrap, const Result<PythonInterpreter>& python);

  /// Why nothing can be run here, with the remedy; nothing when it can.
  const std::optional<Error>& unavailable() const { return unavailable_; }
  /// Requires that it is available.
  const PythonInterpreter& python() const { return python_; }

  /// Never runs anything unprotected: if the sandbox is unavailable or fails, sandbox_failure.
  SandboxResult run(const PythonJob& job, const SandboxLimits& limits) const;

 private:
  std::vector<std::string> command_line(const SandboxLimits& limits) const;

  std::optional<Error> unavailable_;
  PythonInterpreter python_;
  std::string bubblewrap_;
  std::string seccomp_program_;
};

}  // namespace assay::sandbox
