#include "evals/common/sandbox/sandbox.h"

#include <fmt/core.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string_view>
#include <utility>
#include <vector>

#include "evals/common/sandbox/seccomp_filter.h"
#include "evals/common/sandbox/supervised_process.h"

namespace assay {
namespace embedded {
extern const std::string_view sandbox_driver;
}  // namespace embedded

namespace sandbox {
namespace {

namespace fs = std::filesystem;

constexpr uid_t inner_uid = 65534;  // nobody, inside the user namespace
/// Outside it, when we are root: uids that no account has, one for each job that runs at once.
constexpr uid_t first_unused_uid = 65400;
constexpr unsigned n_unused_uids = 64;

/// What to do about a sandbox that does not start, by what bubblewrap said.
std::string remedy_for(const std::string& why) {
  for (const char* sign : {"ermission", "not permitted", "namespace", "uid map"}) {
    if (why.find(sign) == std::string::npos) continue;
    return "user namespaces seem to be forbidden: on Ubuntu 24.04 run 'sudo sysctl "
           "kernel.apparmor_restrict_unprivileged_userns=0', in Docker add '--security-opt "
           "seccomp=unconfined --security-opt apparmor=unconfined'";
  }
  return "see what 'bwrap --unshare-all --ro-bind / / true' says";
}

/// A file in memory that holds `bytes`, read from its start; -1 on failure.
class MemoryFile {
 public:
  MemoryFile(const char* name, std::string_view bytes) : fd_(memfd_create(name, MFD_CLOEXEC)) {
    while (fd_ >= 0 && !bytes.empty()) {
      const ssize_t n = write(fd_, bytes.data(), bytes.size());
      if (n <= 0) {
        close(fd_);
        fd_ = -1;
        return;
      }
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    if (fd_ >= 0) lseek(fd_, 0, SEEK_SET);
  }
  ~MemoryFile() {
    if (fd_ >= 0) close(fd_);
  }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  int fd() const { return fd_; }

 private:
  int fd_;
};

std::string fresh_nonce() {
  std::array<unsigned char, 16> bytes{};
  ASSAY_ASSERT(getrandom(bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
  std::string nonce;
  for (const unsigned char byte : bytes) nonce += fmt::format("{:02x}", byte);
  return nonce;
}

std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

/// What the tests' process said, of the lines that bear the nonce.
struct Report {
  bool started = false;
  nlohmann::json verdict;  ///< null if there is none
};

Report read_report(const std::string& out, const std::string& nonce) {
  Report report;
  std::istringstream lines(out);
  for (std::string line; std::getline(lines, line);) {
    const auto record = nlohmann::json::parse(line, nullptr, false);
    if (!record.is_object() || record.value("nonce", "") != nonce) continue;
    if (record.contains("started")) report.started = true;
    if (record.contains("status")) report.verdict = record;
  }
  return report;
}

RunStatus status_of(const std::string& name) {
  for (const RunStatus status :
       {RunStatus::passed, RunStatus::failed, RunStatus::timeout, RunStatus::crashed}) {
    if (name == run_status_name(status)) return status;
  }
  return RunStatus::sandbox_failure;  // "tests_broken"
}

SandboxResult interpret(const ProcessResult& process, const std::string& nonce) {
  SandboxResult result;
  result.wall_seconds = process.wall_seconds;
  const Report report = read_report(process.out, nonce);
  if (report.verdict.is_object()) {
    const std::string state = report.verdict.value("state", "");
    result.status = status_of(report.verdict.value("status", ""));
    result.why = report.verdict.value("why", "");
    result.cpu_seconds = report.verdict.value("cpu_seconds", 0.0);
    result.compiles = state != "syntax";
    result.defines_entry_point = state == "ready";
  } else if (!report.started) {
    result.why = "the sandbox did not start: " + first_line(process.err);
  } else if (process.timed_out) {
    result.status = RunStatus::timeout;
    result.why = "wall-clock limit";
  } else {
    result.status = RunStatus::crashed;
    result.why = "the tests' process was killed";
  }
  return result;
}

/// `path` as it is on this system: a link as the same link, a folder read-only.
void add_folder(std::vector<std::string>& command, const fs::path& path) {
  std::error_code none;
  if (fs::is_symlink(path, none)) {
    command.insert(command.end(),
                   {"--symlink", fs::read_symlink(path, none).string(), path.string()});
  } else if (fs::is_directory(path, none)) {
    command.insert(command.end(), {"--ro-bind", path.string(), path.string()});
  }
}

}  // namespace

const char* run_status_name(RunStatus status) {
  switch (status) {
    case RunStatus::passed:
      return "passed";
    case RunStatus::failed:
      return "failed";
    case RunStatus::timeout:
      return "timeout";
    case RunStatus::crashed:
      return "crashed";
    case RunStatus::sandbox_failure:
      return "sandbox_failure";
  }
  return "sandbox_failure";
}

Result<std::string> find_bubblewrap() {
  const char* path = std::getenv("PATH");
  std::istringstream folders(std::string("/usr/bin:/usr/local/bin:") +
                             (path == nullptr ? "" : path));
  for (std::string folder; std::getline(folders, folder, ':');) {
    const std::string file = folder + "/bwrap";
    if (!folder.empty() && folder[0] == '/' && access(file.c_str(), X_OK) == 0) return file;
  }
  return env_failure("code tasks need bubblewrap (bwrap), which is not installed",
                     "install it: apt-get install bubblewrap");
}

const PythonSandbox& PythonSandbox::shared() {
  static const PythonSandbox instance(find_bubblewrap(), find_python());
  return instance;
}

PythonSandbox::PythonSandbox(const Result<std::string>& bubblewrap,
                             const Result<PythonInterpreter>& python) {
  const Result<std::string> program = seccomp_program();
  if (!bubblewrap) {
    unavailable_ = bubblewrap.error();
  } else if (!python) {
    unavailable_ = python.error();
  } else if (!program) {
    unavailable_ = program.error();
  }
  if (unavailable_) return;
  bubblewrap_ = *bubblewrap;
  python_ = *python;
  seccomp_program_ = *program;
  const SandboxResult trial =
      run({"def f():\n    return 1\n", "f", "", "def check(f):\n    assert f() == 1\n"},
          SandboxLimits{});
  if (trial.status != RunStatus::passed) {
    unavailable_.emplace(ErrorKind::environment,
                         "the sandbox for code tasks does not work here: " + trial.why,
                         remedy_for(trial.why));
  }
}

std::vector<std::string> PythonSandbox::command_line(const SandboxLimits& limits) const {
  const std::string size = std::to_string(limits.file_bytes);
  std::vector<std::string> command = {bubblewrap_, "--unshare-all", "--unshare-user",
                                      "--disable-userns", "--uid", std::to_string(inner_uid),
                                      "--gid", std::to_string(inner_uid), "--hostname", "sandbox",
                                      "--cap-drop", "ALL", "--new-session", "--die-with-parent",
                                      "--clearenv", "--setenv", "LANG", "C.UTF-8",
                                      // The order of sets must not differ from run to run.
                                      "--setenv", "PYTHONHASHSEED", "0",
                                      // --size holds for the next tmpfs only.
                                      "--size", size, "--tmpfs", "/tmp", "--dev-bind", "/dev/null",
                                      "/dev/null", "--ro-bind", python_.path, python_.path};
  for (const std::string& folder : python_.folders) add_folder(command, folder);
  // The loader's path is fixed in every executable.
  for (const char* folder : {"/usr/lib64", "/lib64", "/lib"}) add_folder(command, folder);
  for (const char* argument : {"--remount-ro", "/", "--chdir", "/tmp", "--seccomp", "3", "--"}) {
    command.emplace_back(argument);
  }
  // Like -I -S, but heeding PYTHONHASHSEED; the environment holds nothing else.
  command.insert(command.end(),
                 {python_.path, "-s", "-S", "-B", "-c", std::string(embedded::sandbox_driver),
                  std::to_string(limits.memory_bytes), size});
  return command;
}

SandboxResult PythonSandbox::run(const PythonJob& job, const SandboxLimits& limits) const {
  SandboxResult failed;
  const auto fail = [&failed](std::string why) {
    failed.why = std::move(why);
    return failed;
  };
  if (unavailable_) return fail(unavailable_->message());
  const std::string nonce = fresh_nonce();
  const nlohmann::json record = {{"nonce", nonce},
                                 {"program", job.program},
                                 {"entry_point", job.entry_point},
                                 {"prompt", job.prompt},
                                 {"test", job.test},
                                 {"cpu_seconds", limits.cpu_seconds},
                                 {"max_processes", limits.max_processes}};
  // A program need not be UTF-8; Python then refuses it, as it should.
  const std::string text = record.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
  const MemoryFile job_file("assay-job", text);
  const MemoryFile seccomp_file("assay-seccomp", seccomp_program_);
  if (job_file.fd() < 0 || seccomp_file.fd() < 0) return fail("cannot make a memory file");

  ProcessSpec spec;
  spec.argv = command_line(limits);
  spec.stdin_fd = job_file.fd();
  spec.extra_fd = seccomp_file.fd();
  spec.wall_seconds = limits.wall_seconds;
  if (geteuid() == 0) {
    static std::atomic<unsigned> next{0};
    spec.run_as = first_unused_uid + next++ % n_unused_uids;
  }
  const Result<ProcessResult> process = run_supervised(spec);
  if (!process) return fail(process.error().message());
  return interpret(*process, nonce);
}

}  // namespace sandbox
}  // namespace assay
