#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backends/neon/levels.h"
#include "core/plugins.h"

namespace assay {
BackendPlugin make_backend_neon();

namespace {

using ::testing::HasSubstr;
using Options = std::map<std::string, std::string>;

Result<std::unique_ptr<Device>> create(Options options, int threads = 1) {
  return make_backend_neon().create({Numerics::exact, threads, std::move(options)});
}

void expect_error(const Result<std::unique_ptr<Device>>& result, ErrorKind kind,
                  const std::string& part) {
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind(), kind);
  EXPECT_THAT(result.error().line(), HasSubstr(part));
}

TEST(NeonPlugin, KnowsThreeLevelsWhereverItIsBuilt) {
  EXPECT_EQ(host::neon_levels().option_values(), "auto|neon|neon+dotprod|neon+i8mm");
  expect_error(create({{"isa", "sve"}}), ErrorKind::usage,
               "use isa=auto|neon|neon+dotprod|neon+i8mm");
  expect_error(create({{"gemm", "openblas"}}), ErrorKind::usage,
               "option 'gemm' is unknown; neon knows isa, pin");
  expect_error(create({}, 5000), ErrorKind::usage, "use 1 to 1024");
}

TEST(NeonPlugin, RunsTheBestLevelByDefaultTheForcedOneOtherwiseAndRefusesOneThatIsMissing) {
  const host::KernelTable* best = host::neon_levels().best();
  const Availability here = make_backend_neon().availability();
  EXPECT_EQ(here.available, best != nullptr);
  if (best == nullptr) {
    EXPECT_THAT(here.why, HasSubstr("for another kind of CPU than arm64"));
    expect_error(create({}), ErrorKind::environment, "cannot run isa=auto");
  } else {
    EXPECT_THAT(here.why, HasSubstr("under qemu only"));
    EXPECT_EQ(create({}).value()->info().isa, best->isa);
    EXPECT_EQ(create({}).value()->info().semantics, "exact/1");
  }
  for (const host::Level& level : host::neon_levels().all()) {
    const std::string isa(level.name);
    const auto forced = create({{"isa", isa}});
    if (level.kernels == nullptr) {
      expect_error(forced, ErrorKind::environment, "this machine cannot run isa=" + isa);
    } else {
      ASSERT_TRUE(forced);
      EXPECT_EQ((*forced)->info().isa, isa);
      EXPECT_EQ((*forced)->info().backend, "neon");
    }
  }
}

#if defined(__aarch64__)
TEST(NeonPlugin, EveryArm64CpuRunsTheBaseline) {
  EXPECT_NE(host::neon_levels().find("neon")->kernels, nullptr);
}
#else
TEST(NeonPlugin, RunsNothingOnAnotherKindOfCpu) {
  EXPECT_EQ(host::neon_levels().best(), nullptr);
}
#endif

}  // namespace
}  // namespace assay
