#include "evals/common/sandbox/supervised_process.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <grp.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <string_view>

#include "core/clock.h"

namespace assay::sandbox {
namespace {

/// How long the kernel may take to tear a killed process tree down.
constexpr double teardown_seconds = 20;
constexpr std::size_t max_output_bytes = std::size_t{64} << 10;

std::string last_error(std::string_view what) {
  return fmt::format("cannot {}: {}", what, std::strerror(errno));
}

// --- Between fork and exec: async-signal-safe calls only, nothing is allocated. -----------------

constexpr int n_inherited = 4;            // descriptors 0 to 3 are the command's
constexpr int lifeline_fd = n_inherited;  // in the supervisor

/// All that the forked processes need, made ready before the fork.
struct ForkPlan {
  char* const* argv;
  std::array<int, n_inherited + 1> fds;  ///< to become 0 to 3 and lifeline_fd; -1: closed
  bool drops;
  uid_t run_as;
};

void close_from(unsigned first) {
  if (syscall(SYS_close_range, first, ~0U, 0) == 0) return;
  for (unsigned fd = first; fd < 4096; ++fd) close(static_cast<int>(fd));
}

/// If memory runs out, the kernel shall end this process and not the one that evaluates.
void offer_to_oom_killer() {
  const int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (fd < 0) return;
  [[maybe_unused]] const ssize_t written = write(fd, "1000", 4);
  close(fd);
}

bool drop_to(uid_t uid) {
  return setgroups(0, nullptr) == 0 && setresgid(uid, uid, uid) == 0 &&
         setresuid(uid, uid, uid) == 0;
}

/// Moves the planned descriptors to their places, without overwriting one that is still to be
/// moved, and closes all others: among them the lifelines of other supervisors.
bool arrange_descriptors(const ForkPlan& plan) {
  std::array<int, n_inherited + 1> high{};
  for (std::size_t i = 0; i < plan.fds.size(); ++i) {
    high[i] = plan.fds[i] < 0 ? -1 : fcntl(plan.fds[i], F_DUPFD, 10);
    if (plan.fds[i] >= 0 && high[i] < 0) return false;
  }
  for (std::size_t i = 0; i < high.size(); ++i) {
    const int target = static_cast<int>(i);
    if (high[i] < 0) {
      close(target);
    } else if (dup2(high[i], target) < 0) {
      return false;
    }
  }
  close_from(n_inherited + 1);
  return true;
}

void default_signals() {
  for (int number = 1; number < NSIG; ++number) signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

[[noreturn]] void fail(std::string_view text) {
  [[maybe_unused]] const ssize_t written = write(2, text.data(), text.size());
  _exit(127);
}

[[noreturn]] void execute(const ForkPlan& plan) {
  close_from(n_inherited);
  default_signals();
  offer_to_oom_killer();
  if (plan.drops && !drop_to(plan.run_as)) fail("cannot give up root\n");
  char* const no_environment[] = {nullptr};
  execve(plan.argv[0], plan.argv, no_environment);
  fail("cannot execute the command\n");
}

/// Waits until no child is left, killing the command when the lifeline ends. -> its exit code
int watch(pid_t command, int signals) {
  int code = 127;
  bool killed = false;
  while (true) {
    int status = 0;
    pid_t ended = 0;
    while ((ended = waitpid(-1, &status, WNOHANG)) > 0) {
      if (ended != command) continue;
      command = 0;  // its number may be used again
      code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    if (ended < 0 && errno == ECHILD) return code;
    std::array<pollfd, 2> polled = {{{signals, POLLIN, 0}, {killed ? -1 : lifeline_fd, POLLIN, 0}}};
    poll(polled.data(), polled.size(), -1);
    signalfd_siginfo info{};
    if (polled[0].revents != 0) {
      [[maybe_unused]] const ssize_t n = read(signals, &info, sizeof info);
    }
    if (polled[1].revents != 0 || info.ssi_signo == SIGTERM) {
      killed = true;
      if (command > 0) ::kill(command, SIGKILL);
    }
  }
}

/// The supervisor: starts the command and stays until neither it nor any descendant is left.
[[noreturn]] void supervise(const ForkPlan& plan) {
  sigset_t handled;
  sigemptyset(&handled);
  sigaddset(&handled, SIGCHLD);
  sigaddset(&handled, SIGTERM);
  sigprocmask(SIG_SETMASK, &handled, nullptr);
  signal(SIGCHLD, SIG_DFL);
  signal(SIGINT, SIG_IGN);  // Ctrl-C and a closed terminal are the parent's to handle
  signal(SIGHUP, SIG_IGN);
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  if (!arrange_descriptors(plan)) _exit(127);
  const int signals = signalfd(-1, &handled, SFD_CLOEXEC);
  if (signals < 0) _exit(127);
  const pid_t command = fork();
  if (command == 0) execute(plan);
  if (command < 0) _exit(127);
  for (int fd = 0; fd < n_inherited; ++fd) close(fd);
  _exit(watch(command, signals));
}

}  // namespace

Fd& Fd::operator=(Fd&& other) noexcept {
  reset();
  fd_ = std::exchange(other.fd_, -1);
  return *this;
}

void Fd::reset() {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
}

Result<Pipe> make_pipe() {
  std::array<int, 2> fds{};
  if (pipe2(fds.data(), O_CLOEXEC) != 0) return env_failure(last_error("make a pipe"));
  return Pipe{Fd(fds[0]), Fd(fds[1])};
}

bool drain(int fd, std::string& out, std::size_t cap) {
  std::array<char, 1 << 16> buffer{};
  const ssize_t n = read(fd, buffer.data(), buffer.size());
  if (n < 0) return errno == EINTR || errno == EAGAIN;
  if (n == 0) return false;
  out.append(buffer.data(), std::min(static_cast<std::size_t>(n), cap - std::min(cap, out.size())));
  return true;
}

Result<SupervisedProcess> SupervisedProcess::start(const ProcessSpec& spec) {
  ASSAY_ASSERT(!spec.argv.empty());
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return env_failure(last_error("make a socket"));
  }
  Fd ours(ends[0]);
  const Fd theirs(ends[1]);
  std::vector<char*> argv;
  argv.reserve(spec.argv.size() + 1);
  for (const std::string& argument : spec.argv) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  const ForkPlan plan{argv.data(),
                      {spec.stdin_fd, spec.stdout_fd, spec.stderr_fd, spec.extra_fd, theirs.get()},
                      spec.run_as.has_value(),
                      spec.run_as.value_or(0)};
  const pid_t supervisor = fork();
  if (supervisor == 0) supervise(plan);
  if (supervisor < 0) return env_failure(last_error("start a process"));
  return SupervisedProcess(supervisor, std::move(ours));
}

SupervisedProcess::SupervisedProcess(SupervisedProcess&& other) noexcept
    : supervisor_(std::exchange(other.supervisor_, 0)), lifeline_(std::move(other.lifeline_)) {}

SupervisedProcess::~SupervisedProcess() {
  if (supervisor_ > 0) [[maybe_unused]]
    const Result<int> code = kill();
}

/// The supervisor's end of the lifeline closes when it ends.
bool SupervisedProcess::ends_within(double seconds) const {
  const double deadline = now_seconds() + seconds;
  while (true) {
    const double left = std::max(0.0, deadline - now_seconds());
    pollfd polled = {lifeline_.get(), POLLIN, 0};
    if (poll(&polled, 1, static_cast<int>(std::min(left * 1000 + 1, 1e6))) > 0) return true;
    if (left <= 0) return false;
  }
}

Result<int> SupervisedProcess::kill() {
  return wait(0);
}

Result<int> SupervisedProcess::wait(double seconds) {
  ASSAY_ASSERT(supervisor_ > 0);
  bool ended = seconds > 0 && ends_within(seconds);
  if (!ended) {
    shutdown(lifeline_.get(), SHUT_WR);
    ended = ends_within(teardown_seconds);
  }
  if (!ended) ::kill(supervisor_, SIGKILL);
  int status = 0;
  while (waitpid(supervisor_, &status, 0) < 0 && errno == EINTR) {
  }
  supervisor_ = 0;
  if (!ended) return env_failure("a sandboxed process did not end when it was killed");
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

Result<ProcessResult> run_supervised(ProcessSpec spec, double wall_seconds) {
  Result<Pipe> out = make_pipe();
  if (!out) return tl::unexpected(out.error());
  Result<Pipe> err = make_pipe();
  if (!err) return tl::unexpected(err.error());
  const Fd null(open("/dev/null", O_RDONLY | O_CLOEXEC));
  spec.stdin_fd = null.get();
  spec.stdout_fd = out->write.get();
  spec.stderr_fd = err->write.get();
  spec.extra_fd = -1;
  Result<SupervisedProcess> process = SupervisedProcess::start(spec);
  if (!process) return tl::unexpected(process.error());
  out->write.reset();
  err->write.reset();

  ProcessResult result;
  const double deadline = now_seconds() + wall_seconds;
  std::array<bool, 2> open = {true, true};
  while ((open[0] || open[1]) && !result.timed_out) {
    const double left = deadline - now_seconds();
    std::array<pollfd, 2> polled = {
        {{open[0] ? out->read.get() : -1, POLLIN, 0}, {open[1] ? err->read.get() : -1, POLLIN, 0}}};
    const int timeout_ms = static_cast<int>(std::clamp(left * 1000 + 1, 0.0, 1e6));
    if (poll(polled.data(), polled.size(), timeout_ms) < 0 && errno != EINTR) break;
    if (polled[0].revents != 0) open[0] = drain(out->read.get(), result.out, max_output_bytes);
    if (polled[1].revents != 0) open[1] = drain(err->read.get(), result.err, max_output_bytes);
    result.timed_out = left <= 0;
  }
  const Result<int> code = process->wait(deadline - now_seconds());
  if (!code) return tl::unexpected(code.error());
  result.exit_code = *code;
  return result;
}

}  // namespace assay::sandbox
