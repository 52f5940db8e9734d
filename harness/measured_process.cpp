#include "harness/measured_process.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <sched.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <optional>

#include "backends/common/thread_pool.h"
#include "core/clock.h"
#include "core/text.h"
#include "harness/fetch/files.h"

extern char** environ;

namespace assay {
namespace {

using fetch::Fd;

constexpr int kTick_ms = 100;
constexpr std::size_t kErrorTailBytes = 4096;

std::vector<int> allowed_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  std::vector<int> cpus;
  if (::sched_getaffinity(0, sizeof set, &set) != 0) return cpus;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &set)) cpus.push_back(cpu);
  }
  return cpus;
}

bool set_cpus(const std::vector<int>& cpus) {
  cpu_set_t set;
  CPU_ZERO(&set);
  for (const int cpu : cpus) CPU_SET(static_cast<std::size_t>(cpu), &set);
  return ::sched_setaffinity(0, sizeof set, &set) == 0;
}

struct Pipe {
  Fd read;
  Fd write;
};

Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    return env_failure(fmt::format("cannot make a pipe: {}", std::strerror(errno)));
  }
  ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
  return Pipe{Fd(ends[0]), Fd(ends[1])};
}

/// Reads what is there; false at the end.
bool drain(const Fd& pipe, std::string* out) {
  std::array<char, 65536> buffer{};
  while (true) {
    const ssize_t n = ::read(pipe.get(), buffer.data(), buffer.size());
    if (n == 0) return false;
    if (n < 0) return errno == EAGAIN || errno == EINTR;
    out->append(buffer.data(), static_cast<std::size_t>(n));
  }
}

Result<pid_t> start(const MeasuredProcess& process, int out, int err, const std::string& who) {
  const PinnedHere pinned(process.cpus);
  if (!pinned.done()) {
    return env_failure("the system refuses these CPUs to this process", "give other --cpus");
  }
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, err, STDERR_FILENO);
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setpgroup(&attributes, 0);  // its own group, so that its children end with it
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  std::vector<std::string> words = {process.program};
  words.insert(words.end(), process.arguments.begin(), process.arguments.end());
  std::vector<char*> pointers;
  pointers.reserve(words.size() + 1);
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  pid_t pid = 0;
  const int code = ::posix_spawnp(&pid, process.program.c_str(), &actions, &attributes,
                                  pointers.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (code != 0) {
    return env_failure(fmt::format("the {} '{}' cannot be started: {}", who,
                                   name_for_message(process.program), std::strerror(code)),
                       "give the path of an executable file");
  }
  return pid;
}

/// The last line that says anything.
std::string last_line(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) {
    text.pop_back();
  }
  const std::size_t begin = text.rfind('\n');
  return name_for_message(begin == std::string::npos ? text : text.substr(begin + 1), 200);
}

struct Ending {
  int status = 0;
  rusage usage{};
};

Ending wait_for(pid_t pid) {
  Ending out;
  while (::wait4(pid, &out.status, 0, &out.usage) < 0 && errno == EINTR) {
  }
  return out;
}

/// Watches one process until it ends or must be ended.
class Watch {
 public:
  Watch(const MeasuredProcess& process, pid_t pid, Fd out, Fd err)
      : process_(process),
        pid_(pid),
        started_(now_seconds()),
        out_(std::move(out)),
        err_(std::move(err)),
        exited_(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))) {}

  /// Why it had to be ended; empty: it ended.
  std::string run() {
    bool out_open = true;
    bool err_open = true;
    while (true) {
      std::array<pollfd, 3> waiting = {{{exited_.get(), POLLIN, 0},
                                        {out_open ? out_.get() : -1, POLLIN, 0},
                                        {err_open ? err_.get() : -1, POLLIN, 0}}};
      ::poll(waiting.data(), waiting.size(), kTick_ms);
      seconds_ = now_seconds() - started_;
      if (out_open) out_open = drain(out_, &output_);
      if (err_open) err_open = drain(err_, &errors_);
      if (errors_.size() > kErrorTailBytes) errors_.erase(0, errors_.size() - kErrorTailBytes);
      // Its end counts, not that of the pipe, which a process left behind may hold open.
      if (exited_.valid() ? waiting[0].revents != 0 : !out_open && !err_open) return {};
      if (output_.size() > process_.max_output_bytes) {
        return fmt::format("printed more than {}",
                           format_bytes(static_cast<std::int64_t>(process_.max_output_bytes)));
      }
      if (seconds_ > process_.timeout_s) {
        return fmt::format("did not end within {}", format_duration(process_.timeout_s));
      }
      if (process_.cancelled()) return "cancelled";
    }
  }

  double seconds() const { return seconds_; }
  std::string take_output() {
    drain(out_, &output_);
    return std::move(output_);
  }
  std::string last_error_line() {
    drain(err_, &errors_);
    return last_line(errors_);
  }

 private:
  const MeasuredProcess& process_;
  pid_t pid_;
  double started_;
  double seconds_ = 0;
  Fd out_;
  Fd err_;
  Fd exited_;  ///< readable once it ended; invalid on old kernels
  std::string output_;
  std::string errors_;
};

