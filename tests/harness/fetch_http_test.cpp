// http_download against a local server that cuts, redirects, lies and never ends.
#include "harness/fetch/http.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "tests/harness/fetch_support.h"
#include "tests/support/test_data.h"

namespace assay::fetch {
namespace {

using ::assay::testing::read_text;
using ::assay::testing::TempDir;
using ::testing::HasSubstr;
using ::testing::Not;
namespace fs = std::filesystem;

class HttpTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSAY_REQUIRE_PYTHON();
    server_.emplace();
    options_ = testing::quick_options(folder_.path(), &notices_);
    file_.name = "model.gguf";
    file_.bytes = file_.max_bytes = static_cast<std::int64_t>(testing::server_body().size());
  }

  SourceResult<HttpOutcome> get(const std::string& path, const std::string& token = {}) {
    return http_download({server_->origin() + path, token}, file_, partial(), options_);
  }
  fs::path partial() const { return folder_.path() / "model.gguf.partial"; }
  void expect_whole(const SourceResult<HttpOutcome>& outcome) const {
    ASSERT_TRUE(outcome) << outcome.error().error.line();
    EXPECT_EQ(outcome->bytes, file_.bytes);
    EXPECT_TRUE(read_text(partial()) == testing::server_body());
  }
  static void expect_failure(const SourceResult<HttpOutcome>& outcome, const std::string& text,
                             bool unreachable = false) {
    ASSERT_FALSE(outcome);
    EXPECT_THAT(outcome.error().error.line(), HasSubstr(text));
    EXPECT_EQ(outcome.error().unreachable, unreachable);
    EXPECT_EQ(outcome.error().error.kind(), ErrorKind::environment);
  }

  TempDir folder_;
  std::vector<std::string> notices_;
  std::optional<testing::LocalServer> server_;
  Options options_;
  RemoteFile file_;
};

TEST_F(HttpTest, AFileArrivesWhole) {
  expect_whole(get("/good/"));
}

TEST_F(HttpTest, ACutDownloadIsContinuedWithinOneCall) {
  expect_whole(get("/cut/"));
  const auto log = server_->log();
  ASSERT_EQ(log.size(), 3U);
  EXPECT_TRUE(log[0]["range"].is_null());
  EXPECT_EQ(log[1]["range"], "bytes=50000-");
  EXPECT_EQ(log[2]["range"], "bytes=100000-");
  EXPECT_EQ(notices_.size(), 2U);
}

