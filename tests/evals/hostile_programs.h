// Programs that try to break out, to break down or to cheat. Each defines f(n), which a test
// expects to double n; one that looks for a hole returns what it found instead.
#pragma once

#include <string>
#include <vector>

#include "evals/common/sandbox/sandbox.h"

namespace assay::testing {

struct HostileProgram {
  const char* name;
  std::string source;
  /// How it may end; the first is the usual one. "passed" means that it found no hole.
  std::vector<sandbox::RunStatus> expected;
  const char* why = "";  ///< a part of SandboxResult::why
};

/// Memory, files, processes, time.
extern const std::vector<HostileProgram> exhausting_programs;
/// Reaching out of the sandbox.
extern const std::vector<HostileProgram> attacks_on_processes;
extern const std::vector<HostileProgram> attacks_on_the_kernel;
extern const std::vector<HostileProgram> attacks_on_the_host;
/// Forging the verdict.
extern const std::vector<HostileProgram> cheating_programs;

}  // namespace assay::testing
