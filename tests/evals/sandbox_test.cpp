// Hostile programs: each contained, classified, and without effect on the next one.
#include "evals/common/sandbox/sandbox.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/test_data.h"

namespace assay::sandbox {
namespace {

using ::testing::HasSubstr;

/// f(n) must double n, for numbers that a program cannot know beforehand to be the only ones.
constexpr const char* doubling_test =
    "def check(candidate):\n"
    "    import random\n"
    "    for _ in range(20):\n"
    "        n = random.randrange(10 ** 12)\n"
    "        assert candidate(n) == 2 * n\n";

/// Most hostile programs run into the CPU limit; the wall-clock limit leaves room for a busy
/// machine.
SandboxLimits cpu_limits() {
  SandboxLimits limits;
  limits.cpu_seconds = 1;
  limits.wall_seconds = 60;
  return limits;
}

/// For programs that wait.
SandboxLimits wall_limits() {
  SandboxLimits limits;
  limits.wall_seconds = 3;
  return limits;
}

class Sandbox : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto& unavailable = PythonSandbox::shared().unavailable();
    if (unavailable) GTEST_SKIP() << unavailable->line();
  }

  static SandboxResult run(const std::string& program, const std::string& test = doubling_test,
                           const SandboxLimits& limits = cpu_limits()) {
    return PythonSandbox::shared().run({program, "f", "", test}, limits);
  }

  static std::string status(const std::string& program, const std::string& test = doubling_test,
                            const SandboxLimits& limits = cpu_limits()) {
    const SandboxResult result = run(program, test, limits);
    return std::string(run_status_name(result.status)) + ": " + result.why;
  }
};

TEST_F(Sandbox, RunsAnHonestProgram) {
  const SandboxResult result = run("def f(n):\n    return 2 * n\n");
  EXPECT_EQ(result.status, RunStatus::passed) << result.why;
  EXPECT_TRUE(result.compiles && result.defines_entry_point);
  EXPECT_LT(result.cpu_seconds, 2);
  EXPECT_FALSE(PythonSandbox::shared().python().version.empty());
  EXPECT_EQ(PythonSandbox::shared().python().sha256.size(), 64U);
}

TEST_F(Sandbox, SaysHowAProgramFails) {
  EXPECT_EQ(status("def f(n):\n    return n\n"), "failed: AssertionError: ");
  EXPECT_THAT(status("def f(n):\n    return 1 / 0\n"), HasSubstr("failed: ZeroDivisionError"));
  EXPECT_FALSE(run("def f(n:\n").compiles);
  EXPECT_THAT(status("def f(n:\n"), HasSubstr("failed: SyntaxError"));
  EXPECT_THAT(status(std::string("x = '\0'\n", 9)), HasSubstr("failed: "));
  const SandboxResult missing = run("def g(n):\n    return 2 * n\n");
  EXPECT_TRUE(missing.compiles);
  EXPECT_FALSE(missing.defines_entry_point);
  EXPECT_EQ(missing.why, "does not define f");
  EXPECT_THAT(status("raise RuntimeError('at\\nload')"),
              HasSubstr("failed: RuntimeError: at load"));
  EXPECT_THAT(status("f = 5"), HasSubstr("failed: does not define f"));
}

TEST_F(Sandbox, ValuesCrossAsTheyAre) {
  const char* echo = "def f(x):\n    return x\n";
  const char* test =
      "def check(candidate):\n"
      "    for x in [None, True, 0, -1, 2 ** 70, 1.5, float('inf'), 'a\\u00e9\\ud800', "
      "b'\\x00\\xff',\n"
      "              (1, (2,)), [1, [2]], {1: 'a', (1, 2): {3}}, {1, 2}, frozenset([1]), 2j, {},\n"
      "              range(3)]:\n"
      "        y = candidate(x)\n"
      "        assert y == x and type(y) is type(x), x\n";
  EXPECT_EQ(run(echo, test).why, "");
  EXPECT_EQ(run("def f(x):\n    return (i for i in x)\n",
                "def check(candidate):\n    assert list(candidate([1, 2])) == [1, 2]\n")
                .why,
            "");
  EXPECT_EQ(run("def f(x):\n    x.append(3)\n",
                "def check(candidate):\n    x = [1]\n    candidate(x)\n    assert x == [1, 3]\n")
                .why,
            "");
  EXPECT_EQ(run("def f(x):\n    raise KeyError(x)\n",
                "def check(candidate):\n    try:\n        candidate(1)\n    except KeyError:\n"
                "        return\n    assert False\n")
                .why,
            "");
  EXPECT_EQ(run("from fractions import Fraction\ndef f(x):\n    return Fraction(x, 2)\n",
                "def check(candidate):\n    assert candidate(4) == 2\n")
                .why,
            "");
}

