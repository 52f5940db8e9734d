// The choice of a level, on levels of our own making: what no one machine shows.
#include "backends/common/host_backend.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace assay::host {
namespace {

using ::testing::HasSubstr;

constexpr KernelTable kSlow = {.isa = "slow"};
constexpr KernelTable kFast = {.isa = "fast"};

Result<std::unique_ptr<Device>> create(const Levels& levels,
                                       std::map<std::string, std::string> options) {
  return create_device("board", levels, {Numerics::exact, 1, std::move(options)}, nullptr);
}

void expect_error(const Result<std::unique_ptr<Device>>& result, ErrorKind kind,
                  const std::string& what, const std::string& hint) {
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind(), kind);
  EXPECT_THAT(result.error().line(), HasSubstr(what));
  EXPECT_THAT(result.error().line(), HasSubstr(hint));
}

TEST(HostBackend, RunsTheBestLevelUnlessOneIsForced) {
  const Levels levels({{"slow", &kSlow}, {"fast", &kFast}, {"faster", nullptr}});
  EXPECT_EQ(levels.option_values(), "auto|slow|fast|faster");
  EXPECT_EQ(levels.best(), &kFast);
  EXPECT_EQ(create(levels, {}).value()->info().isa, "fast");
  EXPECT_EQ(create(levels, {{"isa", "auto"}}).value()->info().isa, "fast");
  const auto forced = create(levels, {{"isa", "slow"}});
  EXPECT_EQ(forced.value()->info().isa, "slow");
  EXPECT_EQ(forced.value()->info().backend, "board");
}

TEST(HostBackend, RefusesALevelThatTheMachineLacksAndSaysWhatRuns) {
  const Levels levels({{"slow", &kSlow}, {"fast", nullptr}});
  expect_error(create(levels, {{"isa", "fast"}}), ErrorKind::environment,
               "board: this machine cannot run isa=fast", "the best it runs is isa=slow");
  expect_error(create(levels, {{"isa", "sse9"}}), ErrorKind::usage,
               "board: option isa=sse9 is unknown", "use isa=auto|slow|fast");
}

TEST(HostBackend, RefusesEverythingWhereNoLevelRuns) {
  const Levels levels({{"slow", nullptr}});
  EXPECT_EQ(levels.best(), nullptr);
  for (const char* isa : {"auto", "slow"}) {
    expect_error(create(levels, {{"isa", isa}}), ErrorKind::environment,
                 "cannot run isa=", "use another");
  }
}

}  // namespace
}  // namespace assay::host
