#include "evals/common/sandbox/sandbox.h"

#include <fmt/core.h>
#include <sys/random.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <sstream>
#include <string_view>
#include <utility>
#include <vector>

#include "core/text.h"
#include "evals/common/sandbox/seccomp_filter.h"
#include "evals/common/sandbox/worker.h"

namespace assay {
namespace embedded {
extern const std::string_view sandbox_driver_values;
extern const std::string_view sandbox_driver_program;
extern const std::string_view sandbox_driver_tests;
extern const std::string_view sandbox_driver_worker;
}  // namespace embedded

namespace sandbox {
namespace {

namespace fs = std::filesystem;

constexpr uid_t inner_uid = 65534;  // nobody, inside the user namespace
/// Outside it, when we are root: uids that no account has, one for each worker.
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

/// What the sandbox said. The nonce is the tests' process's; the keeper, which no untrusted code
/// descends to, speaks without.
struct Report {
  bool started = false;
  nlohmann::json verdict;  ///< null if there is none
  std::string fence;       ///< why the fence did not stand
};

Report read_report(const std::string& out, const std::string& nonce) {
  Report report;
  std::istringstream lines(out);
  for (std::string line; std::getline(lines, line);) {
    auto record = nlohmann::json::parse(line, nullptr, false);
    if (!record.is_object()) continue;
    if (record.contains("fence")) report.fence = record.value("fence", "");
    if (record.value("nonce", "") != nonce) continue;
    if (record.contains("started")) report.started = true;
    if (record.contains("status")) report.verdict = std::move(record);
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

SandboxResult interpret(const JobOutput& output, const std::string& nonce) {
  SandboxResult result;
  Report report = read_report(output.out, nonce);
  if (report.verdict.is_object()) {
    const std::string state = report.verdict.value("state", "");
    result.status = status_of(report.verdict.value("status", ""));
    result.why = sanitize_for_terminal(report.verdict.value("why", ""));
    result.cpu_seconds = report.verdict.value("cpu_seconds", 0.0);
    result.compiles = state != "syntax";
    result.defines_entry_point = state == "ready";
    result.n_right = report.verdict.value("right", std::int64_t{0});
    if (report.verdict.contains("outputs")) result.outputs = std::move(report.verdict["outputs"]);
  } else if (!report.started) {
    result.why = "the sandbox did not start: " +
                 (report.fence.empty() ? first_line(output.why) : report.fence);
  } else if (output.timed_out) {
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

/// One bubblewrap for each worker; `--seccomp` is not used, since the worker makes namespaces: each
/// job's processes put the filter on themselves.
std::vector<std::string> command_line(const std::string& bubblewrap,
                                      const PythonInterpreter& python) {
  const std::string uid = std::to_string(inner_uid);
  std::vector<std::string> command = {
      bubblewrap, "--unshare-all", "--unshare-user", "--disable-userns", "--uid", uid, "--gid", uid,
      "--hostname", "sandbox",
      // The worker's own, for the namespaces of each job; no program ever has it.
      "--cap-drop", "ALL", "--cap-add", "CAP_SYS_ADMIN", "--new-session", "--die-with-parent",
      "--clearenv", "--setenv", "LANG", "C.UTF-8",
      // The order of sets must not differ from run to run.
      "--setenv", "PYTHONHASHSEED", "0",
      // Where the jobs' own are mounted; --size holds for the next tmpfs only.
      "--size", "4096", "--tmpfs", "/tmp", "--dev-bind", "/dev/null", "/dev/null", "--ro-bind",
      python.path, python.path};
  for (const std::string& folder : python.folders) add_folder(command, folder);
  // The loader's path is fixed in every executable.
  for (const char* folder : {"/usr/lib64", "/lib64", "/lib"}) add_folder(command, folder);
  std::string driver;
  for (const std::string_view part :
       {embedded::sandbox_driver_values, embedded::sandbox_driver_program,
        embedded::sandbox_driver_tests, embedded::sandbox_driver_worker}) {
    driver += part;
  }
  // Like -I -S, but heeding PYTHONHASHSEED; the environment holds nothing else.
  for (std::string argument :
       {std::string("--remount-ro"), std::string("/"), std::string("--chdir"), std::string("/tmp"),
        std::string("--"), python.path, std::string("-s"), std::string("-S"), std::string("-B"),
        std::string("-c"), driver}) {
    command.push_back(std::move(argument));
  }
  return command;
}

nlohmann::json job_record(const PythonJob& job, const std::string& nonce) {
  nlohmann::json record = {{"nonce", nonce},
                           {"program", job.program},
                           {"entry_point", job.entry_point},
                           {"prompt", job.prompt},
                           {"test", job.test},
                           {"longest_valid_part", job.longest_valid_part}};
  if (job.input_tests) {
    record["inputs"] = job.input_tests->inputs;
    record["n_base"] = job.input_tests->n_base;
    record["atol"] = job.input_tests->atol;
    record["oracle"] = job.input_tests->polynomial_root ? "polynomial root" : "equal";
    if (!job.input_tests->expected.is_null()) record["expected"] = job.input_tests->expected;
  }
  return record;
}

std::string limits_record(const SandboxLimits& limits) {
  return nlohmann::json{{"cpu_seconds", limits.cpu_seconds},
                        {"memory_bytes", limits.memory_bytes},
                        {"file_bytes", limits.file_bytes},
                        {"max_files", limits.max_files},
                        {"max_threads", limits.max_threads}}
      .dump();
}

}  // namespace

/// Those that wait for a job. There are never more than there were jobs at once.
class PythonSandbox::Workers {
 public:
  explicit Workers(WorkerSpec spec) : spec_(std::move(spec)) {}

  Result<Worker> take() {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      Worker worker = std::move(idle_.back());
      idle_.pop_back();
      return worker;
    }
    WorkerSpec spec = spec_;
    if (geteuid() == 0) spec.run_as = first_unused_uid + n_started_++ % n_unused_uids;
    return Worker::start(spec);
  }

  void give_back(Worker worker) {
    if (!worker.usable()) return;
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(worker));
  }

 private:
  WorkerSpec spec_;
  std::mutex mutex_;
  std::vector<Worker> idle_;
  unsigned n_started_ = 0;
};

PythonSandbox::~PythonSandbox() = default;
PythonSandbox::PythonSandbox(PythonSandbox&&) noexcept = default;

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
    std::string file = folder + "/bwrap";
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
  python_ = *python;
  workers_ = std::make_unique<Workers>(
      WorkerSpec{command_line(*bubblewrap, *python), *program, std::nullopt});
  const SandboxResult trial =
      run({"def f():\n    return 1\n", "f", "", "def check(f):\n    assert f() == 1\n"},
          SandboxLimits{});
  if (trial.status != RunStatus::passed) {
    unavailable_.emplace(ErrorKind::environment,
                         "the sandbox for code tasks does not work here: " + trial.why,
                         remedy_for(trial.why));
  }
}

SandboxResult PythonSandbox::run(const PythonJob& job, const SandboxLimits& limits) const {
  SandboxResult failed;
  if (unavailable_) {
    failed.why = unavailable_->message();
    return failed;
  }
  const std::string nonce = fresh_nonce();
  // A program need not be UTF-8; Python then refuses it, as it should.
  const std::string text =
      job_record(job, nonce).dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
  // A worker may have been ended from outside while it waited (out of memory): then a new one.
  constexpr int max_attempts = 2;
  for (int attempt = 0; attempt < max_attempts; ++attempt) {
    Result<Worker> worker = workers_->take();
    if (!worker) {
      failed.why = worker.error().message();
      return failed;
    }
    const Result<JobOutput> output = worker->run(limits_record(limits), text, limits.wall_seconds);
    if (!output) {
      failed.why = output.error().message();
      return failed;
    }
    failed = interpret(*output, nonce);
    if (!output->worker_lost) {
      workers_->give_back(std::move(*worker));
      return failed;
    }
  }
  return failed;
}

}  // namespace sandbox
}  // namespace assay
