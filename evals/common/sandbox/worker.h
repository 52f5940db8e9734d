// One warm worker: a bubblewrap sandbox in which a Python with its modules imported waits for jobs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/error.h"
#include "evals/common/sandbox/supervised_process.h"

namespace assay::sandbox {

struct WorkerSpec {
  std::vector<std::string> argv;  ///< bubblewrap, Python and the driver
  std::string seccomp_program;    ///< descriptor 3
  std::optional<uid_t> run_as;
};

/// What the sandbox said about a job.
struct JobOutput {
  bool timed_out = false;
  bool worker_lost = false;  ///< the worker ended; `why` is what it said
  std::string out;           ///< the driver's lines
  std::string why;
};

/// For one thread at a time. The worker ends with this object.
class Worker {
 public:
  static Result<Worker> start(const WorkerSpec& spec);

  /// Runs one job to its end: when it returns, no process of the job is left. `limits` are read by
  /// the worker, which the job's program descends from; `job` by the tests' process only.
  /// Error{environment}: the job could not be handed over, or its processes did not end.
  Result<JobOutput> run(const std::string& limits, const std::string& job, double wall_seconds);

  /// Whether it may run another job.
  bool usable() const { return usable_; }

 private:
  Worker(SupervisedProcess process, Fd control, Fd errors)
      : process_(std::move(process)), control_(std::move(control)), errors_(std::move(errors)) {}
  /// Kills it; what it had to say.
  Result<std::string> end();

  SupervisedProcess process_;
  Fd control_;
  Fd errors_;  ///< its standard error, for the reason why it did not start
  bool usable_ = true;
};

}  // namespace assay::sandbox
