// What the tests of fetching share: a Python, a misbehaving server, options that never wait.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "harness/fetch/fetch.h"

namespace assay::fetch::testing {

/// ASSAY_TEST_PYTHON, or the first python3 of PATH; only the standard library is used.
std::optional<std::filesystem::path> test_python();

/// tests/harness/fetch_server.py, running until destroyed.
class LocalServer {
 public:
  /// With a certificate (PEM, holding its key too) it speaks HTTPS.
  explicit LocalServer(const std::filesystem::path& certificate = {});
  ~LocalServer();
  LocalServer(const LocalServer&) = delete;
  LocalServer& operator=(const LocalServer&) = delete;

  /// "http://127.0.0.1:PORT"
  std::string origin() const;
  /// The requests so far: host, path, authorization, range.
  std::vector<nlohmann::json> log() const;

 private:
  pid_t pid_ = 0;
  int input_ = -1;
  int port_ = 0;
  bool secure_ = false;
};

/// A self-signed certificate for 127.0.0.1 with its key, in one PEM file.
void write_certificate(const std::filesystem::path& path);

/// The bytes that the server's good files have.
std::string server_body();

/// No pauses, a cache in `root`, notices collected in `notices`.
Options quick_options(const std::filesystem::path& root, std::vector<std::string>* notices);

/// Runs tests/harness/fetch_wheels.py.
void make_wheels(const std::filesystem::path& folder);

}  // namespace assay::fetch::testing

/// Skips the test, saying why, without a Python.
#define ASSAY_REQUIRE_PYTHON()                                          \
  if (!::assay::fetch::testing::test_python()) {                        \
    GTEST_SKIP() << "no python3 in PATH: set ASSAY_TEST_PYTHON to one"; \
  }                                                                     \
  static_assert(true)
