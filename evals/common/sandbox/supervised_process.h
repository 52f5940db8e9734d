// A command under a supervisor: it dies with us, and every descendant is gone and reaped at the
// end.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/error.h"

namespace assay::sandbox {

/// Owns a descriptor.
class Fd {
 public:
  explicit Fd(int fd = -1) : fd_(fd) {}
  ~Fd() { reset(); }
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept;
  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  void reset();

 private:
  int fd_;
};

struct Pipe {
  Fd read;
  Fd write;
};
/// Both ends close on exec. Error{environment} if there are no descriptors left.
Result<Pipe> make_pipe();

struct ProcessSpec {
  std::vector<std::string> argv;  ///< argv[0] is an absolute path
  /// What become descriptors 0 to 3; borrowed; -1: closed.
  int stdin_fd = -1;
  int stdout_fd = -1;
  int stderr_fd = -1;
  int extra_fd = -1;
  std::optional<uid_t> run_as;  ///< dropped to before exec, with the same gid; needs root
};

/// A running command. It inherits descriptors 0 to 3 only, an empty environment, an empty signal
/// mask and default signal dispositions. Its supervisor, a fork of this process, adopts and waits
/// for descendants that outlive it, so no zombie is left to anyone, and kills it when this process
/// is gone, however it went. Not for two threads at once.
class SupervisedProcess {
 public:
  /// Error{environment}: no process or descriptor to be had.
  static Result<SupervisedProcess> start(const ProcessSpec& spec);
  ~SupervisedProcess();  ///< kills
  SupervisedProcess(SupervisedProcess&& other) noexcept;
  SupervisedProcess& operator=(SupervisedProcess&&) = delete;

  /// Sends SIGKILL to the command if it still runs, and waits until no descendant is left. The exit
  /// code: 128 + n for signal n; 127: the command could not be executed. Error{environment} if
  /// descendants did not end within 20 s.
  Result<int> kill();
  /// As kill(), after giving it `seconds` to end by itself.
  Result<int> wait(double seconds);

 private:
  SupervisedProcess(pid_t supervisor, Fd lifeline)
      : supervisor_(supervisor), lifeline_(std::move(lifeline)) {}
  bool ends_within(double seconds) const;

  pid_t supervisor_;  ///< 0: reaped
  Fd lifeline_;       ///< shut or closed, it means "kill"; the other end closes with the supervisor
};

struct ProcessResult {
  bool timed_out = false;  ///< the wall-clock limit ended it
  int exit_code = 0;       ///< as SupervisedProcess::kill
  std::string out;         ///< at most 64 KiB of each stream; the rest is read and dropped
  std::string err;
};

/// Runs a command with nothing on its standard input to its end, or to SIGKILL after
/// `wall_seconds`. `spec`'s descriptors are not used. Safe from several threads at once.
Result<ProcessResult> run_supervised(ProcessSpec spec, double wall_seconds);

/// Reads what is there into `out` until it holds `cap` bytes, and drops more; false at the end of
/// the stream.
bool drain(int fd, std::string& out, std::size_t cap);

}  // namespace assay::sandbox
