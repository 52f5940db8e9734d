#include "serve/access.h"

#include <arpa/inet.h>
#include <fmt/core.h>
#include <openssl/crypto.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>

#include "core/jsonl.h"
#include "core/sha256.h"
#include "core/text.h"

namespace assay::serve {
namespace {

constexpr std::size_t kShortestToken = 16;
constexpr std::size_t kLongestToken = 4096;

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

/// "name" of "name:8000" and "::1" of "[::1]:8000".
std::string host_name(std::string_view host) {
  if (host.starts_with('[')) return lower(host.substr(1, host.find(']') - 1));
  return lower(host.substr(0, host.rfind(':')));
}

/// A page can make any name point here, but not an address or localhost.
bool host_is_known(const AccessRules& rules, const std::string& host) {
  const std::string name = host_name(host);
  return is_address(name) || name == "localhost" ||
         std::find(rules.hosts.begin(), rules.hosts.end(), name) != rules.hosts.end();
}

/// In constant time, whatever the lengths: digests are compared.
bool same_secret(const std::string& a, const std::string& b) {
  const std::string left = sha256_hex(a);
  const std::string right = sha256_hex(b);
  return CRYPTO_memcmp(left.data(), right.data(), left.size()) == 0;
}

}  // namespace

std::optional<ApiError> check_access(const AccessRules& rules, const HttpRequest& head) {
  if (!host_is_known(rules, head.host)) {
    return ApiError{403,
                    fmt::format("this server does not answer to the name '{}'; start it with "
                                "--allow-host NAME if it should",
                                name_for_message(head.host)),
                    "", "host_not_allowed"};
  }
  if (!head.origin.empty() && lower(head.origin) != "http://" + lower(head.host)) {
    return ApiError{403, "pages of other origins are not served", "", "origin_not_allowed"};
  }
  const bool is_health = path_of(head) == "/health";
  if (rules.token.empty() || is_health) return std::nullopt;
  constexpr std::string_view kScheme = "bearer ";
  const bool has_scheme = lower(head.authorization.substr(0, kScheme.size())) == kScheme;
  const std::string given = has_scheme ? head.authorization.substr(kScheme.size()) : "";
  if (!same_secret(given, rules.token) || !has_scheme) {
    return ApiError{401, "a valid token is needed: Authorization: Bearer TOKEN", "",
                    "invalid_api_key"};
  }
  return std::nullopt;
}

Result<std::string> read_token(const std::string& file) {
  std::string token;
  std::string source = "ASSAY_SERVE_TOKEN";
  if (!file.empty()) {
    JsonlLimits limits;
    limits.max_file_bytes = kLongestToken;
    const Result<TextFile> read = read_text_file(file, limits);
    if (!read) return tl::unexpected(read.error());
    token = read->text;
    source = "--token-file " + file;
  } else if (const char* named = std::getenv("ASSAY_SERVE_TOKEN")) {
    token = named;
  }
  while (!token.empty() && std::isspace(static_cast<unsigned char>(token.back())) != 0) {
    token.pop_back();
  }
  if (token.empty() && file.empty()) return token;
  const bool visible =
      std::all_of(token.begin(), token.end(), [](char c) { return c > ' ' && c < '\x7f'; });
  if (!visible || token.size() < kShortestToken || token.size() > kLongestToken) {
    return failure(ErrorKind::usage,
                   fmt::format("{}: a token has {} to {} visible ASCII characters", source,
                               kShortestToken, kLongestToken),
                   "for example: openssl rand -hex 32 > token");
  }
  return token;
}

bool is_address(const std::string& name) {
  in6_addr ignored{};
  return inet_pton(AF_INET, name.c_str(), &ignored) == 1 ||
         inet_pton(AF_INET6, name.c_str(), &ignored) == 1;
}

bool is_loopback(const std::string& address) {
  in6_addr v6{};
  if (inet_pton(AF_INET6, address.c_str(), &v6) == 1) return IN6_IS_ADDR_LOOPBACK(&v6);
  return is_address(address) && address.starts_with("127.");
}

}  // namespace assay::serve
