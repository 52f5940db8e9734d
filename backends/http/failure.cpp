#include "backends/http/failure.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <ctime>
#include <nlohmann/json.hpp>

#include "core/json_access.h"
#include "core/net/curl.h"
#include "core/net/url.h"
#include "core/text.h"

namespace assay::http {
namespace {

constexpr std::size_t kShownBytes = 300;

std::string class_of(CURLcode code) {
  switch (code) {
    case CURLE_COULDNT_CONNECT:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_PROXY:
      return "connect";
    case CURLE_OPERATION_TIMEDOUT:
      return "timeout";
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_USE_SSL_FAILED:
      return "tls";
    case CURLE_PARTIAL_FILE:
      return "truncated_stream";
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
      return "reset";
    default:
      return "bad_http";
  }
}

}  // namespace

Failure transport_failure(CURLcode code, const std::string& url) {
  Failure out;
  out.error_class = class_of(code);
  out.text = fmt::format("{}: {}", net::display_url(url), curl_easy_strerror(code));
  out.may_pass = out.error_class != "tls" && out.error_class != "bad_http";
  return out;
}

std::string message_of(std::string_view body) {
  if (net::looks_like_a_web_page(body)) return {};
  std::string text;
  if (const Result<nlohmann::json> document = parse_json(body)) {
    const nlohmann::json& error = json_member(*document, "error");
    text = error.is_string() ? error.get<std::string>() : json_text(error, "message");
    if (text.empty()) text = json_text(*document, "message");
    if (text.empty()) text = json_text(*document, "detail");
  }
  if (text.empty()) text = std::string(net::trim(body));
  return name_for_message(text, kShownBytes);
}

double retry_after_seconds(const std::string& header) {
  if (header.empty()) return 0;
  char* end = nullptr;
  double seconds = std::strtod(header.c_str(), &end);
  if (end == header.c_str() || *end != '\0') {
    const time_t when = curl_getdate(header.c_str(), nullptr);
    seconds = when < 0 ? 0 : std::difftime(when, std::time(nullptr));
  }
  return std::isfinite(seconds) ? std::max(seconds, 0.0) : 0;
}

Failure status_failure(long status, std::string_view body, const std::string& retry_after,
                       const std::string& url) {
  Failure out;
  const bool server = status >= 500;
  out.may_pass = status == 429 || status == 408 || server;
  out.error_class = status == 429 ? "http_429" : server ? "http_5xx" : "http_4xx";
  if (status < 400) out.error_class = "redirect";
  const std::string said = message_of(body);
  out.text = fmt::format("{} answers with HTTP status {}{}", net::display_url(url), status,
                         said.empty() ? "" : ": " + said);
  out.retry_after_s = retry_after_seconds(retry_after);
  return out;
}

}  // namespace assay::http
