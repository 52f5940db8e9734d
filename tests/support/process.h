// Running a program as a person would: arguments, standard input, both outputs, exit code.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace assay::testing {

struct ProcessResult {
  int exit_code = -1;  ///< 128 + signal when a signal ended it
  std::string out;
  std::string err;
};

struct ProcessOptions {
  std::string input;
  /// Killed with SIGKILL after so many milliseconds; 0: never.
  int kill_after_ms = 0;
  /// SIGINT instead.
  bool interrupt = false;
  /// Greatest file it may write, in bytes (RLIMIT_FSIZE stands for a full disk); 0: no limit.
  std::size_t max_file_bytes = 0;
  std::vector<std::string> environment;  ///< "NAME=value", added to this process's own
};

ProcessResult run_process(const std::vector<std::string>& command,
                          const ProcessOptions& options = {});

}  // namespace assay::testing