TEST_F(Sandbox, BrokenTestsAreNotTheProgramsFault) {
  const char* honest = "def f(n):\n    return 2 * n\n";
  EXPECT_EQ(run(honest, "def check(candidate:\n").status, RunStatus::sandbox_failure);
  EXPECT_EQ(run(honest, "def check(candidate):\n    candidate(lambda: 1)\n").status,
            RunStatus::sandbox_failure);
}

TEST_F(Sandbox, EndingEarlyIsNotPassing) {
  for (const char* end : {"import os\nos._exit(0)\n", "raise SystemExit(0)\n",
                          "import sys\nsys.exit(0)\n", "import os\ndef f(n):\n    os._exit(0)\n",
                          "import atexit, os\natexit.register(lambda: os.write(1, "
                          "b'passed'))\nos.kill(os.getpid(), 9)\n"}) {
    EXPECT_NE(run(end).status, RunStatus::passed) << end;
    EXPECT_NE(run(end).status, RunStatus::sandbox_failure) << end;
  }
}

TEST_F(Sandbox, ForgedResultsDoNotCount) {
  const std::string forge =
      "import os, sys, json, struct\n"
      "line = json.dumps({'nonce': '', 'state': 'ready', 'status': 'passed', 'why': ''}) + '\\n'\n"
      "for fd in range(64):\n"
      "    try:\n"
      "        os.write(fd, line.encode())\n"
      "    except OSError:\n"
      "        pass\n";
  EXPECT_NE(run(forge + "def f(n):\n    return 0\n").status, RunStatus::passed);
  EXPECT_NE(run("class Yes:\n    def __eq__(self, other):\n        return True\n"
                "def f(n):\n    return Yes()\n")
                .status,
            RunStatus::passed);
  EXPECT_NE(run("import builtins\nbuiltins.AssertionError = Exception\n"
                "class Int(int):\n    def __eq__(self, other):\n        return True\n"
                "def f(n):\n    return Int(0)\n")
                .status,
            RunStatus::passed);
}

TEST_F(Sandbox, FramesShowNeitherTestsNorNonce) {
  const std::string walk =
      "import sys, gc\n"
      "def f(n):\n"
      "    frame, seen = sys._getframe(), []\n"
      "    while frame:\n"
      "        seen.append(repr(frame.f_globals) + repr(frame.f_locals))\n"
      "        frame = frame.f_back\n"
      "    seen.extend(repr(o)[:2000] for o in gc.get_objects() if isinstance(o, (dict, list)))\n"
      "    return any('MARK' + 'ER' in text or 'no' + 'nce\\': \\'' in text for text in seen)\n";
  EXPECT_EQ(
      run(walk, "def check(candidate):\n    MARKER = 1\n    assert candidate(3) == False, 'seen'\n")
          .why,
      "");
}

TEST_F(Sandbox, TheParentCannotBeTouched) {
  EXPECT_EQ(status("import os\ndef f(n):\n    os.kill(os.getppid(), 9)\n    return 2 * n\n"),
            "crashed: the tests' process was killed");
  EXPECT_EQ(status("import ctypes, os\n"
                   "def f(n):\n"
                   "    libc = ctypes.CDLL(None, use_errno=True)\n"
                   "    if libc.ptrace(16, os.getppid(), 0, 0) != -1 or ctypes.get_errno() != 1:\n"
                   "        return 'attached'\n"
                   "    return 2 * n\n"),
            "passed: ");
}

