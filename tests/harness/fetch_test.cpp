// fetch_model and fetch_dataset from manifest to cache: sources in order, checks, locks, pip.
#include "harness/fetch/fetch.h"

#include <gmock/gmock.h>

#include <fstream>
#include <thread>

#include "core/sha256.h"
#include "harness/fetch/pip.h"
#include "tests/harness/fetch_support.h"
#include "tests/support/test_data.h"

namespace assay::fetch {
namespace {

using ::assay::testing::read_text;
using ::assay::testing::TempDir;
using ::assay::testing::write_text;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
namespace fs = std::filesystem;

/// Sets an environment variable for the life of the object.
class ScopedVariable {
 public:
  ScopedVariable(const char* name, const std::string& value) : name_(name) {
    if (const char* old = std::getenv(name)) old_ = old;
    setenv(name, value.c_str(), 1);
  }
  ~ScopedVariable() { old_ ? setenv(name_, old_->c_str(), 1) : unsetenv(name_); }
  ScopedVariable(const ScopedVariable&) = delete;
  ScopedVariable& operator=(const ScopedVariable&) = delete;

 private:
  const char* name_;
  std::optional<std::string> old_;
};

class FetchTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSAY_REQUIRE_PYTHON();
    server_.emplace();
    options_ = testing::quick_options(folder_.path() / "cache", &notices_);
    options_.hub_endpoint = server_->origin();
  }

  /// A model of one file that the server has below /PATH, named as the hub would name it.
  static ModelManifest model(const std::string& path) {
    const std::string body = testing::server_body();
    RemoteFile file;
    file.name = "tiny.gguf";
    file.bytes = file.max_bytes = static_cast<std::int64_t>(body.size());
    file.sha256 = sha256_hex(body);
    file.urls = {std::string(kHubOrigin) + "/" + path};
    return {.name = "tiny",
            .title = "Tiny",
            .licence = "MIT",
            .source = "a test",
            .directory = false,
            .files = {file}};
  }
  fs::path final_path() const { return folder_.path() / "cache/models/tiny/tiny.gguf"; }
  /// Everything below the cache but the lock.
  std::vector<std::string> cached_names() const {
    std::vector<std::string> out;
    for (const auto& entry : fs::recursive_directory_iterator(folder_.path() / "cache")) {
      if (entry.is_regular_file() && entry.path().filename() != ".lock") {
        out.push_back(entry.path().filename());
      }
    }
    return out;
  }

