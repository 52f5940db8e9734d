#include "evals/common/sandbox/supervised_process.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <grp.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <utility>

namespace assay::sandbox {
namespace {

using Clock = std::chrono::steady_clock;

/// How long the kernel may take to tear a killed process tree down.
constexpr double teardown_seconds = 20;

class Fd {
 public:
  explicit Fd(int fd = -1) : fd_(fd) {}
  ~Fd() { reset(); }
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    reset();
    fd_ = std::exchange(other.fd_, -1);
    return *this;
  }
  int get() const { return fd_; }
  void reset() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }

 private:
  int fd_;
};

struct Pipe {
  Fd read;
  Fd write;
};

Result<Pipe> make_pipe() {
  std::array<int, 2> fds{};
  if (pipe2(fds.data(), O_CLOEXEC) != 0) {
    return env_failure(fmt::format("cannot make a pipe: {}", std::strerror(errno)));
  }
  return Pipe{Fd(fds[0]), Fd(fds[1])};
}

// --- Between fork and exec: async-signal-safe calls only, nothing is allocated. -----------------

/// All that the forked processes need, made ready before the fork.
struct ForkPlan {
  char* const* argv;
  int stdin_fd;
  int stdout_fd;
  int stderr_fd;
  int extra_fd;
  bool drops;
  uid_t run_as;
  pid_t parent;
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

/// Moves the wanted descriptors to 0..3 without overwriting one that is still to be moved.
bool arrange_descriptors(const ForkPlan& plan) {
  const std::array<int, 4> wanted = {plan.stdin_fd, plan.stdout_fd, plan.stderr_fd, plan.extra_fd};
  std::array<int, 4> high{};
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    high[i] = wanted[i] < 0 ? -1 : fcntl(wanted[i], F_DUPFD, 10);
    if (wanted[i] >= 0 && high[i] < 0) return false;
  }
  for (std::size_t i = 0; i < high.size(); ++i) {
    const int target = static_cast<int>(i);
    if (high[i] < 0) {
      close(target);
    } else if (dup2(high[i], target) < 0) {
      return false;
    }
  }
  close_from(4);
  return true;
}

void default_signals() {
  for (int number = 1; number < NSIG; ++number) signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

[[noreturn]] void execute(const ForkPlan& plan) {
  default_signals();
  offer_to_oom_killer();
  if (!arrange_descriptors(plan)) _exit(127);
  if (plan.drops && !drop_to(plan.run_as)) {
    constexpr std::string_view text = "cannot give up root\n";
    [[maybe_unused]] const ssize_t written = write(2, text.data(), text.size());
    _exit(127);
  }
  char* const no_environment[] = {nullptr};
  execve(plan.argv[0], plan.argv, no_environment);
  constexpr std::string_view text = "cannot execute the command\n";
  [[maybe_unused]] const ssize_t written = write(2, text.data(), text.size());
  _exit(127);
}

/// The command's process, for the supervisor's signal handler. One per forked process.
volatile pid_t supervised_pid = 0;

void kill_supervised(int /*number*/) {
  if (supervised_pid > 0) kill(supervised_pid, SIGKILL);
}

/// Starts the command and waits until neither it nor any descendant is left.
[[noreturn]] void supervise(const ForkPlan& plan) {
  sigset_t term;
  sigemptyset(&term);
  sigaddset(&term, SIGTERM);
  sigprocmask(SIG_SETMASK, &term, nullptr);
  signal(SIGINT, SIG_IGN);  // Ctrl-C is the parent's to handle
  signal(SIGHUP, SIG_IGN);
  signal(SIGTERM, kill_supervised);
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  if (getppid() != plan.parent) _exit(127);
  const pid_t child = fork();
  if (child == 0) execute(plan);
  if (child < 0) _exit(127);
  supervised_pid = child;
  sigprocmask(SIG_UNBLOCK, &term, nullptr);
  close_from(0);
  int code = 127;
  while (true) {
    int status = 0;
    const pid_t ended = waitpid(-1, &status, 0);
    if (ended < 0 && errno == EINTR) continue;
    if (ended < 0) break;  // ECHILD: all gone
    if (ended != child) continue;
    supervised_pid = 0;  // its number may be used again
    code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  _exit(code);
}

// --- The calling process ------------------------------------------------------------------------

/// Reads what is there; false at the end of the stream.
bool drain(int fd, std::string& out, std::size_t cap) {
  std::array<char, 1 << 14> buffer{};
  const ssize_t n = read(fd, buffer.data(), buffer.size());
  if (n < 0) return errno == EINTR || errno == EAGAIN;
  if (n == 0) return false;
  out.append(buffer.data(), std::min(static_cast<std::size_t>(n), cap - std::min(cap, out.size())));
  return true;
}

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Collects both streams until they end, killing the command at its limit. False if they did not
/// end even then.
bool collect(pid_t supervisor, Pipe& out, Pipe& err, const ProcessSpec& spec,
             Clock::time_point start, ProcessResult& result) {
  double deadline = spec.wall_seconds;
  std::array<bool, 2> open = {true, true};
  while (open[0] || open[1]) {
    const double left = deadline - seconds_since(start);
    if (left <= 0) {
      if (result.timed_out) return false;
      result.timed_out = true;
      kill(supervisor, SIGTERM);
      deadline += teardown_seconds;
      continue;
    }
    std::array<pollfd, 2> polled = {
        {{open[0] ? out.read.get() : -1, POLLIN, 0}, {open[1] ? err.read.get() : -1, POLLIN, 0}}};
    const int timeout_ms = static_cast<int>(std::min(left * 1000 + 1, 1e6));
    if (poll(polled.data(), polled.size(), timeout_ms) < 0 && errno != EINTR) return false;
    if (polled[0].revents != 0) open[0] = drain(out.read.get(), result.out, spec.max_output_bytes);
    if (polled[1].revents != 0) open[1] = drain(err.read.get(), result.err, spec.max_output_bytes);
  }
  return true;
}

}  // namespace

Result<ProcessResult> run_supervised(const ProcessSpec& spec) {
  ASSAY_ASSERT(!spec.argv.empty());
  Result<Pipe> out = make_pipe();
  if (!out) return tl::unexpected(out.error());
  Result<Pipe> err = make_pipe();
  if (!err) return tl::unexpected(err.error());
  std::vector<char*> argv;
  for (const std::string& argument : spec.argv) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  const ForkPlan plan{
      argv.data(),   spec.stdin_fd,           out->write.get(),        err->write.get(),
      spec.extra_fd, spec.run_as.has_value(), spec.run_as.value_or(0), getpid()};

  const Clock::time_point start = Clock::now();
  const pid_t supervisor = fork();
  if (supervisor == 0) supervise(plan);
  if (supervisor < 0) {
    return env_failure(fmt::format("cannot start a process: {}", std::strerror(errno)));
  }
  out->write.reset();
  err->write.reset();
  ProcessResult result;
  const bool ended = collect(supervisor, *out, *err, spec, start, result);
  if (!ended) kill(supervisor, SIGKILL);
  int status = 0;
  while (waitpid(supervisor, &status, 0) < 0 && errno == EINTR) {
  }
  if (!ended) return env_failure("a sandboxed process did not end when it was killed");
  result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  result.wall_seconds = seconds_since(start);
  return result;
}

}  // namespace assay::sandbox