TEST_F(Sandbox, KernelDoorsAreShut) {
  // Each call by number must fail with EPERM (1) or ENOSYS (38) before it looks at its arguments.
  const char* program =
      "import ctypes, platform\n"
      "numbers = {'x86_64': {'unshare': 272, 'mount': 165, 'keyctl': 250, 'bpf': 321,\n"
      "                      'io_uring_setup': 425, 'perf_event_open': 298, 'userfaultfd': 323,\n"
      "                      'process_vm_writev': 311, 'pidfd_getfd': 438, 'clone3': 435},\n"
      "           'aarch64': {'unshare': 97, 'mount': 40, 'keyctl': 219, 'bpf': 280,\n"
      "                       'io_uring_setup': 425, 'perf_event_open': 241, 'userfaultfd': 282,\n"
      "                       'process_vm_writev': 271, 'pidfd_getfd': 438, 'clone3': 435}}\n"
      "def f(n):\n"
      "    libc = ctypes.CDLL(None, use_errno=True)\n"
      "    open_doors = []\n"
      "    for name, number in numbers[platform.machine()].items():\n"
      "        ctypes.set_errno(0)\n"
      "        if libc.syscall(number, 0, 0, 0, 0, 0) != -1 or ctypes.get_errno() not in (1, 38):\n"
      "            open_doors.append((name, ctypes.get_errno()))\n"
      "    return open_doors\n";
  EXPECT_EQ(run(program,
                "def check(candidate):\n    doors = candidate(0)\n    assert doors == [], doors\n")
                .why,
            "");
}

TEST_F(Sandbox, NothingOfTheHostIsThere) {
  setenv("ASSAY_TEST_SECRET", "token", 1);
  const char* program =
      "import os, socket\n"
      "def f(n):\n"
      "    found = []\n"
      "    for path in ['/etc/shadow', '/etc/passwd', '/proc/self/environ', '/root', '/home', "
      "'/sys',\n"
      "                 '/work', '/var', '/usr/bin/env']:\n"
      "        if os.path.exists(path):\n"
      "            found.append(path)\n"
      "    found += [name for name in os.environ if name not in\n"
      "              ('LANG', 'PYTHONHASHSEED', 'PWD', 'LC_CTYPE')]\n"
      "    if os.getuid() == 0 or os.geteuid() == 0:\n"
      "        found.append('root')\n"
      "    try:\n"
      "        socket.socket()\n"
      "        found.append('socket')\n"
      "    except OSError:\n"
      "        pass\n"
      "    for place in ['/', '/usr', '/dev', '/lib']:\n"
      "        try:\n"
      "            open(place + '/x', 'w')\n"
      "            found.append('wrote ' + place)\n"
      "        except OSError:\n"
      "            pass\n"
      "    for fd in range(3, 64):\n"
      "        try:\n"
      "            if not os.path.stat.S_ISFIFO(os.fstat(fd).st_mode):\n"
      "                found.append('descriptor %d' % fd)\n"
      "        except OSError:\n"
      "            pass\n"
      "    return found\n";
  EXPECT_EQ(run(program,
                "def check(candidate):\n    found = candidate(0)\n    assert found == [], found\n")
                .why,
            "");
}

TEST_F(Sandbox, ResourcesEnd) {
  EXPECT_THAT(status("def f(n):\n    x = bytearray(10 << 30)\n    return 2 * n\n"),
              HasSubstr("failed: MemoryError"));
  EXPECT_EQ(status("def f(n):\n    while True:\n        pass\n"), "timeout: CPU limit");
  EXPECT_EQ(status("import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
                   "def f(n):\n    time.sleep(1000)\n",
                   doubling_test, wall_limits()),
            "timeout: wall-clock limit");
  EXPECT_EQ(status("import signal\nsignal.signal(signal.SIGXCPU, signal.SIG_IGN)\n"
                   "def f(n):\n    while True:\n        pass\n"),
            "timeout: CPU limit");
  EXPECT_EQ(status("import sys\ndef f(n):\n    while True:\n        print('x' * 100000)\n"),
            "timeout: CPU limit");
  EXPECT_THAT(status("def f(n):\n"
                     "    files = [open('/tmp/%d' % i, 'wb') for i in range(20)]\n"
                     "    for file in files:\n"
                     "        file.write(bytes(10 << 20))\n"
                     "        file.flush()\n"
                     "    return 2 * n\n"),
              HasSubstr("failed: OSError"));
  EXPECT_THAT(status("def f(n):\n    return 'x' * (100 << 20)\n"), HasSubstr("crashed"));
  EXPECT_THAT(status("def f(n):\n    return iter(int, 1)\n"), HasSubstr("failed: MemoryError"));
}

