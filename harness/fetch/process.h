// Runs another program without a shell.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "core/error.h"

namespace assay::fetch {

struct ProcessRequest {
  std::filesystem::path program;
  std::vector<std::string> arguments;         ///< without the program's own name
  std::filesystem::path working_directory;    ///< also its TMPDIR
  std::vector<std::string> hidden_variables;  ///< of our environment, kept from it
  /// Asked about every 100 ms while it runs; false ends it and its children.
  std::function<bool()> tick;
};

struct ProcessResult {
  int exit_code = 0;     ///< 128 + signal if a signal ended it
  bool stopped = false;  ///< by `tick`
  std::string output;    ///< the last 16 KB of its stdout and stderr
};

/// No input, no descriptor of ours but its output. Fails only if it cannot be started.
Result<ProcessResult> run_process(const ProcessRequest& request);

}  // namespace assay::fetch
