#include "tests/support/python_server.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <sstream>

#include "core/error.h"

namespace assay::testing {

namespace fs = std::filesystem;

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

PythonServer::PythonServer(const fs::path& script, const std::vector<std::string>& arguments) {
  std::array<int, 2> to_server{};
  std::array<int, 2> from_server{};
  ASSAY_ASSERT(pipe2(to_server.data(), O_CLOEXEC) == 0);
  ASSAY_ASSERT(pipe2(from_server.data(), O_CLOEXEC) == 0);
  std::vector<std::string> command = {test_python()->string(), script.string()};
  command.insert(command.end(), arguments.begin(), arguments.end());
  pid_ = fork();
  ASSAY_ASSERT(pid_ >= 0);
  if (pid_ == 0) {
    dup2(to_server[0], STDIN_FILENO);
    dup2(from_server[1], STDOUT_FILENO);
    std::vector<char*> words;
    for (std::string& word : command) words.push_back(word.data());
    words.push_back(nullptr);
    execv(words[0], words.data());
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

PythonServer::~PythonServer() {
  close(input_);
  kill(pid_, SIGTERM);
  waitpid(pid_, nullptr, 0);
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

}  // namespace assay::testing
