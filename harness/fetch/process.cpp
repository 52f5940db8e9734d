#include "harness/fetch/process.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <string_view>

#include "harness/fetch/files.h"

extern char** environ;

namespace assay::fetch {
namespace {

constexpr std::size_t kMaxOutputBytes = 16 << 10;
constexpr int kTickInterval_ms = 100;

std::vector<std::string> child_environment(const ProcessRequest& request) {
  std::vector<std::string> out;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::string_view name = text.substr(0, text.find('='));
    const bool hidden = name == "TMPDIR" ||
                        std::find(request.hidden_variables.begin(), request.hidden_variables.end(),
                                  name) != request.hidden_variables.end();
    if (!hidden) out.emplace_back(text);
  }
  out.push_back("TMPDIR=" + request.working_directory.string());
  return out;
}

std::vector<char*> pointers(std::vector<std::string>* texts) {
  std::vector<char*> out;
  for (std::string& text : *texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

struct SpawnSettings {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;

  SpawnSettings(int output, const std::string& directory) {
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);
    posix_spawn_file_actions_addchdir_np(&actions, directory.c_str());
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setpgroup(&attributes, 0);  // its own group, so that its children end with it
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  }
  ~SpawnSettings() {
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;
};

/// Reads what is there; false at the end of the output.
bool drain(const Fd& pipe, std::string* output) {
  std::array<char, 4096> buffer{};
  while (true) {
    const ssize_t n = ::read(pipe.get(), buffer.data(), buffer.size());
    if (n == 0) return false;
    if (n < 0) return errno == EAGAIN || errno == EINTR;
    output->append(buffer.data(), static_cast<std::size_t>(n));
    if (output->size() > kMaxOutputBytes) output->erase(0, output->size() - kMaxOutputBytes);
  }
}

int wait_for(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

Result<ProcessResult> run_process(const ProcessRequest& request) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    return env_failure(fmt::format("cannot make a pipe: {}", std::strerror(errno)));
  }
  const Fd read_end(ends[0]);
  Fd write_end(ends[1]);
  ::fcntl(read_end.get(), F_SETFL, O_NONBLOCK);

  std::vector<std::string> arguments = {request.program.string()};
  arguments.insert(arguments.end(), request.arguments.begin(), request.arguments.end());
  std::vector<std::string> environment = child_environment(request);
  const SpawnSettings settings(write_end.get(), request.working_directory.string());
  pid_t pid = 0;
  const int code =
      ::posix_spawn(&pid, request.program.c_str(), &settings.actions, &settings.attributes,
                    pointers(&arguments).data(), pointers(&environment).data());
  if (code != 0) {
    return env_failure(
        fmt::format("cannot start '{}': {}", request.program.string(), std::strerror(code)));
  }
  write_end = Fd();

  ProcessResult result;
  pollfd waiting = {.fd = read_end.get(), .events = POLLIN, .revents = 0};
  while (true) {
    ::poll(&waiting, 1, kTickInterval_ms);
    if (!drain(read_end, &result.output)) break;
    if (!request.tick()) {
      result.stopped = true;
      ::kill(-pid, SIGKILL);
      break;
    }
  }
  result.exit_code = wait_for(pid);
  return result;
}

}  // namespace assay::fetch
