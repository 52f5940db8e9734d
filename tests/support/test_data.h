// Where outside test data lies: ASSAY_TEST_DATA, or `../shared` beside the source tree.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <optional>
#include <string>

namespace assay::testing {

/// The root of the outside data, if it is there.
std::optional<std::filesystem::path> test_data_root();

/// A fresh folder under the system's temporary folder, removed on destruction.
class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

std::string read_text(const std::filesystem::path& path);
/// Contents of a .gz file (or of a plain one).
std::string read_gzip(const std::filesystem::path& path);
void write_text(const std::filesystem::path& path, std::string_view text);

}  // namespace assay::testing

/// Sets `var` to ROOT/relative, or skips the test saying what is absent.
#define ASSAY_REQUIRE_TEST_DATA(var, relative)                                  \
  const auto var##_root = ::assay::testing::test_data_root();                   \
  if (!var##_root || !std::filesystem::exists(*var##_root / (relative))) {      \
    GTEST_SKIP() << "outside test data '" << (relative)                         \
                 << "' is absent: set ASSAY_TEST_DATA, or put it in ../shared"; \
  }                                                                             \
  const std::filesystem::path var = *var##_root / (relative)