TEST_F(HttpTest, ACutDownloadIsContinuedByTheNextCall) {
  options_.attempts = 1;
  expect_failure(get("/cut/"), "/cut/", true);
  EXPECT_EQ(fs::file_size(partial()), 50'000U);
  expect_failure(get("/cut/"), "/cut/", true);
  expect_whole(get("/cut/"));
}

TEST_F(HttpTest, AttemptsAreBounded) {
  options_.attempts = 2;
  expect_failure(get("/alwayscut/"), "run the same command again", true);
  EXPECT_EQ(server_->log().size(), 2U);
  EXPECT_EQ(fs::file_size(partial()), 60'000U);
}

TEST_F(HttpTest, AChangedEtagStartsAnew) {
  expect_whole(get("/changed/"));
}

TEST_F(HttpTest, AServerThatIgnoresIfRangeIsNotBelieved) {
  expect_whole(get("/ignores_if_range/"));
}

TEST_F(HttpTest, AWeakEtagIsNeverContinued) {
  expect_whole(get("/weak/"));
  EXPECT_TRUE(server_->log().back()["range"].is_null());
}

TEST_F(HttpTest, APartialFileOfAnotherUrlIsNotContinued) {
  options_.attempts = 1;
  expect_failure(get("/alwayscut/"), "/alwayscut/", true);
  expect_whole(get("/good/"));
  EXPECT_TRUE(server_->log().back()["range"].is_null());
}

TEST_F(HttpTest, APartialFileWithoutANoteIsNotContinued) {
  assay::testing::write_text(partial(), "rubbish");
  expect_whole(get("/good/"));
}

TEST_F(HttpTest, AnEndlessAnswerIsCut) {
  expect_failure(get("/endless/"), "sends more than the 200000 bytes");
  EXPECT_FALSE(fs::exists(partial()));
}

TEST_F(HttpTest, AnEndlessErrorPageIsCut) {
  expect_failure(get("/endlesserror/"), "endless error page");
}

TEST_F(HttpTest, AnotherSizeIsRefusedBeforeTheBody) {
  expect_failure(get("/short/"), "'model.gguf' is 100 bytes at its source and should be 200000");
  file_.bytes = 0;
  file_.max_bytes = 1000;
  expect_failure(get("/good/"), "is 200000 bytes at its source and should be at most 1000");
}

TEST_F(HttpTest, AWebPageIsNotAModel) {
  file_.bytes = 0;
  expect_failure(get("/page/"), "answers with a web page instead of 'model.gguf'");
}

TEST_F(HttpTest, StatusCodesSayWhatToDo) {
  expect_failure(get("/status/401"), "set HF_TOKEN");
  expect_failure(get("/status/401", "secret"), "HF_TOKEN is not accepted");
  expect_failure(get("/status/403"), "accept the licence");
  expect_failure(get("/status/403", "secret"), "your account has no access");
  expect_failure(get("/status/404"), "no such file there");
  expect_failure(get("/status/500"), "HTTP status 500", true);
  file_.parts.resize(1);
  expect_failure(get("/status/404"), "or use --mirror pypi");
}

TEST_F(HttpTest, ABusyServerIsAskedAgain) {
  expect_whole(get("/busy/"));
}

TEST_F(HttpTest, AnUnreachableServerIsNamed) {
  const auto outcome =
      http_download({"http://127.0.0.1:9/x?signature=s3cret", {}}, file_, partial(), options_);
  expect_failure(outcome, "cannot download http://127.0.0.1:9/x", true);
  EXPECT_THAT(outcome.error().error.line(), Not(HasSubstr("s3cret")));
}

TEST_F(HttpTest, RedirectsAreFollowedAndBounded) {
  expect_whole(get("/same/"));
  expect_failure(get("/loop/"), "redirects without end");
}

TEST_F(HttpTest, TheTokenGoesToTheFirstOriginOnly) {
  expect_whole(get("/hub/0", "secret"));
  const auto log = server_->log();
  ASSERT_EQ(log.size(), 2U);
  EXPECT_EQ(log[0]["authorization"], "Bearer secret");
  EXPECT_EQ(log[1]["host"], "localhost");
  EXPECT_TRUE(log[1]["authorization"].is_null());
}

TEST_F(HttpTest, TheTokenStaysAwayAfterAWayBack) {
  expect_whole(get("/there_and_back/", "secret"));
  const auto log = server_->log();
  ASSERT_EQ(log.size(), 3U);
  EXPECT_EQ(log[2]["host"], "127.0.0.1");
  EXPECT_TRUE(log[2]["authorization"].is_null());
}

TEST_F(HttpTest, TheTokenStaysOnTheSameOrigin) {
  expect_whole(get("/same/", "secret"));
  EXPECT_EQ(server_->log().back()["authorization"], "Bearer secret");
}

TEST_F(HttpTest, TheHubsOwnSha256IsTaken) {
  const std::string sha256(64, 'a');
  auto outcome = get("/hub/" + sha256);
  expect_whole(outcome);
  EXPECT_EQ(outcome->linked_sha256, sha256);
  outcome = get("/hub/not-a-sha");
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->linked_sha256, "");
}

TEST_F(HttpTest, HttpsNeverBecomesHttp) {
  const fs::path certificate = folder_.path() / "certificate.pem";
  testing::write_certificate(certificate);
  const testing::LocalServer secure(certificate);
  const HttpSource downgrade{secure.origin() + "/downgrade/", {}};
  options_.ca_bundle = certificate.string();
  expect_failure(http_download(downgrade, file_, partial(), options_),
                 "redirects from HTTPS to 'http://127.0.0.1");
  expect_whole(http_download({secure.origin() + "/good/", {}}, file_, partial(), options_));
}

TEST_F(HttpTest, AnUnknownCertificateIsRefused) {
  const fs::path certificate = folder_.path() / "certificate.pem";
  testing::write_certificate(certificate);
  const testing::LocalServer secure(certificate);
  expect_failure(http_download({secure.origin() + "/good/", {}}, file_, partial(), options_),
                 "certificate", true);
}

TEST_F(HttpTest, OtherSchemesAreRefused) {
  ASSERT_FALSE(get("/filescheme/"));
  EXPECT_FALSE(http_download({"file:///etc/passwd", {}}, file_, partial(), options_));
  EXPECT_FALSE(fs::exists(partial()));
}

TEST_F(HttpTest, CancellingKeepsWhatIsThere) {
  options_.cancelled = [] { return true; };
  const auto outcome = get("/endless/");
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().error.kind(), ErrorKind::interrupted);
}

TEST(HttpUrls, OriginsAndDisplay) {
  EXPECT_TRUE(same_origin("https://a/x", "https://a:443/y"));
  EXPECT_FALSE(same_origin("https://a/x", "http://a/x"));
  EXPECT_FALSE(same_origin("https://a/x", "https://a:8443/x"));
  EXPECT_FALSE(same_origin("https://a/x", "https://a.b/x"));
  EXPECT_FALSE(same_origin("https://a@b/x", "https://a/x"));
  EXPECT_EQ(display_url("https://user:pw@host:81/p/q?sig=1#f"), "https://host:81/p/q");
  EXPECT_TRUE(redirect_allowed("http://a/", "https://a/"));
  EXPECT_TRUE(redirect_allowed("http://a/", "http://b/"));
  EXPECT_FALSE(redirect_allowed("https://a/", "http://a/"));
  EXPECT_FALSE(redirect_allowed("https://a/", "ftp://a/"));
}

}  // namespace
}  // namespace assay::fetch