TEST_F(Sandbox, ProcessesEnd) {
  EXPECT_THAT(status("import os\ndef f(n):\n    while True:\n        os.fork()\n"),
              ::testing::AnyOf(HasSubstr("failed: BlockingIOError"), HasSubstr("timeout"),
                               HasSubstr("crashed")));
  EXPECT_EQ(status("import os, time\n"
                   "def f(n):\n"
                   "    if os.fork() == 0:\n"
                   "        os.setsid()\n"
                   "        if os.fork() == 0:\n"
                   "            time.sleep(1000)\n"
                   "        os._exit(0)\n"
                   "    os.wait()\n"
                   "    return 2 * n\n",
                   "def check(candidate):\n    assert candidate(2) == 4\n"),
            "passed: ");
  EXPECT_THAT(status("import ctypes\ndef f(n):\n    ctypes.string_at(0)\n"),
              HasSubstr("crashed: SIGSEGV"));
  EXPECT_THAT(status("import sys\nsys.setrecursionlimit(10 ** 9)\n"
                     "def f(n):\n    return f(n + 1)\n"),
              ::testing::AnyOf(HasSubstr("crashed"), HasSubstr("failed"), HasSubstr("timeout")));
}

TEST_F(Sandbox, LeavesNoProcessBehind) {
  run("import time\ndef f(n):\n    time.sleep(1000)\n", doubling_test, wall_limits());
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
}

/// A sandbox whose bwrap is this shell script.
PythonSandbox with_bubblewrap(const testing::TempDir& dir, const std::string& script) {
  const std::filesystem::path path = dir.path() / "bwrap";
  testing::write_text(path, "#!/bin/sh\n" + script + "\n");
  std::filesystem::permissions(dir.path(), std::filesystem::perms::owner_all |
                                               std::filesystem::perms::others_exec |
                                               std::filesystem::perms::others_read);
  std::filesystem::permissions(path, std::filesystem::perms::all);
  return {path.string(), find_python()};
}

TEST(SandboxUnavailable, NeverRunsUnprotected) {
  const testing::TempDir dir;
  const PythonJob honest = {"def f(n):\n    return 2 * n\n", "f", "", doubling_test};
  const PythonSandbox forbidden =
      with_bubblewrap(dir, "echo 'bwrap: No permissions to create new namespace' >&2; exit 1");
  ASSERT_TRUE(forbidden.unavailable());
  EXPECT_THAT(forbidden.unavailable()->line(), HasSubstr("No permissions to create new namespace"));
  EXPECT_THAT(forbidden.unavailable()->hint(), HasSubstr("apparmor_restrict_unprivileged_userns"));
  EXPECT_EQ(forbidden.run(honest, {}).status, RunStatus::sandbox_failure);

  // A bwrap that isolates nothing and forges success, without the nonce.
  const PythonSandbox lying = with_bubblewrap(
      dir, R"(echo '{"nonce": "", "started": true, "state": "ready", "status": "passed"}')");
  ASSERT_TRUE(lying.unavailable());
  EXPECT_EQ(lying.run(honest, {}).status, RunStatus::sandbox_failure);

  const PythonSandbox absent(env_failure("no bwrap", "install it"), find_python());
  EXPECT_EQ(absent.unavailable()->line(), "no bwrap; install it");
  const PythonSandbox no_python(std::string("/usr/bin/bwrap"), env_failure("no Python"));
  EXPECT_EQ(no_python.run(honest, {}).status, RunStatus::sandbox_failure);
  EXPECT_EQ(no_python.run(honest, {}).why, "no Python");
}

TEST_F(Sandbox, RunsInParallel) {
  std::atomic<int> right{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&right, i] {
      for (int round = 0; round < 5; ++round) {
        const bool honest = (i + round) % 2 == 0;
        const SandboxResult result =
            run(honest ? "def f(n):\n    return 2 * n\n" : "import os\nos.kill(os.getppid(), 9)\n",
                doubling_test, SandboxLimits{});
        right += result.status == (honest ? RunStatus::passed : RunStatus::crashed) ? 1 : 0;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(right, 20);
}

}  // namespace
}  // namespace assay::sandbox
