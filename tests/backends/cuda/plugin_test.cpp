// What the backend says of itself, with and without a GPU.
#include <gmock/gmock.h>

#include "backends/cuda/blas_lt.h"
#include "backends/cuda/nvml.h"
#include "backends/cuda/runtime.h"
#include "core/plugins.h"
#include "tests/support/backends.h"

namespace assay {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;

TEST(CudaPlugin, SaysWhyItIsNotAvailable) {
  const BackendPlugin* plugin = testing::find_backend_plugin("cuda");
  ASSERT_NE(plugin, nullptr);
  const Availability here = plugin->availability();
  EXPECT_THAT(here.why, AnyOf(HasSubstr("no NVIDIA driver"), HasSubstr("knows CUDA"),
                              HasSubstr("finds no GPU"), HasSubstr("is visible under"),
                              HasSubstr("does not start"), HasSubstr("sm_")));
  EXPECT_EQ(here.why.find('\n'), std::string::npos);
  const auto device = plugin->create({});
  if (here.available) {
    ASSERT_TRUE(device) << device.error().line();
    EXPECT_EQ((*device)->info().backend, "cuda");
    EXPECT_GT((*device)->free_bytes(), 0);
  } else {
    ASSERT_FALSE(device);
    EXPECT_EQ(device.error().kind(), ErrorKind::environment);
  }
}

TEST(CudaPlugin, RefusesWhatItDoesNotKnow) {
  const BackendPlugin* plugin = testing::find_backend_plugin("cuda");
  ASSERT_NE(plugin, nullptr);
  for (const std::map<std::string, std::string>& options :
       {std::map<std::string, std::string>{{"gpu", "0"}},
        {{"device", "x"}},
        {{"device", "-1"}},
        {{"device", "1x"}},
        {{"device", "99999999999"}},
        {{"fused", "all"}},
        {{"gemm", "all"}},
        {{"gemm", "cublaslt"}}}) {  // under exact
    BackendRequest request;
    request.numerics = Numerics::exact;
    request.options = options;
    const auto device = plugin->create(request);
    ASSERT_FALSE(device) << options.begin()->second;
    EXPECT_EQ(device.error().kind(), ErrorKind::usage) << options.begin()->second;
  }
  BackendRequest request;
  request.options["device"] = "1000";
  const auto device = plugin->create(request);
  ASSERT_FALSE(device);
  EXPECT_EQ(device.error().kind(), ErrorKind::environment);
}

TEST(CudaBlasLt, OpensOrSaysWhatIsMissing) {
  const auto library = cuda::BlasLt::open();
  if (library) {
    EXPECT_THAT((*library)->description(), ::testing::MatchesRegex("cublaslt [0-9]+\\.[0-9.]+"));
  } else {
    EXPECT_EQ(library.error().kind(), ErrorKind::environment);
    EXPECT_THAT(library.error().line(), HasSubstr("gemm=own"));
  }
}

TEST(CudaArchitectures, MachineCodeRunsOnItsMajorVersionPtxOnAllThatCome) {
  using cuda::architectures_cover;
  constexpr const char* kDefault = "80-real;86-real;89-real;90-real;100-virtual;120-virtual";
  for (const auto& [major, minor] :
       {std::pair{8, 0}, {8, 6}, {8, 7}, {8, 9}, {9, 0}, {10, 0}, {10, 3}, {12, 0}, {13, 0}}) {
    EXPECT_TRUE(architectures_cover(kDefault, major, minor)) << major << "." << minor;
  }
  EXPECT_FALSE(architectures_cover(kDefault, 7, 5));
  EXPECT_TRUE(architectures_cover("90-real", 9, 0));
  EXPECT_FALSE(architectures_cover("90-real", 10, 0));
  EXPECT_FALSE(architectures_cover("86-real", 8, 0));
  EXPECT_TRUE(architectures_cover("86-real", 8, 9));
  EXPECT_FALSE(architectures_cover("90-real", 8, 9));
  EXPECT_TRUE(architectures_cover("80", 12, 0));
  EXPECT_FALSE(architectures_cover("", 9, 0));
}

TEST(CudaSensors, SayWhatHoldsTheClocksDown) {
  EXPECT_EQ(cuda::throttle_text(0), "none");
  EXPECT_EQ(cuda::throttle_text(1), "none");  // idle
  EXPECT_EQ(cuda::throttle_text(0x04), "power cap");
  EXPECT_EQ(cuda::throttle_text(0x44), "power cap, thermal (hardware)");
}

TEST(CudaSensors, WithoutADriverNothingIsRead) {
  DeviceSensors sensors;
  cuda::Nvml("ffffffff:ff:ff.0").read(&sensors);
  EXPECT_FALSE(sensors.energy_joules);
  EXPECT_EQ(sensors.throttle, "");
}

TEST(CudaErrors, AreOneLineWithAWayOut) {
  for (const cudaError_t status :
       {cudaErrorMemoryAllocation, cudaErrorNoKernelImageForDevice, cudaErrorECCUncorrectable,
        cudaErrorIllegalAddress, cudaErrorDevicesUnavailable}) {
    const Error error = cuda::cuda_error(status, "a step");
    EXPECT_EQ(error.kind(), ErrorKind::environment);
    EXPECT_EQ(error.line().find('\n'), std::string::npos);
    EXPECT_FALSE(error.hint().empty());
  }
  EXPECT_THAT(cuda::cuda_error(cudaErrorIllegalAddress, "a step").line(), HasSubstr("--resume"));
}

}  // namespace
}  // namespace assay
