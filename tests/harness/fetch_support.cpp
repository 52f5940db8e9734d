#include "tests/harness/fetch_support.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <sstream>

#include "core/error.h"
#include "harness/fetch/http.h"
#include "harness/fetch/process.h"
#include "tests/support/test_data.h"

namespace assay::fetch::testing {
namespace {

namespace fs = std::filesystem;

constexpr const char* kScripts = ASSAY_TEST_SCRIPTS;

}  // namespace

std::optional<fs::path> test_python() {
  if (const char* named = std::getenv("ASSAY_TEST_PYTHON"); named != nullptr && *named != '\0') {
    return fs::path(named);
  }
  const char* path = std::getenv("PATH");
  std::istringstream folders(path != nullptr ? path : "");
  for (std::string folder; std::getline(folders, folder, ':');) {
    const fs::path candidate = fs::path(folder) / "python3";
    if (access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  return std::nullopt;
}

LocalServer::LocalServer(const fs::path& certificate) : secure_(!certificate.empty()) {
  std::array<int, 2> to_server{};
  std::array<int, 2> from_server{};
  ASSAY_ASSERT(pipe2(to_server.data(), O_CLOEXEC) == 0);
  ASSAY_ASSERT(pipe2(from_server.data(), O_CLOEXEC) == 0);
  const std::string python = test_python()->string();
  const std::string script = std::string(kScripts) + "/fetch_server.py";
  pid_ = fork();
  ASSAY_ASSERT(pid_ >= 0);
  if (pid_ == 0) {
    dup2(to_server[0], STDIN_FILENO);
    dup2(from_server[1], STDOUT_FILENO);
    const char* pem = secure_ ? certificate.c_str() : nullptr;
    execl(python.c_str(), python.c_str(), script.c_str(), pem, pem, nullptr);
    _exit(127);
  }
  close(to_server[0]);
  close(from_server[1]);
  input_ = to_server[1];
  FILE* out = fdopen(from_server[0], "r");
  const int read = std::fscanf(out, "%d", &port_);
  std::fclose(out);
  ASSAY_ASSERT(read == 1);
}

LocalServer::~LocalServer() {
  close(input_);
  kill(pid_, SIGTERM);
  waitpid(pid_, nullptr, 0);
}

std::string LocalServer::origin() const {
  return fmt::format("{}://127.0.0.1:{}", secure_ ? "https" : "http", port_);
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

void write_certificate(const fs::path& path) {
  const std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  const std::unique_ptr<X509, void (*)(X509*)> certificate(X509_new(), X509_free);
  X509* x509 = certificate.get();
  ASN1_INTEGER_set(X509_get_serialNumber(x509), 1);
  X509_set_version(x509, X509_VERSION_3);
  X509_gmtime_adj(X509_getm_notBefore(x509), -3600);
  X509_gmtime_adj(X509_getm_notAfter(x509), 3600);
  X509_set_pubkey(x509, key.get());
  X509_NAME* name = X509_get_subject_name(x509);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("assay test"), -1, -1, 0);
  X509_set_issuer_name(x509, name);
  X509_EXTENSION* extension =
      X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "IP:127.0.0.1");
  X509_add_ext(x509, extension, -1);
  X509_EXTENSION_free(extension);
  ASSAY_ASSERT(X509_sign(x509, key.get(), EVP_sha256()) > 0);
  FILE* out = std::fopen(path.c_str(), "w");
  ASSAY_ASSERT(out != nullptr);
  PEM_write_X509(out, x509);
  PEM_write_PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  std::fclose(out);
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
