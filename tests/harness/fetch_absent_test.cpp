// A build without what downloads (ASSAY_NETWORK=OFF) says so at once.
#include <gmock/gmock.h>

#include "harness/fetch/http.h"
#include "harness/fetch/pip.h"

namespace assay::fetch {
namespace {

using ::testing::HasSubstr;

void expect_absent(const SourceError& error) {
  EXPECT_EQ(error.error.kind(), ErrorKind::environment);
  EXPECT_THAT(error.error.line(), HasSubstr("made without libcurl and libzip"));
  EXPECT_THAT(error.error.line(), HasSubstr("copy the file here"));
  EXPECT_FALSE(error.unreachable) << "another source is no better";
}

TEST(FetchAbsent, EverySourceIsRefusedByName) {
  const auto http = http_download({"https://example.org/x", "token"}, {}, "x", {});
  ASSERT_FALSE(http);
  expect_absent(http.error());
  const auto pip = pip_assemble({}, "x", {});
  ASSERT_FALSE(pip);
  expect_absent(pip.error());
  EXPECT_FALSE(same_origin("https://a/", "https://a/"));
}

}  // namespace
}  // namespace assay::fetch
