// URLs as an HTTP client must see them: what may be shown, where a redirect may lead, who the
// origin is.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace assay::net {

/// "https://host:port/path" of a URL: no user, password, query or fragment; for messages.
std::string display_url(const std::string& url);

/// Whether a client may follow `from` -> `to`: http and https only, never https to http.
bool redirect_allowed(const std::string& from, const std::string& to);

/// Same scheme, host and port.
bool same_origin(const std::string& a, const std::string& b);

/// An absolute http or https URL, taken apart.
struct Url {
  std::string text;  ///< without user, password and fragment
  std::string user;  ///< decoded; empty: none
  std::string password;
  std::string scheme;
  std::string host;
  std::string path;  ///< without a slash at the end
};
/// Nothing for what is no such URL.
std::optional<Url> parse_http_url(const std::string& text);

/// The URL with another path, its query kept: ("http://h/v1?a=b", "/v1/models").
std::string with_path(const std::string& url, std::string_view path);

/// Whether the host is this machine: localhost, 127.0.0.0/8, ::1.
bool is_loopback_host(std::string_view host);

}  // namespace assay::net
