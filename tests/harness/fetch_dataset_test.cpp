// Datasets from their canonical places, one after another, when some of them misbehave.
#include <gmock/gmock.h>

#include <filesystem>

#include "core/sha256.h"
#include "harness/fetch/fetch.h"
#include "tests/harness/fetch_support.h"
#include "tests/support/test_data.h"

namespace assay::fetch {
namespace {

namespace fs = std::filesystem;
using assay::testing::read_text;
using assay::testing::TempDir;
using ::testing::HasSubstr;

class FetchDatasetTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSAY_REQUIRE_PYTHON();
    server_.emplace();
    options_ = testing::quick_options(folder_.path() / "cache", &notices_);
  }
  /// A dataset of the server's good body at these paths, in order.
  DatasetManifest dataset(const std::vector<std::string>& paths) const {
    DatasetManifest manifest;
    manifest.name = "d";
    manifest.file_name = "d.jsonl";
    manifest.sha256 = sha256_hex(testing::server_body());
    for (const std::string& path : paths) {
      manifest.urls.push_back(server_->origin() + "/" + path);
    }
    return manifest;
  }
  fs::path file() const { return options_.cache_root / "datasets/d/d.jsonl"; }

  TempDir folder_;
  std::vector<std::string> notices_;
  std::optional<testing::LocalServer> server_;
  Options options_;
};

TEST_F(FetchDatasetTest, TheNextPlaceIsTriedAfterEveryFailure) {
  for (const char* bad : {"status/404", "wrong/", "short/", "page/", "alwayscut/", "loop/"}) {
    fs::remove_all(options_.cache_root);
    notices_.clear();
    const auto fetched = fetch_dataset(dataset({bad, "good/"}), options_);
    ASSERT_TRUE(fetched) << bad << ": " << fetched.error().line();
    EXPECT_TRUE(read_text(file()) == testing::server_body()) << bad;
    ASSERT_FALSE(notices_.empty()) << bad;
    EXPECT_THAT(notices_.back(), HasSubstr("; trying ")) << bad;
    EXPECT_FALSE(fs::exists(file().string() + ".partial")) << bad;
  }
}

TEST_F(FetchDatasetTest, RedirectsAndCutsAtOnePlaceAreMended) {
  for (const char* path : {"same/", "cut/"}) {
    fs::remove_all(options_.cache_root);
    const auto fetched = fetch_dataset(dataset({path}), options_);
    ASSERT_TRUE(fetched) << path << ": " << fetched.error().line();
    EXPECT_TRUE(read_text(file()) == testing::server_body()) << path;
  }
  // The cut one was continued by a range, not begun again.
  EXPECT_EQ(server_->log().back()["range"], "bytes=100000-");
}

TEST_F(FetchDatasetTest, WrongBytesEverywhereLeaveNothingAndNameTheLastPlace) {
  const auto fetched = fetch_dataset(dataset({"short/", "wrong/"}), options_);
  ASSERT_FALSE(fetched);
  EXPECT_EQ(fetched.error().kind(), ErrorKind::environment);
  EXPECT_THAT(fetched.error().line(), HasSubstr("and should have"));
  EXPECT_THAT(fetched.error().line(), HasSubstr(sha256_hex(testing::server_body())));
  EXPECT_THAT(fetched.error().line(), HasSubstr("or put the file at '" + file().string()));
  EXPECT_FALSE(fs::exists(file()));
}

}  // namespace
}  // namespace assay::fetch
