// Another program run as a measurement: on chosen CPUs, with a time limit, its output kept, its
// wall time and peak memory taken. Whatever goes wrong is one line that says what it was.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/error.h"

namespace assay {

struct MeasuredProcess {
  std::string program;                 ///< a path, or a name that PATH finds
  std::vector<std::string> arguments;  ///< without the program's own name
  std::vector<int> cpus;               ///< it may run on; empty: where this process may
  double timeout_s = 600;
  std::size_t max_output_bytes = std::size_t{64} << 20;
  std::function<bool()> cancelled = [] { return false; };
};

struct ProcessMeasurement {
  std::string output;  ///< what it wrote to stdout
  double wall_seconds = 0;
  std::int64_t peak_bytes = 0;  ///< resident, of its largest process; 0: unknown
};

/// Error{environment}, named by `who`: cannot be started, a CPU that is not there, an exit code
/// other than 0, a signal, no end within the limit, too much output. Error{interrupted} when
/// `cancelled` says so. It and its children have ended when this returns.
Result<ProcessMeasurement> measure_process(const MeasuredProcess& process, const std::string& who);

/// "0,2-3" -> {0, 2, 3}; Error{usage} for anything else or a CPU this process may not use.
Result<std::vector<int>> parse_cpu_list(const std::string& text);

/// One CPU of each physical core that this process may run on.
std::vector<int> one_cpu_of_each_core();

/// Keeps the calling thread, and what it starts, on these CPUs while it lives; no CPUs: no change.
class PinnedHere {
 public:
  explicit PinnedHere(const std::vector<int>& cpus);
  ~PinnedHere();
  PinnedHere(const PinnedHere&) = delete;
  PinnedHere& operator=(const PinnedHere&) = delete;
  /// False: the system refused.
  bool done() const { return done_; }

 private:
  std::vector<int> before_;
  bool done_ = true;
};

}  // namespace assay
