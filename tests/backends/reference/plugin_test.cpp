// The plug-in: its options and refusals, what it says of itself, memory.
#include "tests/backends/reference/support.h"

namespace assay::reference::testing {
namespace {

TEST(ReferencePlugin, IsAvailableAndSaysWhatRuns) {
  const BackendPlugin plugin = make_backend_reference();
  EXPECT_EQ(plugin.name, "reference");
  EXPECT_TRUE(plugin.availability().available);
  EXPECT_THAT(plugin.availability().why, ::testing::HasSubstr("1 thread"));
  const DeviceInfo info = device(Numerics::exact)->info();
  EXPECT_EQ(info.backend, "reference");
  EXPECT_EQ(info.isa, "scalar");
  EXPECT_EQ(info.threads, 1);
  EXPECT_EQ(info.semantics, "exact/1");
  EXPECT_TRUE(info.batch_invariant);
  EXPECT_EQ(device(Numerics::fast)->info().semantics, "f32");
}

TEST(ReferencePlugin, GivesBothPoliciesForEveryType) {
  const BackendPlugin plugin = make_backend_reference();
  for (const TensorType type : all_tensor_types()) {
    EXPECT_TRUE(plugin.supports(Numerics::fast, type)) << tensor_type_name(type);
    EXPECT_TRUE(plugin.supports(Numerics::exact, type)) << tensor_type_name(type);
  }
}

TEST(ReferencePlugin, RefusesUnknownOptions) {
  const BackendPlugin plugin = make_backend_reference();
  BackendRequest request;
  request.options["speed"] = "11";
  const auto option = plugin.create(request);
  ASSERT_FALSE(option.has_value());
  EXPECT_EQ(option.error().kind(), ErrorKind::usage);
  EXPECT_EQ(option.error().line(), "backend reference has no option 'speed'; known: level");
  request.options = {{"level", "avx9"}};
  const auto level = plugin.create(request);
  ASSERT_FALSE(level.has_value());
  EXPECT_EQ(level.error().kind(), ErrorKind::usage);
  EXPECT_THAT(level.error().line(), ::testing::HasSubstr("no level 'avx9'; known: auto, baseline"));
}

TEST(ReferencePlugin, AllocatesAlignedMemoryAndRefusesMoreThanThereIs) {
  const auto reference = device();
  const auto buffer = reference->allocate(1000);
  EXPECT_EQ(buffer->floats(), 1000);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(buffer->data()) % 64, 0U);
  EXPECT_GT(reference->free_bytes(), 0);
  EXPECT_GT(
      reference->scratch_bytes(
          {.rows = 64, .head_rows = 64, .input_width = 4096, .heads_width = 4096, .vocab = 32000}),
      4096 * 4);
  EXPECT_FALSE(reference->device_peak_bytes().has_value());
  try {
    reference->allocate(std::int64_t{1} << 50);
    FAIL() << "4 PB were granted";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::environment);
    EXPECT_THAT(error.line(), ::testing::HasSubstr("activations needs"));
  }
}

}  // namespace
}  // namespace assay::reference::testing
