// Wheels that try to leave their folder, lie about sizes, or are no archives.
#include "harness/fetch/wheel.h"

#include <gmock/gmock.h>

#include "tests/harness/fetch_support.h"
#include "tests/support/test_data.h"

namespace assay::fetch {
namespace {

using ::testing::HasSubstr;

/// What extract_member gives for one of fetch_wheels.py's wheels, or its error.
class WheelTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSAY_REQUIRE_PYTHON();
    testing::make_wheels(folder_.path());
  }

  Result<std::string> extract(const std::string& name) {
    const WheelMember wheel = {.package = name,
                               .version = "1.0",
                               .wheel_bytes = 0,
                               .wheel_sha256 = {},
                               .member = "good/data.bin",
                               .bytes = 10'000};
    std::string bytes;
    auto result = extract_member(folder_.path() / (name + "-1.0-py3-none-any.whl"), wheel,
                                 [&](std::span<const std::byte> chunk) -> Result<void> {
                                   for (const std::byte b : chunk) bytes += static_cast<char>(b);
                                   return {};
                                 });
    largest_ = std::max(largest_, bytes.size());
    if (!result) return tl::unexpected(result.error());
    return bytes;
  }

  void expect_refusal(const std::string& name, const std::string& why) {
    const auto result = extract(name);
    ASSERT_FALSE(result) << name;
    EXPECT_THAT(result.error().line(), HasSubstr(why)) << name;
    EXPECT_EQ(result.error().kind(), ErrorKind::environment);
  }

  assay::testing::TempDir folder_;
  std::size_t largest_ = 0;
};

TEST_F(WheelTest, AMemberComesOutAsItWentIn) {
  const auto bytes = extract("good");
  ASSERT_TRUE(bytes) << bytes.error().line();
  ASSERT_EQ(bytes->size(), 10'000U);
  for (std::size_t i = 0; i < bytes->size(); ++i) {
    ASSERT_EQ(static_cast<unsigned char>((*bytes)[i]), (i * 3) % 256) << i;
  }
}

TEST_F(WheelTest, EvilWheelsAreRefused) {
  expect_refusal("slip", "name leaves its folder");
  expect_refusal("absolute", "name leaves its folder");
  expect_refusal("backslash", "name leaves its folder");
  expect_refusal("control", "name leaves its folder");
  expect_refusal("link", "a link or a special file");
  expect_refusal("device", "a link or a special file");
  expect_refusal("missing", "has no 'good/data.bin'");
  expect_refusal("twice", "the wheel of twice 1.0");
  expect_refusal("bomb", "50000000 bytes instead of 10000");
  expect_refusal("small", "9999 bytes instead of 10000");
  expect_refusal("crowd", "too many members");
  expect_refusal("liar", "the wheel of liar 1.0");
  expect_refusal("flipped", "is damaged");
  expect_refusal("rubbish", "is not a ZIP archive");
  expect_refusal("absent", "is not a ZIP archive");
  EXPECT_LE(largest_, 10'000U);
}

}  // namespace
}  // namespace assay::fetch