  /// A model whose file is the two part wheels' members joined; pip finds only these wheels.
  ModelManifest model_of_parts() {
    const fs::path wheels = folder_.path() / "wheels";
    testing::make_wheels(wheels);
    ModelManifest parts = model("status/404");
    RemoteFile& file = parts.files[0];
    file.bytes = file.max_bytes = 20'000;
    std::string joined(20'000, '\0');
    for (std::size_t i = 0; i < 10'000; ++i) {
      joined[i] = joined[19'999 - i] = static_cast<char>((i * 3) % 256);
    }
    file.sha256 = sha256_hex(joined);
    for (const std::string name : {"part_a", "part_b"}) {
      const std::string wheel = read_text(wheels / (name + "-1.0-py3-none-any.whl"));
      file.parts.push_back({.package = name,
                            .version = "1.0",
                            .wheel_bytes = static_cast<std::int64_t>(wheel.size()),
                            .wheel_sha256 = sha256_hex(wheel),
                            .member = name + "/data.bin",
                            .bytes = 10'000});
    }
    find_links_.emplace("PIP_FIND_LINKS", wheels.string());
    no_index_.emplace("PIP_NO_INDEX", "1");
    return parts;
  }

  TempDir folder_;
  std::vector<std::string> notices_;
  std::optional<testing::LocalServer> server_;
  Options options_;
  std::optional<ScopedVariable> find_links_;
  std::optional<ScopedVariable> no_index_;
};

TEST_F(FetchTest, FromTheHubThenFromTheCache) {
  auto fetched = fetch_model(model("good/"), options_);
  ASSERT_TRUE(fetched) << fetched.error().line();
  EXPECT_EQ(fetched->path, final_path());
  EXPECT_EQ(fetched->sha256, sha256_hex(testing::server_body()));
  EXPECT_FALSE(fetched->from_cache);
  EXPECT_THAT(cached_names(), ElementsAre("tiny.gguf"));
  fetched = fetch_model(model("good/"), options_);
  ASSERT_TRUE(fetched);
  EXPECT_TRUE(fetched->from_cache);
  EXPECT_EQ(server_->log().size(), 1U);
}

TEST_F(FetchTest, ADamagedCacheIsNoticedAndFetchedAnew) {
  ASSERT_TRUE(fetch_model(model("good/"), options_));
  std::string bytes = read_text(final_path());
  bytes[1000] ^= 1;
  write_text(final_path(), bytes);
  const auto fetched = fetch_model(model("good/"), options_);
  ASSERT_TRUE(fetched);
  EXPECT_FALSE(fetched->from_cache);
  EXPECT_THAT(notices_, ElementsAre(HasSubstr("is damaged and is fetched anew")));
  EXPECT_TRUE(read_text(final_path()) == testing::server_body());
}

TEST_F(FetchTest, WrongBytesNeverGetTheFinalName) {
  const auto fetched = fetch_model(model("wrong/"), options_);
  ASSERT_FALSE(fetched);
  EXPECT_THAT(fetched.error().line(), HasSubstr(sha256_hex(testing::server_body())));
  EXPECT_THAT(cached_names(), IsEmpty());
}

TEST_F(FetchTest, ACutDownloadLeavesOnlyThePartialFile) {
  options_.attempts = 1;
  ASSERT_FALSE(fetch_model(model("cut/"), options_));
  EXPECT_FALSE(fs::exists(final_path()));
  EXPECT_TRUE(fs::exists(final_path().string() + ".partial"));
  const auto again = fetch_model(model("cut/"), options_);
  ASSERT_FALSE(again);
  EXPECT_THAT(again.error().line(), HasSubstr("or put the file at '" + final_path().string()));
  ASSERT_TRUE(fetch_model(model("cut/"), options_));
  EXPECT_THAT(cached_names(), ElementsAre("tiny.gguf"));
}

TEST_F(FetchTest, TheHubsWordCountsWhereTheManifestHasNone) {
  const std::string right = sha256_hex(testing::server_body());
  ModelManifest unknown = model("hub/" + right);
  unknown.files[0].bytes = 0;
  unknown.files[0].sha256.clear();
  auto fetched = fetch_model(unknown, options_);
  ASSERT_TRUE(fetched) << fetched.error().line();
  EXPECT_EQ(fetched->sha256, right);
  EXPECT_TRUE(fetch_model(unknown, options_)->from_cache);
  write_text(final_path(), "damaged");
  EXPECT_FALSE(fetch_model(unknown, options_)->from_cache);

  fs::remove(final_path());
  unknown.files[0].urls[0] = std::string(kHubOrigin) + "/hub/" + std::string(64, 'b');
  fetched = fetch_model(unknown, options_);
  ASSERT_FALSE(fetched);
  EXPECT_THAT(fetched.error().line(), HasSubstr(std::string(64, 'b')));
}

TEST_F(FetchTest, TwoFetchesAtOnceDownloadOnce) {
  std::vector<std::thread> threads;
  std::vector<int> fine(4, 0);
  for (std::size_t i = 0; i < fine.size(); ++i) {
    threads.emplace_back([&, i] {
      Options own = options_;
      own.notice = [](const std::string&) {};
      fine[i] = fetch_model(model("good/"), own).has_value() ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(fine, ElementsAre(1, 1, 1, 1));
  EXPECT_EQ(server_->log().size(), 1U);
}

TEST_F(FetchTest, TheTokenIsSentToTheEndpointOnly) {
  options_.hub_token = "secret";
  ASSERT_TRUE(fetch_model(model("good/"), options_));
  EXPECT_EQ(server_->log().back()["authorization"], "Bearer secret");
  fs::remove(final_path());
  ModelManifest elsewhere = model("");
  elsewhere.files[0].urls = {server_->origin() + "/good/"};
  ASSERT_TRUE(fetch_model(elsewhere, options_));
  EXPECT_TRUE(server_->log().back()["authorization"].is_null());
}

TEST_F(FetchTest, BadSettingsAreNamed) {
  options_.hub_endpoint = "ftp://host";
  EXPECT_THAT(fetch_model(model("good/"), options_).error().line(), HasSubstr("HF_ENDPOINT"));
  options_.hub_endpoint = server_->origin();
  options_.hub_token = "a\r\nX-Evil: 1";
  const auto fetched = fetch_model(model("good/"), options_);
  EXPECT_THAT(fetched.error().line(), HasSubstr("HF_TOKEN"));
  EXPECT_THAT(fetched.error().line(), ::testing::Not(HasSubstr("Evil")));
  EXPECT_THAT(server_->log(), IsEmpty());
}

TEST_F(FetchTest, AnUnwritableCacheIsNamed) {
  write_text(folder_.path() / "cache", "a file where the folder should be");
  const auto fetched = fetch_model(model("good/"), options_);
  ASSERT_FALSE(fetched);
  EXPECT_EQ(fetched.error().kind(), ErrorKind::environment);
  EXPECT_THAT(fetched.error().line(), HasSubstr("XDG_CACHE_HOME"));
}

TEST_F(FetchTest, PartsAreJoinedFromPypi) {
  const ModelManifest parts = model_of_parts();
  options_.pypi_mirror = true;
  const auto fetched = fetch_model(parts, options_);
  ASSERT_TRUE(fetched) << fetched.error().line();
  EXPECT_EQ(fetched->source, "PyPI");
  EXPECT_EQ(sha256_hex(read_text(final_path())), parts.files[0].sha256);
  EXPECT_THAT(cached_names(), ElementsAre("tiny.gguf"));
  EXPECT_THAT(notices_, ElementsAre(HasSubstr("not affiliated")));
  EXPECT_THAT(server_->log(), IsEmpty());
}

TEST_F(FetchTest, TheMirrorStepsInOnlyForAnUnreachableOrigin) {
  const ModelManifest parts = model_of_parts();
  auto fetched = fetch_model(parts, options_);
  ASSERT_FALSE(fetched);
  EXPECT_THAT(fetched.error().line(), HasSubstr("--mirror pypi"));
  options_.hub_endpoint = "http://127.0.0.1:9";
  fetched = fetch_model(parts, options_);
  ASSERT_TRUE(fetched) << fetched.error().line();
  EXPECT_THAT(notices_.back(), HasSubstr("instead, a mirror not affiliated"));
}

TEST_F(FetchTest, WholePartsSurviveAnInterruption) {
  ModelManifest parts = model_of_parts();
  options_.pypi_mirror = true;
  const fs::path partial = final_path().string() + ".partial";
  options_.cancelled = [&] { return fs::exists(partial) && fs::file_size(partial) == 10'000; };
  auto fetched = fetch_model(parts, options_);
  ASSERT_FALSE(fetched);
  EXPECT_EQ(fetched.error().kind(), ErrorKind::interrupted);
  EXPECT_EQ(fs::file_size(partial), 10'000U);
  fs::remove(folder_.path() / "wheels" / "part_a-1.0-py3-none-any.whl");
  options_.cancelled = [] { return false; };
  fetched = fetch_model(parts, options_);
  EXPECT_TRUE(fetched) << fetched.error().line();
}

TEST_F(FetchTest, AWheelWithAnotherSha256IsNotUnpacked) {
  ModelManifest parts = model_of_parts();
  options_.pypi_mirror = true;
  parts.files[0].parts[0].wheel_sha256 = std::string(64, '0');
  const auto fetched = fetch_model(parts, options_);
  ASSERT_FALSE(fetched);
  EXPECT_THAT(fetched.error().line(), HasSubstr("it was not unpacked"));
}

TEST_F(FetchTest, PipsOwnReasonIsShown) {
  ModelManifest parts = model_of_parts();
  options_.pypi_mirror = true;
  parts.files[0].parts[0].version = "9.9";
  const auto fetched = fetch_model(parts, options_);
  ASSERT_FALSE(fetched);
  EXPECT_THAT(fetched.error().line(), HasSubstr("pip cannot download part_a==9.9"));
}

TEST_F(FetchTest, AnUnreachableIndexIsTheReason) {
  ModelManifest parts = model_of_parts();
  const ScopedVariable no_index("PIP_NO_INDEX", "0");
  const ScopedVariable retries("PIP_RETRIES", "1");
  const ScopedVariable index("PIP_INDEX_URL", "http://user:secret@127.0.0.1:9/simple");
  options_.pypi_mirror = true;
  parts.files[0].parts[0].version = "9.9";
  const auto fetched = fetch_model(parts, options_);
  ASSERT_FALSE(fetched);
  EXPECT_THAT(fetched.error().line(), HasSubstr("connection broken by"));
  EXPECT_THAT(fetched.error().line(), Not(HasSubstr("secret")));
}

TEST_F(FetchTest, AMissingPipSaysHowToGetIt) {
  const fs::path fake = folder_.path() / "python3";
  write_text(fake, "#!/bin/sh\nexit 1\n");
  fs::permissions(fake, fs::perms::owner_all);
  for (const std::vector<fs::path>& candidates : {std::vector<fs::path>{fake}, {}}) {
    const auto python = first_with_pip(candidates, folder_.path(), options_);
    ASSERT_FALSE(python);
    EXPECT_EQ(python.error().kind(), ErrorKind::environment);
    EXPECT_THAT(python.error().line(), HasSubstr("apt-get install python3-pip"));
  }
}

TEST_F(FetchTest, AModelWithoutAMirrorSaysSo) {
  options_.pypi_mirror = true;
  const auto fetched = fetch_model(model("good/"), options_);
  ASSERT_FALSE(fetched);
  EXPECT_EQ(fetched.error().kind(), ErrorKind::usage);
  EXPECT_THAT(fetched.error().line(), HasSubstr("no PyPI mirror"));
}

TEST_F(FetchTest, DatasetsTryTheirUrlsInOrder) {
  DatasetManifest manifest;
  manifest.name = "d";
  manifest.file_name = "d.jsonl";
  manifest.sha256 = sha256_hex(testing::server_body());
  manifest.urls = {server_->origin() + "/status/404", server_->origin() + "/good/"};
  const auto fetched = fetch_dataset(manifest, options_);
  ASSERT_TRUE(fetched) << fetched.error().line();
  EXPECT_EQ(fetched->path, options_.cache_root / "datasets/d/d.jsonl");
  manifest.embedded = true;
  EXPECT_EQ(fetch_dataset(manifest, options_).error().kind(), ErrorKind::usage);
}

TEST(FetchManifests, AreConsistent) {
  ASSERT_EQ(model_manifests().size(), 4U);
  for (const ModelManifest& manifest : model_manifests()) {
    for (const RemoteFile& file : manifest.files) {
      EXPECT_EQ(fs::path(file.name).filename(), file.name);
      EXPECT_FALSE(file.urls.empty() && file.parts.empty()) << file.name;
      EXPECT_GT(file.max_bytes, 0) << file.name;
      std::int64_t joined = 0;
      for (const WheelMember& part : file.parts) {
        joined += part.bytes;
        EXPECT_EQ(part.wheel_sha256.size(), 64U) << part.package;
      }
      if (!file.parts.empty()) {
        EXPECT_EQ(joined, file.bytes) << file.name;
        EXPECT_EQ(file.sha256.size(), 64U) << file.name;
      }
    }
  }
  EXPECT_FALSE(parse_model_manifests("{\"models\": [{}]}"));
  EXPECT_FALSE(parse_model_manifests("rubbish"));
}

TEST(FetchManifests, UnknownNamesListTheKnownOnes) {
  const auto fetched = fetch_model("nosuch", Options{});
  ASSERT_FALSE(fetched);
  EXPECT_EQ(fetched.error().kind(), ErrorKind::usage);
  EXPECT_THAT(fetched.error().line(), HasSubstr("smollm2-135m, qwen2.5-coder-0.5b"));
}

TEST(FetchManifests, ListingLooksAtSizes) {
  const TempDir root;
  auto listed = list_models(root.path());
  ASSERT_EQ(listed.size(), 4U);
  EXPECT_FALSE(listed[0].available);
  EXPECT_THAT(listed[0].why, HasSubstr("assay fetch model smollm2-135m (98.4 MB)"));
  EXPECT_THAT(listed[3].why, HasSubstr("at most"));
  const fs::path folder = root.path() / "models/smollm2-135m";
  fs::create_directories(folder);
  std::ofstream(folder / "SmolLM2-135M-Instruct.Q4_1.gguf").seekp(98'362'431).put('x');
  listed = list_models(root.path());
  EXPECT_TRUE(listed[0].available);
}

TEST(FetchOptions, ComeFromTheEnvironment) {
  const ScopedVariable cache("XDG_CACHE_HOME", "/some/cache");
  const ScopedVariable token("HF_TOKEN", " abc\n");
  const ScopedVariable endpoint("HF_ENDPOINT", "https://hub.example");
  auto options = options_from_environment();
  ASSERT_TRUE(options);
  EXPECT_EQ(options->cache_root, "/some/cache/assay");
  EXPECT_EQ(options->hub_token, "abc");
  EXPECT_EQ(options->hub_endpoint, "https://hub.example");
  const ScopedVariable relative("XDG_CACHE_HOME", "not/absolute");
  const ScopedVariable home("HOME", "/home/someone");
  options = options_from_environment();
  ASSERT_TRUE(options);
  EXPECT_EQ(options->cache_root, "/home/someone/.cache/assay");
  const ScopedVariable nowhere("HOME", "");
  EXPECT_FALSE(options_from_environment());
}

}  // namespace
}  // namespace assay::fetch
