// Hostile programs: each contained, classified, and without effect on the next one.
#include "evals/common/sandbox/sandbox.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "tests/evals/hostile_programs.h"
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
    "        got = candidate(n)\n"
    "        assert got == 2 * n, got\n";

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
  EXPECT_THAT(status("def f(n):\n    return n\n"), HasSubstr("failed: AssertionError: "));
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

/// Runs each, then an honest program, which must not notice.
void expect_contained(const std::vector<testing::HostileProgram>& programs) {
  const PythonJob honest = {"def f(n):\n    return 2 * n\n", "f", "", doubling_test};
  for (const testing::HostileProgram& program : programs) {
    SCOPED_TRACE(program.name);
    const SandboxResult result =
        PythonSandbox::shared().run({program.source, "f", "", doubling_test}, cpu_limits());
    EXPECT_THAT(program.expected, ::testing::Contains(result.status))
        << run_status_name(result.status) << ": " << result.why;
    // On a busy machine the wall clock may come before the processor time.
    const bool by_time = program.why == std::string_view("CPU limit");
    EXPECT_THAT(result.why,
                ::testing::AnyOf(HasSubstr(program.why),
                                 HasSubstr(by_time ? "wall-clock limit" : program.why)));
    EXPECT_LE(result.why.size(), 1000U);
    const SandboxResult next = PythonSandbox::shared().run(honest, SandboxLimits{});
    EXPECT_EQ(next.status, RunStatus::passed) << next.why;
  }
}

TEST_F(Sandbox, ExhaustingProgramsAreContained) {
  expect_contained(testing::exhausting_programs);
}

TEST_F(Sandbox, EscapingProgramsAreContained) {
  setenv("HF_TOKEN", "assay-test-token", 1);
  expect_contained(testing::attacks_on_processes);
  expect_contained(testing::attacks_on_the_kernel);
  expect_contained(testing::attacks_on_the_host);
}

TEST_F(Sandbox, CheatingProgramsAreContained) {
  expect_contained(testing::cheating_programs);
}

TEST_F(Sandbox, WhatWaitsEndsAtTheWallClockLimit) {
  for (const char* program :
       {"import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "def f(n):\n    time.sleep(1000)\n",
        "import os, signal\ndef f(n):\n    os.kill(os.getpid(), signal.SIGSTOP)\n",
        "import time\ntime.sleep(1000)\n"}) {
    EXPECT_EQ(status(program, doubling_test, wall_limits()), "timeout: wall-clock limit");
    EXPECT_EQ(status("def f(n):\n    return 2 * n\n"), "passed: ");
  }
}

/// Processes that descend from `root`, by what /proc says.
std::set<pid_t> descendants(pid_t root) {
  std::map<pid_t, pid_t> parents;
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", none)) {
    std::ifstream file(entry.path() / "stat");
    std::string text;
    if (!std::getline(file, text)) continue;
    pid_t parent = 0;
    char state = 0;
    std::istringstream(text.substr(text.rfind(')') + 1)) >> state >> parent;
    if (state != 'Z') parents[std::atoi(entry.path().filename().c_str())] = parent;
  }
  std::set<pid_t> found;
  for (const auto& [pid, direct] : parents) {
    for (pid_t parent = direct; parent > 1 && parents.contains(parent); parent = parents[parent]) {
      if (parent == root) found.insert(pid);
    }
    if (direct == root) found.insert(pid);
  }
  return found;
}

bool all_end(const std::set<pid_t>& pids) {
  for (int tenths = 0; tenths < 200; ++tenths) {
    if (std::none_of(pids.begin(), pids.end(), [](pid_t pid) { return kill(pid, 0) == 0; })) {
      return true;
    }
    usleep(100'000);
  }
  return false;
}

TEST_F(Sandbox, LeavesNoProcessBehind) {
  const std::set<pid_t> before = descendants(getpid());
  {
    const PythonSandbox own(find_bubblewrap(), find_python());
    own.run({"import time\ntime.sleep(1000)\n", "f", "", doubling_test}, wall_limits());
    own.run({"def f(n):\n    return 2 * n\n", "f", "", doubling_test}, wall_limits());
  }
  // What earlier tests left may still be ending; nothing new may stay.
  std::vector<pid_t> left = {0};
  for (int tenths = 0; tenths < 600 && !left.empty(); ++tenths) {
    if (tenths > 0) usleep(100'000);
    const std::set<pid_t> now = descendants(getpid());
    left.clear();
    std::ranges::set_difference(now, before, std::back_inserter(left));
  }
  EXPECT_TRUE(left.empty()) << left.size() << " processes stayed";
}

TEST_F(Sandbox, EverythingDiesWithUsEvenBySigkill) {
  const pid_t child = fork();
  if (child == 0) {
    const PythonSandbox own(find_bubblewrap(), find_python());
    SandboxLimits limits;
    limits.wall_seconds = 1000;
    own.run({"import time\ntime.sleep(1000)\n", "f", "", doubling_test}, limits);
    _exit(0);
  }
  // The supervisor, bubblewrap twice, the worker, the keeper, the tests, the program.
  std::set<pid_t> pids;
  for (int tenths = 0; tenths < 200 && pids.size() < 7; ++tenths) {
    usleep(100'000);
    pids = descendants(child);
  }
  EXPECT_GE(pids.size(), 7U);
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  EXPECT_TRUE(all_end(pids));
}

TEST_F(Sandbox, AWorkerThatWasKilledIsReplaced) {
  const PythonSandbox own(find_bubblewrap(), find_python());
  const std::set<pid_t> before = descendants(getpid());
  const PythonJob honest = {"def f(n):\n    return 2 * n\n", "f", "", doubling_test};
  EXPECT_EQ(own.run(honest, SandboxLimits{}).status, RunStatus::passed);
  for (const pid_t pid : before) kill(pid, SIGKILL);
  EXPECT_TRUE(all_end({}));
  const SandboxResult again = own.run(honest, SandboxLimits{});
  EXPECT_EQ(again.status, RunStatus::passed) << again.why;
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
            run(honest ? "def f(n):\n    return 2 * n\n" : "import os\nos.kill(os.getpid(), 9)\n",
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
