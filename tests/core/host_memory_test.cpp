// Available memory under cgroup limits of both versions, on made-up trees.
#include "core/host_memory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "core/error.h"
#include "tests/support/test_data.h"

namespace assay {
namespace {

constexpr std::int64_t kMiB = 1 << 20;

class AvailableHostMemory : public ::testing::Test {
 protected:
  void put(const std::string& path, const std::string& text) {
    const auto file = dir_.path() / path;
    std::filesystem::create_directories(file.parent_path());
    testing::write_text(file, text);
  }
  std::int64_t available() const { return available_host_memory(dir_.path()); }

  void SetUp() override {
    put("proc/meminfo", "MemTotal:       2048000 kB\nMemAvailable:   1024000 kB\nBuffers: 1 kB\n");
  }

  testing::TempDir dir_;
};

TEST_F(AvailableHostMemory, IsWhatTheKernelSaysWithoutLimits) {
  EXPECT_EQ(available(), 1024000LL * 1024);
  put("proc/self/cgroup", "0::/user.slice\n");
  put("sys/fs/cgroup/user.slice/memory.max", "max\n");
  put("sys/fs/cgroup/user.slice/memory.current", "12345\n");
  EXPECT_EQ(available(), 1024000LL * 1024);
}

TEST_F(AvailableHostMemory, HonoursTheLowestLimitOfVersion2) {
  put("proc/self/cgroup", "0::/a/b\n");
  put("sys/fs/cgroup/a/memory.max", std::to_string(300 * kMiB));
  put("sys/fs/cgroup/a/memory.current", std::to_string(100 * kMiB));
  put("sys/fs/cgroup/a/b/memory.max", std::to_string(500 * kMiB));
  put("sys/fs/cgroup/a/b/memory.current", std::to_string(100 * kMiB));
  EXPECT_EQ(available(), 200 * kMiB);
  put("sys/fs/cgroup/a/memory.stat", "anon 5\ninactive_file " + std::to_string(60 * kMiB) + "\n");
  EXPECT_EQ(available(), 260 * kMiB) << "page cache counts as free";
}

TEST_F(AvailableHostMemory, ReadsTheMountsRootWhereThePathIsHidden) {
  put("proc/self/cgroup", "0::/../elsewhere/container\n");
  put("sys/fs/cgroup/memory.max", std::to_string(64 * kMiB));
  put("sys/fs/cgroup/memory.current", std::to_string(70 * kMiB));
  EXPECT_EQ(available(), 0);
}

TEST_F(AvailableHostMemory, HonoursVersion1) {
  put("proc/self/cgroup", "5:cpu,cpuacct:/x\n4:memory:/job\n");
  put("sys/fs/cgroup/memory/job/memory.limit_in_bytes", std::to_string(50 * kMiB));
  put("sys/fs/cgroup/memory/job/memory.usage_in_bytes", std::to_string(20 * kMiB));
  put("sys/fs/cgroup/memory/job/memory.stat", "total_inactive_file " + std::to_string(5 * kMiB));
  EXPECT_EQ(available(), 35 * kMiB);
}

TEST_F(AvailableHostMemory, IgnoresRubbish) {
  put("proc/self/cgroup", "nonsense\n0:\n:::\n0::relative\n4:memory:\n");
  put("sys/fs/cgroup/memory.max", "-\n");
  put("sys/fs/cgroup/memory.current", "\n");
  EXPECT_EQ(available(), 1024000LL * 1024);
}

TEST(AllocateHostMemory, IsAlignedAndWritable) {
  for (const std::int64_t bytes : {std::int64_t{0}, std::int64_t{1}, std::int64_t{65}, 20 * kMiB}) {
    const HostMemory memory = allocate_host_memory(bytes, "test");
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(memory.get()) % 64, 0U);
    std::memset(memory.get(), 1, static_cast<std::size_t>(bytes));
  }
}

TEST(AllocateHostMemory, RefusesMoreThanThereIsWithTheNumbers) {
  try {
    allocate_host_memory(std::int64_t{1} << 60, "KV cache");
    FAIL() << "2^60 bytes were granted";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::environment);
    EXPECT_THAT(error.line(), ::testing::StartsWith("KV cache needs 1152922 TB, of which "));
    EXPECT_THAT(error.line(), ::testing::HasSubstr("; use a smaller model"));
  }
}

}  // namespace
}  // namespace assay
