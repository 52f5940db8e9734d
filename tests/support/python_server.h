// A small server written in Python that lives as long as a test.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace assay::testing {

/// ASSAY_TEST_PYTHON, or the first python3 of PATH; only the standard library is used.
std::optional<std::filesystem::path> test_python();

/// A script that prints its port on the first line and serves until its input closes.
class PythonServer {
 public:
  PythonServer(const std::filesystem::path& script, const std::vector<std::string>& arguments = {});
  ~PythonServer();
  PythonServer(const PythonServer&) = delete;
  PythonServer& operator=(const PythonServer&) = delete;

  int port() const { return port_; }

 private:
  pid_t pid_ = 0;
  int input_ = -1;
  int port_ = 0;
};

/// A self-signed certificate for 127.0.0.1 with its key, in one PEM file.
void write_certificate(const std::filesystem::path& path);

}  // namespace assay::testing

/// Skips the test, saying why, without a Python.
#define ASSAY_REQUIRE_PYTHON()                                          \
  if (!::assay::testing::test_python()) {                               \
    GTEST_SKIP() << "no python3 in PATH: set ASSAY_TEST_PYTHON to one"; \
  }                                                                     \
  static_assert(true)
