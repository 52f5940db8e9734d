#include "harness/measured_process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/clock.h"

namespace assay {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

MeasuredProcess shell(const std::string& script) {
  MeasuredProcess out;
  out.program = "/bin/sh";
  out.arguments = {"-c", script};
  return out;
}

std::string error_of(const MeasuredProcess& process) {
  const auto run = measure_process(process, "candidate");
  if (run) return "no error";
  EXPECT_EQ(run.error().kind(), ErrorKind::environment);
  EXPECT_EQ(run.error().line().find('\n'), std::string::npos);
  return run.error().line();
}

TEST(MeasuredProcess, KeepsOutputTimeAndPeak) {
  const auto run = value_or_throw(measure_process(shell("echo out; echo err >&2"), "candidate"));
  EXPECT_EQ(run.output, "out\n");
  EXPECT_GT(run.wall_seconds, 0);
  EXPECT_GT(run.peak_bytes, 0);
}

TEST(MeasuredProcess, SaysWhatWentWrong) {
  EXPECT_THAT(error_of(shell("echo first >&2; printf 'no \\033[31msuch file\\n' >&2; exit 7")),
              ::testing::AllOf(HasSubstr("the candidate '/bin/sh' ended with exit code 7: no "),
                               HasSubstr("such file"), ::testing::Not(HasSubstr("\033"))));
  EXPECT_THAT(error_of(shell("kill -SEGV $$")), HasSubstr("was ended by signal 11"));
  MeasuredProcess absent;
  absent.program = "/nowhere/program";
  EXPECT_THAT(error_of(absent), HasSubstr("cannot be started: No such file"));
  absent.program = "/tmp";
  EXPECT_THAT(error_of(absent), HasSubstr("cannot be started"));
}

TEST(MeasuredProcess, NothingOutlivesTheLimit) {
  MeasuredProcess slow = shell("sleep 600 & sleep 600");
  slow.timeout_s = 0.3;
  EXPECT_THAT(error_of(slow), HasSubstr("did not end within 0.3 s"));
  MeasuredProcess loud = shell("yes");
  loud.max_output_bytes = 1 << 20;
  EXPECT_THAT(error_of(loud), HasSubstr("printed more than 1.05 MB"));
}

TEST(MeasuredProcess, AChildThatHoldsThePipeIsNotWaitedFor) {
  const double start = now_seconds();
  const auto run = value_or_throw(measure_process(shell("sleep 600 & echo done"), "candidate"));
  EXPECT_EQ(run.output, "done\n");
  EXPECT_LT(now_seconds() - start, 300);
}

TEST(MeasuredProcess, CanBeCancelled) {
  MeasuredProcess process = shell("sleep 600");
  process.cancelled = [] { return true; };
  const auto run = measure_process(process, "baseline");
  ASSERT_FALSE(run.has_value());
  EXPECT_EQ(run.error().kind(), ErrorKind::interrupted);
}

TEST(MeasuredProcess, RunsWhereItIsTold) {
  const std::vector<int> cores = one_cpu_of_each_core();
  ASSERT_FALSE(cores.empty());
  MeasuredProcess process = shell("grep Cpus_allowed_list /proc/self/status");
  process.cpus = {cores.front()};
  const auto run = value_or_throw(measure_process(process, "baseline"));
  EXPECT_THAT(run.output, HasSubstr(":\t" + std::to_string(cores.front()) + "\n"));
  EXPECT_EQ(one_cpu_of_each_core(), cores) << "this process stays where it was";
}

TEST(CpuList, ReadsListsAndRefusesTheRest) {
  const int first = one_cpu_of_each_core().front();
  const std::string name = std::to_string(first);
  EXPECT_THAT(value_or_throw(parse_cpu_list(name)), ElementsAre(first));
  EXPECT_THAT(value_or_throw(parse_cpu_list(name + "-" + name + "," + name)), ElementsAre(first));
  for (const char* wrong : {"", "x", "0,", "1-0", "-1", "0-99999", "1023"}) {
    const auto list = parse_cpu_list(wrong);
    ASSERT_FALSE(list.has_value()) << wrong;
    EXPECT_EQ(list.error().kind(), ErrorKind::usage) << wrong;
  }
}

}  // namespace
}  // namespace assay
