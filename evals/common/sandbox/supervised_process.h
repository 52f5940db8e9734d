// Runs one command under a supervisor: output captured up to a cap, a wall-clock limit, every
// descendant gone and reaped at the end.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "core/error.h"

namespace assay::sandbox {

struct ProcessSpec {
  std::vector<std::string> argv;  ///< argv[0] is an absolute path
  int stdin_fd = -1;              ///< becomes descriptor 0; borrowed
  int extra_fd = -1;              ///< becomes descriptor 3; borrowed; -1: none
  std::optional<uid_t> run_as;    ///< dropped to before exec, with the same gid; needs root
  double wall_seconds = 10;
  std::size_t max_output_bytes = 64 << 10;  ///< of each stream; the rest is read and dropped
};

struct ProcessResult {
  bool timed_out = false;  ///< the wall-clock limit ended it
  int exit_code = 0;       ///< 128 + n for signal n; 127: it could not be executed
  std::string out;
  std::string err;
  double wall_seconds = 0;
};

/// Runs it to its end. The command inherits descriptors 0 to 3 only, an empty signal mask and
/// default signal dispositions. At the wall-clock limit it gets SIGKILL. Descendants that outlive
/// it are adopted and waited for by the supervisor, so no zombie is left to anyone. Safe from
/// several threads at once. Error{environment}: no process, pipe or memory to be had, or the
/// descendants did not end.
Result<ProcessResult> run_supervised(const ProcessSpec& spec);

}  // namespace assay::sandbox