tl::unexpected<Error> ended_badly(const Ending& ending, const std::string& subject,
                                  const std::string& last_words) {
  const std::string how = WIFSIGNALED(ending.status)
                              ? fmt::format("was ended by signal {} ({})", WTERMSIG(ending.status),
                                            ::strsignal(WTERMSIG(ending.status)))
                              : fmt::format("ended with exit code {}", WEXITSTATUS(ending.status));
  return env_failure(
      fmt::format("{} {}{}{}", subject, how, last_words.empty() ? "" : ": ", last_words),
      "run it by hand with the same arguments");
}

}  // namespace

PinnedHere::PinnedHere(const std::vector<int>& cpus) {
  if (cpus.empty()) return;
  before_ = allowed_cpus();
  done_ = set_cpus(cpus);
}

PinnedHere::~PinnedHere() {
  if (!before_.empty()) set_cpus(before_);
}

std::vector<int> one_cpu_of_each_core() {
  return usable_cores();
}

Result<std::vector<int>> parse_cpu_list(const std::string& text) {
  const std::vector<int> allowed = allowed_cpus();
  std::vector<int> out;
  std::string_view rest = text;
  const auto wrong = [&text](const std::string& why) {
    return failure(ErrorKind::usage, fmt::format("--cpus '{}': {}", name_for_message(text), why),
                   "write numbers like 0 or 0,2-3, or none");
  };
  while (true) {
    const std::string_view part = rest.substr(0, rest.find(','));
    int low = 0;
    int high = 0;
    const char* end = part.data() + part.size();
    auto parsed = std::from_chars(part.data(), end, low);
    high = low;
    if (parsed.ec == std::errc() && parsed.ptr != end && *parsed.ptr == '-') {
      parsed = std::from_chars(parsed.ptr + 1, end, high);
    }
    if (parsed.ec != std::errc() || parsed.ptr != end || low < 0 || high < low ||
        high >= CPU_SETSIZE) {
      return wrong("not a list of CPUs");
    }
    for (int cpu = low; cpu <= high; ++cpu) {
      if (std::find(allowed.begin(), allowed.end(), cpu) == allowed.end()) {
        return wrong(fmt::format("this process may not use CPU {}", cpu));
      }
      if (std::find(out.begin(), out.end(), cpu) == out.end()) out.push_back(cpu);
    }
    if (part.size() == rest.size()) return out;
    rest.remove_prefix(part.size() + 1);
  }
}

Result<ProcessMeasurement> measure_process(const MeasuredProcess& process, const std::string& who) {
  Result<Pipe> out = make_pipe();
  Result<Pipe> err = make_pipe();
  if (!out) return tl::unexpected(out.error());
  if (!err) return tl::unexpected(err.error());
  const Result<pid_t> pid = start(process, out->write.get(), err->write.get(), who);
  if (!pid) return tl::unexpected(pid.error());
  Watch watch(process, *pid, std::move(out->read), std::move(err->read));
  out->write = Fd();
  err->write = Fd();
  const std::string stopped = watch.run();
  // The whole group: what it left behind must not disturb the next run.
  ::kill(-*pid, SIGKILL);
  const Ending ending = wait_for(*pid);
  const std::string subject = fmt::format("the {} '{}'", who, name_for_message(process.program));
  if (stopped == "cancelled") {
    return failure(ErrorKind::interrupted, "the measurement was interrupted", "start it again");
  }
  if (!stopped.empty()) return env_failure(subject + " " + stopped, "see --timeout");
  if (!WIFEXITED(ending.status) || WEXITSTATUS(ending.status) != 0) {
    return ended_badly(ending, subject, watch.last_error_line());
  }
  ProcessMeasurement result;
  result.output = watch.take_output();
  result.wall_seconds = watch.seconds();
  result.peak_bytes = static_cast<std::int64_t>(ending.usage.ru_maxrss) * 1024;
  return result;
}

}  // namespace assay
