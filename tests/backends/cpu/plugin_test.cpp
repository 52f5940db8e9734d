#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backends/cpu/levels.h"
#include "core/plugins.h"

namespace assay {
BackendPlugin make_backend_cpu();

namespace {

using ::testing::HasSubstr;
using Options = std::map<std::string, std::string>;

Result<std::unique_ptr<Device>> create(Options options, Numerics numerics = Numerics::fast,
                                       int threads = 1) {
  return make_backend_cpu().create({numerics, threads, std::move(options)});
}

void expect_error(const Result<std::unique_ptr<Device>>& result, ErrorKind kind,
                  const std::string& part) {
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind(), kind);
  EXPECT_THAT(result.error().line(), HasSubstr(part));
  EXPECT_THAT(result.error().line(), ::testing::Not(HasSubstr("\n")));
}

TEST(CpuPlugin, RunsTheBestLevelByDefaultAndTheForcedOneOtherwise) {
  const auto best = create({});
  ASSERT_TRUE(best);
  EXPECT_EQ((*best)->info().isa, host::cpu_levels().best()->isa);
  for (const host::Level& level : host::cpu_levels().all()) {
    if (level.kernels == nullptr) continue;
    const auto forced = create({{"isa", std::string(level.name)}});
    ASSERT_TRUE(forced);
    EXPECT_EQ((*forced)->info().isa, level.name);
  }
  EXPECT_EQ(make_backend_cpu().create({Numerics::fast, 0, {}}).value()->info().backend, "cpu");
}

TEST(CpuPlugin, RefusesALevelThatTheMachineLacks) {
  for (const std::string isa : {"avx2", "avx512"}) {
    const auto device = create({{"isa", isa}});
    if (host::cpu_levels().find(isa)->kernels != nullptr) {
      EXPECT_TRUE(device);
    } else {
      expect_error(device, ErrorKind::environment, "cannot run isa=" + isa);
    }
  }
}

TEST(CpuPlugin, NamesUnknownOptionsAndValues) {
  expect_error(create({{"isas", "avx2"}}), ErrorKind::usage, "option 'isas' is unknown; cpu knows");
  expect_error(create({{"isa", "sse9"}}), ErrorKind::usage, "use isa=auto|scalar|avx2|avx512");
  expect_error(create({{"gemm", "mkl"}}), ErrorKind::usage, "use gemm=own|openblas|onednn");
  expect_error(create({{"pin", "yes"}}), ErrorKind::usage, "use pin=off|on");
  expect_error(create({}, Numerics::fast, -1), ErrorKind::usage, "-1 threads");
  expect_error(create({}, Numerics::fast, 5000), ErrorKind::usage, "use 1 to 1024");
}

TEST(CpuPlugin, GivesExactForEveryTypeAndRefusesItToLibraries) {
  const BackendPlugin plugin = make_backend_cpu();
  for (const TensorType type : all_tensor_types()) {
    EXPECT_TRUE(plugin.supports(Numerics::fast, type)) << tensor_type_name(type);
    EXPECT_TRUE(plugin.supports(Numerics::exact, type)) << tensor_type_name(type);
  }
  expect_error(create({{"gemm", "openblas"}}, Numerics::exact), ErrorKind::usage,
               "gemm=openblas cannot give --numerics exact");
  const auto device = create({}, Numerics::exact);
  ASSERT_TRUE(device);
  EXPECT_EQ((*device)->info().semantics, "exact/1");
}

TEST(CpuPlugin, LibrariesSayWhoTheyAre) {
  for (const std::string name : {"openblas", "onednn"}) {
    const auto device = create({{"gemm", name}});
    if (!device) {
      EXPECT_EQ(device.error().kind(), ErrorKind::environment);
      EXPECT_THAT(device.error().line(), HasSubstr("gemm=own"));
      GTEST_SKIP() << device.error().line();
    }
    const DeviceInfo info = (*device)->info();
    EXPECT_THAT(info.gemm_library, ::testing::MatchesRegex(name + " [0-9]+\\.[0-9]+\\.[0-9]+.*"));
    EXPECT_TRUE(info.batch_invariant);
    EXPECT_EQ(info.semantics, "f32");
    constexpr StepSizes kMost{
        .rows = 512, .head_rows = 64, .input_width = 8960, .heads_width = 1536, .vocab = 32000};
    EXPECT_GT((*device)->scratch_bytes(kMost), create({}).value()->scratch_bytes(kMost));
  }
  EXPECT_THAT(make_backend_cpu().availability().why, HasSubstr("gemm own"));
}

}  // namespace
}  // namespace assay
