#include "tests/harness/fetch_support.h"

#include <fmt/core.h>

#include "core/error.h"
#include "harness/fetch/http.h"
#include "harness/fetch/process.h"
#include "tests/support/test_data.h"

namespace assay::fetch::testing {
namespace {

namespace fs = std::filesystem;

constexpr const char* kScripts = ASSAY_TEST_SCRIPTS;

}  // namespace

LocalServer::LocalServer(const fs::path& certificate)
    : server_(std::string(kScripts) + "/fetch_server.py",
              certificate.empty() ? std::vector<std::string>{}
                                  : std::vector<std::string>{certificate, certificate}),
      secure_(!certificate.empty()) {}

std::string LocalServer::origin() const {
  return fmt::format("{}://127.0.0.1:{}", secure_ ? "https" : "http", server_.port());
}

std::vector<nlohmann::json> LocalServer::log() const {
  const assay::testing::TempDir folder;
  RemoteFile file;
  file.name = "log";
  file.max_bytes = 1 << 20;
  std::vector<std::string> ignored;
  const fs::path partial = folder.path() / "log";
  value_or_throw(
      http_download({origin() + "/log", {}}, file, partial, quick_options(folder.path(), &ignored))
          .map([](const HttpOutcome&) {})
          .map_error([](const SourceError& e) { return e.error; }));
  return nlohmann::json::parse(assay::testing::read_text(partial));
}

std::string server_body() {
  std::string body(200'000, '\0');
  for (std::size_t i = 0; i < body.size(); ++i) {
    body[i] = static_cast<char>((i * 7 + i / 251) % 256);
  }
  return body;
}

Options quick_options(const fs::path& root, std::vector<std::string>* notices) {
  Options options;
  options.cache_root = root;
  options.retry_pause_ms = 0;
  options.notice = [notices](const std::string& line) { notices->push_back(line); };
  return options;
}

void make_wheels(const fs::path& folder) {
  const assay::testing::TempDir work;
  const auto result = value_or_throw(
      run_process({.program = *test_python(),
                   .arguments = {std::string(kScripts) + "/fetch_wheels.py", folder.string()},
                   .working_directory = work.path(),
                   .hidden_variables = {},
                   .tick = [] { return true; }}));
  if (result.exit_code != 0) throw Error(ErrorKind::environment, result.output);
}

}  // namespace assay::fetch::testing
