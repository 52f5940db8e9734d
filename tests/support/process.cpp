#include "tests/support/process.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <thread>

#include "core/error.h"
#include "tests/support/test_data.h"

namespace assay::testing {
namespace {

[[noreturn]] void exec_child(const std::vector<std::string>& command, const ProcessOptions& options,
                             const TempDir& dir) {
  const auto redirect = [&dir](const char* name, int flags, int target) {
    const int fd = ::open((dir.path() / name).c_str(), flags | O_CLOEXEC, 0600);
    if (fd < 0 || ::dup2(fd, target) < 0) ::_exit(126);
  };
  redirect("in", O_RDONLY, STDIN_FILENO);
  redirect("out", O_WRONLY | O_CREAT | O_TRUNC, STDOUT_FILENO);
  redirect("err", O_WRONLY | O_CREAT | O_TRUNC, STDERR_FILENO);
  for (const std::string& variable : options.environment) {
    const std::size_t equals = variable.find('=');
    ::setenv(variable.substr(0, equals).c_str(), variable.substr(equals + 1).c_str(), 1);
  }
  if (options.max_file_bytes > 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{options.max_file_bytes, options.max_file_bytes};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  std::vector<char*> arguments;
  for (const std::string& argument : command) {
    arguments.push_back(const_cast<char*>(argument.c_str()));
  }
  arguments.push_back(nullptr);
  ::execvp(arguments[0], arguments.data());
  ::_exit(127);
}

}  // namespace

ProcessResult run_process(const std::vector<std::string>& command, const ProcessOptions& options) {
  const TempDir dir;
  write_text(dir.path() / "in", options.input);
  const pid_t pid = ::fork();
  ASSAY_ASSERT(pid >= 0);
  if (pid == 0) exec_child(command, options, dir);
  if (options.kill_after_ms > 0) {
    std::this_thread::sleep_for(std::chrono::milliseconds(options.kill_after_ms));
    ::kill(pid, options.interrupt ? SIGINT : SIGKILL);
  }
  int status = 0;
  ASSAY_ASSERT(::waitpid(pid, &status, 0) == pid);
  ProcessResult result;
  result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  result.out = read_text(dir.path() / "out");
  result.err = read_text(dir.path() / "err");
  return result;
}

}  // namespace assay::testing
