// What the tests of fetching share: a Python, a misbehaving server, options that never wait.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "harness/fetch/fetch.h"
#include "tests/support/python_server.h"

namespace assay::fetch::testing {

using assay::testing::test_python;
using assay::testing::write_certificate;

/// tests/harness/fetch_server.py, running until destroyed.
class LocalServer {
 public:
  /// With a certificate (PEM, holding its key too) it speaks HTTPS.
  explicit LocalServer(const std::filesystem::path& certificate = {});

  /// "http://127.0.0.1:PORT"
  std::string origin() const;
  /// The requests so far: host, path, authorization, range.
  std::vector<nlohmann::json> log() const;

 private:
  assay::testing::PythonServer server_;
  bool secure_ = false;
};

/// The bytes that the server's good files have.
std::string server_body();

/// No pauses, a cache in `root`, notices collected in `notices`.
Options quick_options(const std::filesystem::path& root, std::vector<std::string>* notices);

/// Runs tests/harness/fetch_wheels.py.
void make_wheels(const std::filesystem::path& folder);

}  // namespace assay::fetch::testing
