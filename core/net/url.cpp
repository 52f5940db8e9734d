#include "core/net/url.h"

#include <curl/curl.h>
#include <fmt/core.h>

#include <memory>

namespace assay::net {
namespace {

struct UrlDeleter {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using UrlHandle = std::unique_ptr<CURLU, UrlDeleter>;

UrlHandle parse_url(const std::string& text) {
  UrlHandle url(curl_url());
  if (url && curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0) != CURLUE_OK) url.reset();
  return url;
}

std::string url_part(CURLU* url, CURLUPart part, unsigned flags = CURLU_DEFAULT_PORT) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, flags) != CURLUE_OK) return {};
  std::string out = text;
  curl_free(text);
  return out;
}

std::string scheme_of(const std::string& text) {
  const UrlHandle url = parse_url(text);
  return url ? url_part(url.get(), CURLUPART_SCHEME) : std::string();
}

}  // namespace

std::string display_url(const std::string& text) {
  const UrlHandle url = parse_url(text);
  if (!url) return "an unreadable URL";
  const std::string port = url_part(url.get(), CURLUPART_PORT, 0);
  return fmt::format("{}://{}{}{}", url_part(url.get(), CURLUPART_SCHEME),
                     url_part(url.get(), CURLUPART_HOST), port.empty() ? "" : ":" + port,
                     url_part(url.get(), CURLUPART_PATH));
}

bool redirect_allowed(const std::string& from, const std::string& to) {
  const std::string target = scheme_of(to);
  return target == "https" || (target == "http" && scheme_of(from) == "http");
}

bool same_origin(const std::string& a, const std::string& b) {
  const UrlHandle first = parse_url(a);
  const UrlHandle second = parse_url(b);
  if (!first || !second) return false;
  for (const CURLUPart part : {CURLUPART_SCHEME, CURLUPART_HOST, CURLUPART_PORT}) {
    if (url_part(first.get(), part) != url_part(second.get(), part)) return false;
  }
  return true;
}

std::optional<Url> parse_http_url(const std::string& text) {
  const UrlHandle handle = parse_url(text);
  if (!handle) return std::nullopt;
  Url url;
  url.scheme = url_part(handle.get(), CURLUPART_SCHEME);
  url.host = url_part(handle.get(), CURLUPART_HOST);
  if ((url.scheme != "http" && url.scheme != "https") || url.host.empty()) return std::nullopt;
  url.user = url_part(handle.get(), CURLUPART_USER, CURLU_URLDECODE);
  url.password = url_part(handle.get(), CURLUPART_PASSWORD, CURLU_URLDECODE);
  url.path = url_part(handle.get(), CURLUPART_PATH);
  while (url.path.ends_with('/')) url.path.pop_back();
  for (const CURLUPart part : {CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_FRAGMENT}) {
    curl_url_set(handle.get(), part, nullptr, 0);
  }
  url.text = url_part(handle.get(), CURLUPART_URL, 0);
  return url;
}

std::string with_path(const std::string& text, std::string_view path) {
  const UrlHandle url = parse_url(text);
  if (!url || curl_url_set(url.get(), CURLUPART_PATH, std::string(path).c_str(), 0) != CURLUE_OK) {
    return text;
  }
  return url_part(url.get(), CURLUPART_URL, 0);
}

bool is_loopback_host(std::string_view host) {
  return host == "localhost" || host.starts_with("127.") || host == "[::1]" || host == "::1";
}

}  // namespace assay::net
